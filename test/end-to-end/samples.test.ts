import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acknowledged, convertOffline, sampleNames, samplePath } from './expected.ts';
import { postMessage, type RunningGateway, searchFhir, startGatewayProcess } from './gateway.ts';

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGatewayProcess({ DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'info' });
});
afterAll(() => gateway.kill());

test('there are at least twelve samples', () => {
  expect(sampleNames.length).toBeGreaterThanOrEqual(12);
});

describe('a sample becomes the bundle and gets the answer that lie beside it', () => {
  const converted = new Map(convertOffline('samples').map((line) => [line.source, line]));
  test.each(sampleNames)('%s', async (name) => {
    expect(converted.get(`samples/${name}.hl7`)?.bundle).toEqual(JSON.parse(readFileSync(samplePath(name, 'bundle.json'), 'utf8')));
    expect(await acknowledged(gateway, name)).toBe(readFileSync(samplePath(name, 'ack.hl7'), 'utf8'));
  });
});

test('the same samples again get the same answers and make no new version', async () => {
  const versions = async () => JSON.stringify(await searchFhir(gateway, '_history?_count=1000'));
  const before = await versions();
  const first = await Promise.all(sampleNames.map((name) => postMessage(gateway, readFileSync(samplePath(name, 'hl7')))));
  const second = await Promise.all(sampleNames.map((name) => postMessage(gateway, readFileSync(samplePath(name, 'hl7')))));
  expect(second).toEqual(first);
  expect(await versions()).toBe(before);
});

test('everything the samples made meets what $validate asks', async () => {
  const faults: unknown[] = [];
  for (const type of [
    'Patient',
    'Encounter',
    'Observation',
    'DiagnosticReport',
    'ServiceRequest',
    'Specimen',
    'Practitioner',
    'Organization',
    'Location',
    'Provenance',
    'MessageHeader',
    'Condition',
    'AllergyIntolerance',
    'Coverage',
    'RelatedPerson',
    'Account',
  ]) {
    for (const resource of await searchFhir(gateway, `${type}?_count=1000`)) {
      const response = await fetch(`${gateway.fhir}/${type}/${resource.id}/$validate`);
      const outcome = (await response.json()) as { issue: { severity: string }[] };
      faults.push(...outcome.issue.filter(({ severity }) => severity === 'error' || severity === 'fatal'));
    }
  }
  expect(faults).toEqual([]);
});

test('an app finds the patient by identifier, the visit by patient, the results by patient and code', async () => {
  const [patient] = await searchFhir(gateway, 'Patient?_count=1&_sort=_lastUpdated');
  const [identifier] = (patient?.['identifier'] ?? []) as { system: string; value: string }[];
  expect(
    (await searchFhir(gateway, `Patient?identifier=${encodeURIComponent(`${identifier?.system}|${identifier?.value}`)}`)).map(
      ({ id }) => id,
    ),
  ).toContain(patient?.id);
  const [encounter] = await searchFhir(gateway, 'Encounter?_count=1');
  const subject = (encounter?.['subject'] as { reference: string } | undefined)?.reference;
  expect((await searchFhir(gateway, `Encounter?patient=${subject}`)).map(({ id }) => id)).toContain(encounter?.id);
  const [result] = await searchFhir(gateway, 'Observation?_count=1&code:missing=false');
  const [coding] = (result?.['code'] as { coding: { system: string; code: string }[] } | undefined)?.coding ?? [];
  const of = (result?.['subject'] as { reference: string } | undefined)?.reference;
  expect(
    (await searchFhir(gateway, `Observation?patient=${of}&code=${encodeURIComponent(`${coding?.system}|${coding?.code}`)}`)).map(
      ({ id }) => id,
    ),
  ).toContain(result?.id);
});

test('no word of a patient is in the log', () => {
  const words = new Set<string>();
  for (const name of sampleNames) {
    for (const segment of readFileSync(samplePath(name, 'hl7'), 'utf8').split(/\r\n?|\n/)) {
      if (!segment.startsWith('PID|')) continue;
      const fields = segment.split('|');
      for (const part of [fields[5], fields[11], fields[13]].flatMap((field) => (field ?? '').split(/[~^&]/)))
        if (part.length > 4) words.add(part);
    }
  }
  expect(words.size).toBeGreaterThan(10);
  expect([...words].filter((word) => gateway.output().includes(word))).toEqual([]);
});
