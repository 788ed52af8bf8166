import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postMessage, type RunningGateway, scratchFolder, searchFhir, startGatewayProcess } from './gateway.ts';

const root = resolve(import.meta.dirname, '../..');
const scratch = scratchFolder();
let gateway: RunningGateway;

const BASE = 'http://hl7.org/fhir/StructureDefinition/';
const PATIENT = 'urn:test:woman';
const OBSERVATION = 'urn:test:final-observation';
const ENCOUNTER = 'urn:chartbridge:profile:chartbridge-encounter';
const MISSED = '_tag=urn:chartbridge:issue|profile-not-met';

const profile = (url: string, type: string, element: object) => ({
  resourceType: 'StructureDefinition',
  url,
  name: 'T',
  status: 'active',
  kind: 'resource',
  abstract: false,
  type,
  baseDefinition: BASE + type,
  derivation: 'constraint',
  differential: { element: [element] },
});

/** Mapping files and packages as a site has them: two maps claim a profile, and each sender has its own mode. */
function site(): { mappings: string; packages: string } {
  const [mappings, packages] = [join(scratch.path, 'mappings'), join(scratch.path, 'packages')];
  cpSync(join(root, 'mappings'), mappings, { recursive: true });
  const claim = (file: string, url: string) => {
    const path = join(mappings, 'segments', file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^(map: .*)$/m, `$1\nprofile: ${url}`));
  };
  claim('pid-to-patient.yaml', PATIENT);
  claim('obx-to-observation.yaml', OBSERVATION);
  for (const mode of ['off', 'reject']) {
    writeFileSync(
      join(mappings, 'senders', `${mode}.yaml`),
      `sender: { MSH-3: ${mode.toUpperCase()}, MSH-4: TEST }\nvalidation: ${mode}\n`,
    );
  }
  mkdirSync(join(packages, 'test'), { recursive: true });
  const file = (name: string, content: object) => writeFileSync(join(packages, 'test', name), JSON.stringify(content));
  file('package.json', { name: 'test', version: '1.0.0' });
  file('p.json', profile(PATIENT, 'Patient', { id: 'Patient.gender', path: 'Patient.gender', fixedCode: 'female' }));
  file('o.json', profile(OBSERVATION, 'Observation', { id: 'Observation.status', path: 'Observation.status', fixedCode: 'final' }));
  return { mappings, packages };
}

let count = 0;
/** A message of a sender about a patient of that sender. */
function oru(sender: string, sex: string, ...statuses: string[]): string {
  count += 1;
  const results = statuses.map(
    (status, at) => `OBX|${at + 1}|NM|2345-${at}^Glucose^LN||182|mg/dL^^UCUM|||||${status}|||20260302093000-0500`,
  );
  return [
    `MSH|^~\\&|${sender}|TEST|CB|CB|2026030210${String(count).padStart(2, '0')}11-0500||ORU^R01^ORU_R01|${sender}-${count}|P|2.5.1`,
    `PID|1||${sender}1^^^TEST&2.16.840.1.113883.19.9&ISO^MR||Okafor^Ruth||19580917|${sex}`,
    `PV1|1|I|4E${'|'.repeat(16)}V1^^^TEST&2.16.840.1.113883.19.9&ISO^VN`,
    `OBR|1|O${count}^A|L${count}^B|24323-8^Panel^LN|||20260302093000-0500|||||||||||||||20260302103000-0500||LAB|F`,
    ...results,
    '',
  ].join('\r');
}

async function send(message: string): Promise<{ code: string | undefined; errors: string[] }> {
  const { ack } = await postMessage(gateway, message);
  const segments = ack.split('\r').map((segment) => segment.split('|'));
  return {
    code: segments.find(([name]) => name === 'MSA')?.[1],
    errors: segments
      .filter(([name]) => name === 'ERR')
      .map((fields) => [fields[2], fields[3]?.split('^')[0], fields[4], fields[5]?.split('^')[0]].join(' ')),
  };
}

interface Stored {
  readonly meta: { readonly versionId: string; readonly profile?: string[] };
}
const patientsOf = (sender: string, more = '') =>
  searchFhir(gateway, `Patient?identifier=urn:oid:2.16.840.1.113883.19.9|${sender}1${more}`) as Promise<unknown> as Promise<Stored[]>;

async function lastTrace(): Promise<{ validation: { reference: string; profiles: string[]; issues: object[] }[] }> {
  const { messages } = (await (await fetch(`${gateway.http}/messages`)).json()) as { messages: { id: string }[] };
  return (await (await fetch(`${gateway.http}/messages/${messages[0]?.id}/trace`)).json()) as never;
}

