import { expect, test } from 'vitest';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import { parseCondition } from '../../src/map/condition.ts';
import { translate } from '../../src/map/translate.ts';
import { mappings } from './mappings.ts';

/** What an A40 with these numbers makes of patients: whether each is active, if it says so. */
function merged(pid: string, mrg: string): readonly unknown[] {
  const lines = ['MSH|^~\\&|ADT1|HOSP|||20260302103211-0500||ADT^A40^ADT_A39|1|P|2.5.1', `PID|1||${pid}||Doe^Jane`, `MRG|${mrg}`];
  const parsed = parseMessage(`${lines.join('\r')}\r`);
  if (!parsed.ok) return [];
  const patients = translate(parsed.value, mappings()).made.filter((made) => made.resource.resourceType === 'Patient');
  return patients.map((made) => made.resource['active']);
}

test('a number merged with itself changes nobody', () => {
  expect(merged('M1^^^HOSP^MR', 'M1^^^HOSP^MR')).toEqual([undefined]);
});

test('a number that is any of those in PID-3 is the patient itself', () => {
  expect(merged('M2^^^HOSP^MR~M1^^^HOSP^MR', 'M1^^^HOSP^MR')).toEqual([undefined]);
});

test('the same number of another authority is another patient, who ends', () => {
  expect(merged('M1^^^HOSP^MR', 'M1^^^CLINIC^MR')).toEqual([true, false]);
});

test('a word in quotes is a text, even if it looks like an address', () => {
  const place = expect.objectContaining({ text: 'MRG-1' });
  expect(parseCondition('MRG-1 = "PID-3"')).toEqual({ condition: { op: 'in', measure: 'text', place, values: ['PID-3'] } });
  expect(parseCondition('MRG-1 = PID-3')).toMatchObject({ condition: { op: 'same' } });
});
