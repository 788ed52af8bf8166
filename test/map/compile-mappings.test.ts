import { expect, test } from 'vitest';
import { textOf } from '../../src/issue/issue.ts';
import { compileMappings } from '../../src/map/compile-mappings.ts';
import { showMap } from '../../src/map/show-map.ts';
import { definitions } from '../definitions.ts';
import { mappingFiles } from './mapping-files.ts';
import { mappings } from './mappings.ts';

const faultsOf = (path: string, text: string) => {
  const result = compileMappings([...mappingFiles().filter((file) => file.path !== path), { path, text }], definitions);
  return result.issues.map(textOf);
};
const PATH = 'mappings/segments/nte-to-observation.yaml';
const map = (rows: string) =>
  `map: NTE to Observation\nrules:\n${rows}\nnot-mapped:\n  - NTE-1 NTE-2 NTE-3 NTE-4 NTE-5 NTE-6 NTE-7 NTE-8 NTE-9: a reason\n`;

test('a fault is told with its file and line, and all faults are told', () => {
  const faults = faultsOf(PATH, map('  - NTE-3: note.txt\n  - NTE-3: { too: note.text }\n  - NTE-5: { to: note.text, when: NTE-3 = }'));
  expect(faults[0]).toMatch(/^mappings\/segments\/nte-to-observation\.yaml:4: .*too/);
  const others = faultsOf(PATH, map('  - NTE-3: note.txt\n  - NTE-3: { to: note.text, when: NTE-3 = }'));
  expect(others.filter((fault) => fault.startsWith(PATH)).map((fault) => fault.split(' ')[0])).toEqual([`${PATH}:3:`, `${PATH}:4:`]);
});

test.each([
  ['a path R4 does not have', '  - NTE-3: note.txt'],
  ['an extension R4 does not define', '  - NTE-3: extension(no-such-extension)'],
  ['a list in a condition cut by a comma', '  - NTE-3: { to: note(1).text, when: NTE-2 in (A, B) }'],
  ['a table nobody wrote', '  - NTE-4: { to: category, table: Nonsense }'],
  ['a map of a data type nobody wrote', '  - NTE-4: valueSampledData'],
  ['a fixed code that is not in its value set', '  - always: { to: status, value: fnal }'],
  ['a converter that does not exist', '  - NTE-3: { to: note(1).text, as: XX to text }'],
])('the start is refused for %s', (_, row) => {
  expect(faultsOf(PATH, map(row)).some((fault) => fault.startsWith(PATH))).toBe(true);
});

test('a field in no rule and in no reason is a fault', () => {
  const faults = faultsOf(PATH, 'map: NTE to Observation\nrules:\n  - NTE-3: note(1).text\nnot-mapped:\n  - NTE-1: x\n');
  expect(faults[0]).toContain('NTE-2, NTE-4');
});

test('a target that is not in the value set of its table is a fault', () => {
  const path = 'mappings/tables/hl70001-administrative-sex.yaml';
  const table =
    'table: AdministrativeSex\nfrom: HL7 table 0001\nto: http://hl7.org/fhir/administrative-gender\ncodes: { F: femal }\notherwise: fail\n';
  expect(faultsOf(path, table)).toEqual([`${path}:4: femal is not a code of \`to\``]);
});

test.each([
  ['a segment map', 'mappings/segments/pid-to-patient.yaml'],
  ['a data type map', 'mappings/datatypes/xcn-to-practitioner.yaml'],
  ['a data type map that serves others', 'mappings/datatypes/cwe-to-codeableconcept.yaml'],
  ['a table', 'mappings/tables/hl70001-administrative-sex.yaml'],
])('when %s cannot be read, that is the one thing told', (_, path) => {
  const text = mappingFiles().find((file) => file.path === path)?.text ?? '';
  for (const broken of [`${text}\nno-such-word: x\n`, `${text}\n  - : {\n`]) {
    const faults = faultsOf(path, broken);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.filter((fault) => !fault.startsWith(`${path}:`))).toEqual([]);
  }
});

test('a name that nothing has in a message map is told once', () => {
  const path = 'mappings/messages/adt-a01.yaml';
  const text =
    mappingFiles()
      .find((file) => file.path === path)
      ?.text.replace('name: patient,', 'name: pateint,') ?? '';
  expect(faultsOf(path, text).filter((fault) => fault.includes('patient'))).toHaveLength(1);
});

test('a map that nobody wrote is told once, however many rows ask for it', () => {
  const faults = compileMappings(
    mappingFiles().filter((file) => file.path !== 'mappings/segments/pid-to-patient.yaml'),
    definitions,
  ).issues.map(textOf);
  expect(faults.filter((fault) => fault.includes('PID to Patient'))).toHaveLength(1);
});

test('a code is text: 01 stays 01', () => {
  const path = 'mappings/senders/test.yaml';
  const sender = 'sender: { MSH-3: T }\ntables:\n  AdministrativeSex: { 01: female }\n';
  const result = compileMappings([...mappingFiles(), { path, text: sender }], definitions);
  const own = result.ok ? result.value.senders.find((one) => one.application === 'T') : undefined;
  expect(own?.maps.library.table('AdministrativeSex')?.find('01')).toMatchObject({ code: 'female' });
  expect(own?.maps.library.table('AdministrativeSex')?.find('1')).toBeUndefined();
});

test('two files for one sender are a fault, and a zone that is none', () => {
  const text = 'sender: { MSH-4: GENHOSP }\ntimezone: Nowhere/Never\n';
  expect(faultsOf('mappings/senders/twice.yaml', text).filter((fault) => fault.includes('senders/'))).toHaveLength(2);
});

test('a map is shown with everything looked up', () => {
  const rows = showMap('PID to Patient', mappings().base);
  expect(rows?.find((row) => row.address === 'PID-3')).toMatchObject({ element: 'identifier', type: 'Identifier', by: 'CX to Identifier' });
  expect(showMap('OBX to Observation', mappings().base)?.find((row) => row.branch === 'OBX-2 = NM')).toMatchObject({ by: 'NM to value' });
  expect(rows?.length).toBeLessThanOrEqual(50);
});
