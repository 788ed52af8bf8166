import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'chartbridge-explain-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const DATED = 'https://zoo.example.org/StructureDefinition/dated-patient';
const NUMBERED = 'urn:chartbridge:profile:chartbridge-patient';

/** A package whose one profile asks for a birth date. */
function packageOfOneProfile(): string {
  const folder = join(scratch, 'zoo');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'org.example.zoo', version: '1.0.0', fhirVersions: ['4.0.1'] }));
  const profile = {
    resourceType: 'StructureDefinition',
    url: DATED,
    name: 'DatedPatient',
    status: 'active',
    kind: 'resource',
    abstract: false,
    type: 'Patient',
    baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
    derivation: 'constraint',
    differential: { element: [{ id: 'Patient.birthDate', path: 'Patient.birthDate', min: 1 }] },
  };
  writeFileSync(join(folder, 'StructureDefinition-dated-patient.json'), JSON.stringify(profile));
  return folder;
}

test('explain says which profiles a resource meets and which it misses, and by what', async () => {
  const message = join(scratch, 'one.hl7');
  writeFileSync(message, 'MSH|^~\\&|ZOO|GENHOSP|||20260301080000-0500||ADT^A28^ADT_A05|X1|P|2.5.1\rPID|1||1^^^GENHOSP^MR||Roe^Ann\r');
  const env = { ...process.env, CLAIM_PROFILES: [NUMBERED, DATED].join(',') };
  const words = ['chartbridge.js', 'explain', message, '--ig', packageOfOneProfile()];
  const stdout = await new Promise<string>((done) => execFile(process.execPath, words, { cwd: root, env }, (_error, out) => done(out)));
  const profiles = stdout.split('\n').filter((line) => /^ {2}\S+ +(?:meets|MISSES) /.test(line));
  expect(profiles).toHaveLength(2);
  expect(profiles.find((line) => line.includes(NUMBERED))).toMatch(/^ {2}Patient +meets /);
  expect(profiles.find((line) => line.includes(DATED))).toMatch(/^ {2}Patient +MISSES .*birthDate/);
});
