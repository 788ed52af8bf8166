import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { textOf } from '../../src/issue/issue.ts';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import { compileMappings, type MappingFile } from '../../src/map/compile-mappings.ts';
import { translate } from '../../src/map/translate.ts';
import { definitions } from '../definitions.ts';
import { mappingFiles } from '../map/mapping-files.ts';

const PATH = 'mappings/segments/nte-to-observation.yaml';
const REST = '  - NTE-1 NTE-2 NTE-4 NTE-5 NTE-6 NTE-7 NTE-8 NTE-9: a reason';
const map = (rule: string, head = '') => `${head}map: NTE to Observation\nrules:\n${rule}\nnot-mapped:\n${REST}\n`;
const compile = (text: string, path = PATH) => {
  const files: MappingFile[] = [...mappingFiles().filter((file) => file.path !== path), { path, text }];
  return compileMappings(files, definitions);
};
const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...['b', 'c', 'd', 'e', 'f'].map(
    (name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcde'[index]}`).join(', ')}]`,
  ),
].join('\n');

afterEach(() => expect(({} as { polluted?: unknown }).polluted).toBeUndefined());

test.each([
  ['a condition that reaches for code', map(`  - NTE-3: { to: note.text, when: "constructor.constructor('return process')()" }`), 3],
  ['an element named constructor', map('  - NTE-3: constructor.constructor'), 3],
  ['an element named __proto__', map('  - NTE-3: __proto__.polluted'), 3],
  ['a word named __proto__ in a row', map('  - NTE-3: { to: note.text, __proto__: { polluted: true } }'), 3],
  ['a word named __proto__ at the top', map('  - NTE-3: note.text', '__proto__: { polluted: true }\n'), 1],
  ['a function of a YAML tag', map('  - NTE-3: !!js/function "function () { return 1 }"'), 3],
  ['a command of a YAML tag', map('  - NTE-3: !!python/object/apply:os.system ["touch /tmp/a29"]'), 3],
  ['another file', map('  - NTE-3: !include /etc/passwd'), 3],
  ['a table by its path', map('  - NTE-3: { to: note.text, table: "../../../etc/passwd" }'), 3],
  ['a converter by its path', map('  - NTE-3: { to: note.text, as: "../../etc/passwd to text" }'), 3],
  ['aliases that multiply', map('  - NTE-3: note.text', `${bomb}\n`), 2],
  ['a merge key', map('  - NTE-3: { <<: *x, to: note.text }'), 3],
  ['lists in lists in lists', map(`  - NTE-3: ${'['.repeat(5_000)}${']'.repeat(5_000)}`), 3],
  ['a condition of nothing but brackets', map(`  - NTE-3: { to: note.text, when: "${'('.repeat(20_000)}NTE-3${')'.repeat(20_000)}" }`), 3],
  ['a condition that denies itself for ever', map(`  - NTE-3: { to: note.text, when: "${'not '.repeat(20_000)}NTE-3" }`), 3],
  ['a pattern of its own', map('  - NTE-3: { to: note.text, when: "NTE-3 matches /(a+)+$/" }'), 3],
])('A-29 %s in a mapping file is mapping-faulty, with its line', (_what, text, line) => {
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
