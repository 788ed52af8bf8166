import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitBytes } from '../../src/hl7v2/split-messages.ts';
import { sendMessages } from '../../src/wire/mllp-client.ts';
import { convertOffline } from './expected.ts';
import { postMessage, type RunningGateway, searchFhir, startGatewayProcess } from './gateway.ts';

const folder = resolve(import.meta.dirname, '../../../shared/samples/hl7v2');
const files = globSync('*.hl7', { cwd: folder }).sort();

/** The messages that are truly broken, with what is wrong and where. All others are AA. */
const BROKEN: Readonly<Record<string, { code: 'AE' | 'AR'; issue: string; at: string; why: string }>> = {
  'gcp-adt_a01.hl7': {
    code: 'AE',
    issue: 'invariant-not-met',
    at: 'PV1',
    why: 'discharged (PV1-45) eight years before it was admitted (PV1-44)',
  },
  'gcp-oru_r01_ex1.hl7': { code: 'AE', issue: 'required-field-missing', at: 'OBR-4', why: 'a report that does not say what was examined' },
  'rs-OBX-to-Observation-ed-value.hl7': {
    code: 'AE',
    issue: 'required-field-missing',
    at: 'PID-3',
    why: 'a patient without any identifier',
  },
  'rs-cx-identifier-system-iso.hl7': { code: 'AE', issue: 'required-field-missing', at: 'PID-3', why: 'a patient without any identifier' },
};

const codeOf = (ack: string) => /\rMSA.([ACER]{2})/.exec(ack)?.[1];

describe.skipIf(files.length === 0)('the 44 messages of public repositories (needs ../shared)', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGatewayProcess({ DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'info' });
  });
  afterAll(() => gateway.kill());

  test('are all there', () => expect(files).toHaveLength(44));

  test.each(files)('%s is answered over HTTP, with an error only where it is broken', async (file) => {
    const { status, ack } = await postMessage(gateway, readFileSync(join(folder, file)));
    const broken = BROKEN[file];
    expect(status).toBe(200);
    expect(codeOf(ack)).toBe(broken?.code ?? 'AA');
    if (broken !== undefined) expect(ack).toMatch(new RegExp(`\\rERR\\|.*${broken.at.replace('-', '\\^1\\^')}.*${broken.issue}`));
  });

  test('over MLLP each gets the answer it asks for, and the same bytes are the same message', async () => {
    const raws = files.flatMap((file) => splitBytes(readFileSync(join(folder, file))).messages.map((raw) => ({ file, raw })));
    for (const { file, raw } of raws) {
      const [sent] = (await sendMessages(gateway.mllp.host, gateway.mllp.port, [raw])).sent;
      // MSH-15 and MSH-16 rule: nothing at all, or that it was taken and no more.
      if (sent?.failure === 'not-asked' || sent?.code === 'CA') continue;
      expect([file, sent?.failure, sent?.code]).toEqual([file, undefined, BROKEN[file]?.code ?? 'AA']);
    }
    const messages = (await (await fetch(`${gateway.http}/messages?_count=500`)).json()) as { messages: { repeats: number }[] };
    expect(messages.messages).toHaveLength(raws.length);
    expect(messages.messages.every(({ repeats }) => repeats === 1)).toBe(true);
  });

  test('what is stored of them passes $validate', async () => {
    const versions = await searchFhir(gateway, '_history?_count=1000');
    const types = [...new Set(versions.map(({ resourceType }) => resourceType))];
    expect(types).toEqual(expect.arrayContaining(['Patient', 'Encounter', 'Observation', 'DiagnosticReport', 'Provenance']));
    const faults: unknown[] = [];
    for (const type of types) {
      for (const resource of await searchFhir(gateway, `${type}?_count=1000`)) {
        const outcome = (await (await fetch(`${gateway.fhir}/${type}/${resource.id}/$validate`)).json()) as {
          issue: { severity: string }[];
        };
        faults.push(
          ...outcome.issue
            .filter(({ severity }) => severity === 'error' || severity === 'fatal')
            .map((found) => ({ ...found, of: `${type}/${resource.id}` })),
        );
      }
    }
    expect(faults).toEqual([]);
  });

  test('nothing in them is silently unused: every field is in the bundle, in unused, or read by the gateway', () => {
    const lines = convertOffline(folder);
    expect(lines).toHaveLength(45);
    for (const { source, unused, issues } of lines) {
      const text = readFileSync(source.replace(/#\d+$/, ''), 'latin1');
      for (const name of new Set(text.match(/(?<=[\r\n])Z[A-Z0-9]{2}(?=\|)/g) ?? [])) {
        expect([
          basename(source),
          unused.some((place) => place.startsWith(name)),
          issues.some(({ details }) => details.coding[0]?.code === 'segment-not-mapped'),
        ]).toEqual([basename(source), true, true]);
      }
    }
  });
});

test.skipIf(existsSync(folder))('skipped: ../shared is not present', () => undefined);
