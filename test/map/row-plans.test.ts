import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import { parseCondition } from '../../src/map/condition.ts';
import { GroupNode } from '../../src/map/groups.ts';
import { compileCondition } from '../../src/map/read-place.ts';
import { RowPlans } from '../../src/map/row-plans.ts';
import type { Row } from '../../src/map/row.ts';
import { Frame, Run } from '../../src/map/run.ts';
import { UNKNOWN_SENDER } from '../../src/map/sender.ts';
import { mappings } from './mappings.ts';
import { msh } from './message.ts';

const TESTS = [
  'ZZ1-1',
  'ZZ1-2.2',
  'ZZ1-3[2]',
  'ZZ1-2 = x',
  'ZZ1-2 in x|y',
  'ZZ1-1 = ZZ1-2',
  'ZZ1-3 = ""',
  'length(ZZ1-2) > 1',
  'length(ZZ1-3) < 1',
];
const COUNTS = [
  'count(ZZ1-3) > 1',
  'count(ZZ1-1) = 1',
  'count(ZZ1-2) < 1',
  'ZZ1-2 > 5',
  'ZZ1-2 < 5',
  'PID-3',
  'count(PID-5) > 0',
  'ZZ1',
  'NTE',
];
const VALUES = ['', 'x', '7', '""', '^', '^y', 'x~y', '~x', '""~x', 'x~', 'long value', 'x^y&z'];

/** Conditions as rows would have them, each with its test. */
function rowOf(when: string, line: number): Row {
  const parsed = parseCondition(when);
  if ('error' in parsed) throw new Error(parsed.error);
  const { condition } = parsed;
  return { line, when: condition, test: compileCondition(condition, false), skipAt: 0 } as Row;
}

function frameOf(values: readonly string[]): Frame {
  const parsed = parseMessage([msh('ORU^R01^ORU_R01'), 'PID|1||7||Doe', `ZZ1|${values.join('|')}`].join('\r'));
  if (!parsed.ok) throw new Error('the test message cannot be parsed');
  const group = new GroupNode('', undefined);
  for (const segment of parsed.value.segments) group.segments.add(segment.name, segment);
  const run = new Run(parsed.value, UNKNOWN_SENDER, 'HOSP', mappings().base.library.names, () => undefined);
  const [, , segment] = parsed.value.segments;
  if (segment === undefined) throw new Error('the segment is missing');
  return new Frame(run, segment, group, {}, undefined);
}

test('a row that is left out has a condition that is false, and one whose condition is dropped has one that holds', () => {
  const simple = fc.constantFrom(...TESTS, ...COUNTS);
  const condition = fc
    .tuple(simple, fc.constantFrom('and', 'or', 'and not', 'or not'), simple, fc.boolean())
    .map(([left, word, right, inverted]) => `${inverted ? 'not ' : ''}(${left} ${word} ${right})`);
  const fields = fc.array(fc.constantFrom(...VALUES), { minLength: 0, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(condition, { minLength: 1, maxLength: 6 }),
      fc.array(fields, { minLength: 1, maxLength: 4 }),
      (conditions, segments) => {
        const rows = conditions.map((when, line) => rowOf(when, line));
        const plans = new RowPlans(rows, 'ZZ1', false);
        for (const values of segments) {
          const frame = frameOf(values);
          const left = new Map(plans.rowsFor(frame).map((row) => [row.line, row]));
          for (const row of rows) {
            const holds = row.test?.(frame);
            const planned = left.get(row.line);
            if (planned === undefined) expect(holds).toBe(false);
            else if (planned.test === undefined) expect(holds).toBe(true);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('what is valued decides most conditions before a row runs', () => {
  const rows = ['not ZZ1-1', 'count(ZZ1-2) > 1', 'ZZ1-1 and not ZZ1-3', 'ZZ1-2 = x'].map((when, line) => rowOf(when, line));
  const plan = new RowPlans(rows, 'ZZ1', false).rowsFor(frameOf(['a', 'b']));
  expect(plan.map(({ line, test: open }) => [line, open !== undefined])).toEqual([
    [2, false],
    [3, true],
  ]);
});
