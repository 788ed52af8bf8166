import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postMessage, type RunningGateway, scratchFolder, searchFhir, startGatewayProcess } from './gateway.ts';

const scratch = scratchFolder();
const mappings = join(scratch.path, 'mappings');
const file = join(mappings, 'senders', 'zoo.yaml');
let gateway: RunningGateway;
let number = 0;

beforeAll(async () => {
  mkdirSync(join(mappings, 'senders'), { recursive: true });
  mkdirSync(join(mappings, 'segments'), { recursive: true });
  gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${join(scratch.path, 'x.db')}`, MAPPINGS: mappings });
});
afterAll(async () => {
  await gateway.kill();
  scratch.remove();
});

const message = (sex: string, more = '', header: Readonly<Record<number, string>> = {}) => {
  number += 1;
  const fields = {
    3: 'ADT',
    4: 'ZOO',
    7: '20260302080000-0500',
    9: 'ADT^A28^ADT_A05',
    10: `Z${number}`,
    11: 'P',
    12: '2.5.1',
    ...header,
  } as Record<number, string>;
  const msh = `MSH|^~\\&|${Array.from({ length: 16 }, (_, index) => fields[index + 3] ?? '').join('|')}`;
  return `${msh}\rEVN|A28|20260302080000-0500\rPID|1||P${number}^^^ZOO^MR||Doe^Jane||1980|${sex}\rPV1|1|N\r${more}`;
};
const readiness = async () => (await (await fetch(`${gateway.http}/readyz`)).json()) as { status: string; warnings?: string[] };

/** Waits until something is so: the files are looked at every second. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((wake) => setTimeout(wake, 100));
}
const taken = () => gateway.output().split('mapping files taken').length - 1;
async function write(text: string, path = file): Promise<void> {
  const before = taken();
  writeFileSync(path, text);
  await until(() => Promise.resolve(taken() > before));
}

describe('mapping files that change while the gateway runs', () => {
  test('a sender file is taken without a restart', async () => {
    await postMessage(gateway, message('WEIBL'));
    expect((await searchFhir(gateway, 'Patient?identifier=P1'))[0]?.['gender']).toBeUndefined();
    await write('sender: { MSH-4: ZOO }\ntables:\n  AdministrativeSex: { WEIBL: female }\n');
    await postMessage(gateway, message('WEIBL'));
    expect((await searchFhir(gateway, 'Patient?identifier=P2'))[0]?.['gender']).toBe('female');
  });

  test('a wrong file is refused with its line, and what stood before goes on', async () => {
    writeFileSync(file, 'sender: { MSH-4: ZOO }\ntables:\n  AdministrativeSex: { WEIBL: lady }\n');
    await until(async () => (await readiness()).warnings?.some((warning) => warning.includes('zoo.yaml:3')) === true);
    expect((await readiness()).status).toBe('ready');
    expect(gateway.output()).toContain('mapping files refused');
    await postMessage(gateway, message('WEIBL'));
    expect((await searchFhir(gateway, 'Patient?identifier=P3'))[0]?.['gender']).toBe('female');
    await write('sender: { MSH-4: ZOO }\n');
    expect((await readiness()).warnings?.some((warning) => warning.includes('zoo.yaml')) ?? false).toBe(false);
  });

  test('a segment of one’s own is mapped', async () => {
    writeFileSync(
      join(mappings, 'segments', 'zpi-to-patient.yaml'),
      'map: ZPI to Patient\nfields: { 1: ST, 2: ST }\nrules:\n  - ZPI-1:      contact.name.text\nnot-mapped:\n  - ZPI-2:      the colour of a badge\n',
    );
    await write('sender: { MSH-4: ZOO }\nsegments:\n  - ZPI: { map: ZPI to Patient, into: patient }\n');
    const { ack } = await postMessage(gateway, message('F', 'ZPI|Aunt May|blue\r'));
    expect(ack).toContain('|AA|');
    expect((await searchFhir(gateway, `Patient?identifier=P${number}`))[0]?.['contact']).toEqual([{ name: { text: 'Aunt May' } }]);
  });

  test('what a sender file leaves out is filtered, and answered', async () => {
    await write('sender: { MSH-4: ZOO }\naccept: { MSH-11: P|T, MSH-9: ADT }\n');
    const { ack } = await postMessage(gateway, message('F', '', { 11: 'D' }));
    expect(ack).toContain('|AA|');
    expect(await searchFhir(gateway, `Patient?identifier=P${number}`)).toEqual([]);
    const { messages } = (await (await fetch(`${gateway.http}/messages?status=filtered`)).json()) as { messages: { controlId: string }[] };
    expect(messages.map(({ controlId }) => controlId)).toEqual([`Z${number}`]);
    rmSync(file);
  });
});
