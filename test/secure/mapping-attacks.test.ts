import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { textOf } from '../../src/issue/issue.ts';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import { compileMappings, type MappingFile } from '../../src/map/compile-mappings.ts';
import { translate } from '../../src/map/translate.ts';
import { definitions } from '../definitions.ts';
import { mappingFiles } from '../map/mapping-files.ts';
import { hostileMappings, map } from './hostile-input.ts';

const PATH = 'mappings/segments/nte-to-observation.yaml';
const compile = (text: string, path = PATH) => {
  const files: MappingFile[] = [...mappingFiles().filter((file) => file.path !== path), { path, text }];
  return compileMappings(files, definitions);
};
afterEach(() => expect(({} as { polluted?: unknown }).polluted).toBeUndefined());

test.each(hostileMappings)('A-29 %s in a mapping file is mapping-faulty, with its line', (_what, text, line) => {
  const compiled = compile(text);
  expect([compiled.ok, new Set(compiled.issues.map(({ id }) => id))]).toEqual([false, new Set(['mapping-faulty'])]);
  expect(compiled.issues.map(textOf).some((words) => words.startsWith(`${PATH}:${line}: `))).toBe(true);
  expect(existsSync('/tmp/a29')).toBe(false);
});

test('A-29 what looks like code in a value is a text like others, and a place far away is one place', () => {
  const compiled = compile(
    map('  - NTE-3: note(1000000000).text\n  - always: { to: note(2).text, value: "${process.exit(1)} {{constructor}}" }'),
  );
  if (!compiled.ok) throw new Error(compiled.issues.map(textOf).join('\n'));
  const text =
    'MSH|^~\\&|LAB|HOSP|CB|CB|20260105120000+0000||ORU^R01^ORU_R01|A29|P|2.5.1\rPID|1||1^^^HOSP^MR||X\rOBR|1|1|2|A^A|||20260105\rOBX|1|NM|A^A||1||||||F\rNTE|1||far\r';
  const message = parseMessage(text);
  if (!message.ok) throw new Error('the message of the test is wrong');
  const { made } = translate(message.value, compiled.value, {});
  const notes = made.flatMap(({ resource }) => (resource as { note?: { text: string }[] }).note ?? []);
  expect(notes.map((note) => note.text).toSorted()).toEqual(['${process.exit(1)} {{constructor}}', 'far']);
});
