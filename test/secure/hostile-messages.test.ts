import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_SEGMENTS, MOST_VALUES } from '../../src/hl7v2/value-limit.ts';
import { openIntake, type TestIntake } from '../intake/harness.ts';

let intake: TestIntake;
let id = 0;
beforeAll(async () => {
  intake = await openIntake();
});
afterAll(() => intake.close());

const header = () =>
  `MSH|^~\\&|LAB|HOSP|EHR|HOSP|20260102093000-0500||ADT^A01^ADT_A01|HOSTILE${(id += 1)}|P|2.5.1\rEVN|A01|20260102093000-0500\r`;
const adt = (pid3: string, pid5: string, rest = '') => `${header()}PID|1||${pid3}||${pid5}||19800101|F\rPV1|1|I${rest}`;
const answer = async (text: string) => {
  const { application } = await intake.send(text);
  return { code: application?.code, error: application?.errors.filter((one) => one.endsWith(' E')) };
};

describe('a message of nothing but delimiters is refused where it passes the limit, not worked on', () => {
  test.each([
    ['repetitions of an identifier', adt('~'.repeat(MOST_VALUES), 'X'), 'PID^1^3^1'],
    ['components of a name', adt('1^^^HOSP^MR', '^'.repeat(MOST_VALUES)), 'PID^1^5^1'],
    ['subcomponents of a name', adt('1^^^HOSP^MR', '&'.repeat(MOST_VALUES)), 'PID^1^5^1'],
    ['sixteen megabytes of repetitions', adt('1^^^HOSP^MR', 'x~'.repeat(8_000_000)), 'PID^1^5^1'],
    ['all of it in a segment nobody maps', adt('1^^^HOSP^MR', 'X', `\rZZZ|${'^~&'.repeat(MOST_VALUES / 2)}`), 'ZZZ^1^1^1'],
    ['segments', adt('1^^^HOSP^MR', 'X', '\rAL1|1'.repeat(MOST_SEGMENTS)), `AL1^${MOST_SEGMENTS - 3}`],
    ['sixteen megabytes of segments', adt('1^^^HOSP^MR', 'X', '\rZZZ'.repeat(4_000_000)), `ZZZ^${MOST_SEGMENTS - 3}`],
  ])('%s', async (_what, text, place) => {
    expect(await answer(text)).toEqual({ code: 'AE', error: [`${place} 207 E`] });
  });

  test('and says by which rule', async () => {
    await intake.send(adt('~'.repeat(MOST_VALUES), 'X'));
    const row = (await intake.rows()).at(-1);
    expect([row?.status, row?.issues?.includes('"message-too-many-values"')]).toEqual(['error', true]);
  });
});

test('a message just within the limit is taken', async () => {
  expect(await answer(adt('1^^^HOSP^MR', `X${'^'.repeat(MOST_VALUES - 60)}`))).toEqual({ code: 'AA', error: [] });
});

test('megabytes without delimiters are one value', async () => {
  expect(await answer(adt('1^^^HOSP^MR', 'X', `\rZZZ|${'QUJD'.repeat(1_000_000)}`))).toEqual({ code: 'AA', error: [] });
});
