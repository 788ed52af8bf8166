import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { readTranslator } from '../../src/start/translator.ts';
import { definitions } from '../definitions.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-mappings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const translator = (MAPPINGS = '') => {
  const config = readConfig({ MAPPINGS });
  if (!config.ok) throw new IssueError(...config.issues);
  return readTranslator(config.value, definitions);
};

test('the installed maps take ADT, MDM and ORU', () => {
  const { supported } = translator();
  expect([...supported.keys()]).toEqual(['ADT', 'MDM', 'ORU']);
  expect(supported.get('ADT')).toEqual(
    expect.arrayContaining(['A01', 'A02', 'A03', 'A04', 'A08', 'A11', 'A12', 'A13', 'A28', 'A31', 'A40']),
  );
});

test('a faulty file stops the start, with its name and line', () => {
  cpSync(resolve(import.meta.dirname, '../../mappings'), folder, { recursive: true });
  writeFileSync(join(folder, 'segments', 'zzz-to-patient.yaml'), 'map: ZZZ to Patient\nfields: { 1: ST }\nrules:\n  - ZZZ-1: nonsense\n');
  let thrown: unknown;
  try {
    translator(folder);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(IssueError);
  const { issues } = thrown as IssueError;
  expect(new Set(issues.map(({ id }) => id))).toEqual(new Set(['mapping-faulty']));
  expect(issues.map((item) => item.parameters['file'])).toContainEqual(expect.stringMatching(/zzz-to-patient\.yaml:4$/));
});
