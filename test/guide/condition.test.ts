import { describe, expect, test } from 'vitest';
import { readGuideCondition } from '../../src/cli/guide/condition.ts';
import { plainTarget, readGuidePath } from '../../src/cli/guide/path.ts';
import { parseCondition } from '../../src/map/condition.ts';

/** The condition a mapping file would write. */
function written(text: string) {
  const parsed = parseCondition(text);
  return 'condition' in parsed ? parsed.condition : undefined;
}

/** Places are told apart by what they mean, not by how they were written. */
const meaning = (condition: unknown) => JSON.stringify(condition, (key, value: unknown) => (key === 'text' ? undefined : value));

describe("the guide's conditions, however they are spelled", () => {
  test.each([
    ['IF PV1-2.1 NOT EQUALS "P"', 'PV1-3', 'PV1-2.1 != P'],
    ['IF ORC-4.2 VALUED AND ORC-38 IS NOT VALUED', 'ORC-4', 'ORC-4.2 and not ORC-38'],
    ['IF PRT-5 AND PRT-6 AREA NOT VALUED', 'PRT-8', 'not PRT-5 and not PRT-6'],
    ['IF PRT-5 OR PRT-6 IS VALUED', 'PRT-8', 'PRT-5 or PRT-6'],
    ['IF OBX-2 IN ("ST", "FT", "TX")', 'OBX-5', 'OBX-2 in ST|FT|TX'],
    [
      'IF OBX-2 EQUALS "SN" AND OBX-5.1  NOT EQUALS "<>" AND OBX-5.3 NOT IN (":", "/")',
      'OBX-5',
      'OBX-2 = SN and OBX-5.1 != "<>" and OBX-5.3 not in ":"|"/"',
    ],
    ['IF PID-11 LST.COUNT GREATER THAN 1', 'PID-12', 'count(PID-11) > 1'],
    ['IF OBX-33 COUNT=1', 'OBX-33', 'count(OBX-33) = 1'],
    ['IF XAD.7 IN ("B","BI","L")', 'ROL-11', 'ROL-11.7 in B|BI|L'],
    ['IF ORC.1 IS "NW"', 'ORC-9', 'ORC-1 = NW'],
    ['IF TQ1-3.9 IS EMPTY', 'TQ1-5', 'not TQ1-3.9'],
    ['IF IAM-15 VALUED AND NOT "SEL"', 'IAM-14', 'IAM-15 and IAM-15 != SEL'],
    ['IF HD-3 NOT IN ("ISO", "UUID")', 'HD.2', 'HD.3 not in ISO|UUID'],
  ])('%s', (text, address, ours) => {
    expect(meaning(readGuideCondition(text, address))).toBe(meaning(written(ours)));
  });
});

describe("the guide's targets", () => {
  test.each([
    ['participant[1].individual(Practitioner)', 'participant.individual(Practitioner)'],
    ['component[each].valueRange[1].low', 'component.valueRange.low'],
    ['note(Annotation.text)', 'note.text'],
    ['policyHolder([1]Organization.identifier)', 'policyHolder(Organization.identifier)'],
    ['diagnosis.condition(Condition.asserter(Practitioner)', 'diagnosis.condition(Condition.asserter(Practitioner))'],
    [
      'generalPractitioner(PractitionerRole.organization.(Organization.address))',
      'generalPractitioner(PractitionerRole.organization(Organization.address))',
    ],
    ['occurneceTiming.boundsPeriod.start', 'occurrenceTiming.repeat.boundsPeriod.start'],
    ['performer[1].function.coding.uri', 'performer.function.coding.system'],
  ])('%s', (text, plain) => {
    expect(plainTarget(text)).toBe(plain);
  });

  test('a reference leads into the resource it names', () => {
    expect(readGuidePath('sender(Organization.name)')).toEqual([
      { name: 'sender', into: { types: ['Organization'], path: [{ name: 'name' }] } },
    ]);
  });
});