beforeAll(async () => {
  const { mappings, packages } = site();
  gateway = await startGatewayProcess({
    DATABASE_URL: 'sqlite::memory:',
    MAPPINGS: mappings,
    PROFILES: packages,
    CLAIM_PROFILES: ENCOUNTER,
  });
});
afterAll(async () => {
  await gateway.kill();
  scratch.remove();
});

describe('a feed in mode reject', () => {
  test('is answered AE with the fields that what misses a profile came from, and nothing of it is stored', async () => {
    expect(await send(oru('REJECT', 'M', 'F', 'P'))).toEqual({
      code: 'AE',
      errors: ['PID^1^8^1 207 E profile-not-met', 'OBX^2^11^1 207 E profile-not-met'],
    });
    expect(await patientsOf('REJECT')).toEqual([]);
    expect((await lastTrace()).validation.flatMap(({ issues }) => issues).filter((item) => 'profile' in item)).toEqual([
      { id: 'profile-not-met', severity: 'error', expression: 'Patient.gender', at: 'PID-8', profile: PATIENT },
      { id: 'profile-not-met', severity: 'error', expression: 'Observation.status', at: 'OBX[2]-11', profile: OBSERVATION },
    ]);
  });

  test('and AA where every profile is met, which is then claimed', async () => {
    expect(await send(oru('REJECT', 'F', 'F'))).toEqual({ code: 'AA', errors: [] });
    expect((await patientsOf('REJECT')).map(({ meta }) => meta.profile)).toEqual([[PATIENT]]);
    expect((await lastTrace()).validation.find(({ reference }) => reference.startsWith('Patient/'))?.profiles).toEqual([PATIENT]);
  });
});

describe('a feed in mode warn, which is what a sender has that says nothing', () => {
  test('is stored with a warning at the field; what misses a profile does not claim it, and can be searched for', async () => {
    expect(await send(oru('WARN', 'M', 'F'))).toEqual({ code: 'AA', errors: ['PID^1^8^1 207 W profile-not-met'] });
    const [stored] = await patientsOf('WARN', `&${MISSED}`);
    expect(stored?.meta.profile).toBeUndefined();
  });

  test('the same again is no change', async () => {
    await send(oru('WARN', 'M', 'F'));
    expect((await patientsOf('WARN')).map(({ meta }) => meta.versionId)).toEqual(['1']);
  });

  test('put right, it claims the profile and is found no more', async () => {
    expect(await send(oru('WARN', 'F', 'F'))).toEqual({ code: 'AA', errors: [] });
    expect(await patientsOf('WARN', `&${MISSED}`)).toEqual([]);
    expect((await patientsOf('WARN')).map(({ meta }) => meta.profile)).toEqual([[PATIENT]]);
  });
});

test('a feed in mode off is not held against profiles and claims none', async () => {
  expect(await send(oru('OFF', 'M', 'P'))).toEqual({ code: 'AA', errors: [] });
  expect((await patientsOf('OFF')).map(({ meta }) => meta.profile)).toEqual([undefined]);
});

test('the profiles of CLAIM_PROFILES are claimed by what meets them', async () => {
  const encounters = (await searchFhir(gateway, `Encounter?_profile=${ENCOUNTER}`)) as unknown as Stored[];
  // Those of the senders in mode reject and warn; in mode off nothing is held against profiles.
  expect(encounters).toHaveLength(2);
});

test('what was missed is counted for each sender', async () => {
  const text = await (await fetch(`${gateway.http}/metrics`)).text();
  expect(text).toMatch(/chartbridge_validation_issues_total\{issue="profile-not-met",sender="WARN\|TEST"\} 2\n/);
  expect(text).toMatch(/chartbridge_validation_issues_total\{issue="profile-not-met",sender="REJECT\|TEST"\} 2\n/);
});

test('a client that claims a profile of Chartbridge is held to it', async () => {
  const patient = { resourceType: 'Patient', id: 'c', meta: { profile: ['urn:chartbridge:profile:chartbridge-patient'] } };
  const put = async (resource: object) => {
    const headers = { 'Content-Type': 'application/fhir+json' };
    return (await fetch(`${gateway.fhir}/Patient/c`, { method: 'PUT', headers, body: JSON.stringify(resource) })).status;
  };
  expect(await put(patient)).toBe(422);
  expect(await put({ ...patient, identifier: [{ value: '1' }] })).toBe(201);
});
