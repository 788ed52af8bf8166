import { afterEach, describe, expect, test } from 'vitest';
import { message, openIntake, type TestIntake, type TestIntakeOptions } from './harness.ts';

const opened: TestIntake[] = [];
afterEach(async () => {
  for (const gate of opened.splice(0)) await gate.close();
});
async function open(options: TestIntakeOptions = {}): Promise<TestIntake> {
  const gate = await openIntake(options);
  opened.push(gate);
  return gate;
}

const MINE = 'PID|1||A^^^HOSP^MR||Sample^Ann||19800101|F|||||||||||ACC1^^^HOSP^AN';
const MERGED = 'MRG|B^^^HOSP^MR||ACC2^^^HOSP^AN||V2^^^HOSP^VN';
const VISIT = 'PV1|1|I|||||||||||||||||V1^^^HOSP^VN';
const of = (event: string, structure: string, ...more: string[]) =>
  message({ id: `X${event}`, type: `ADT^${event}^${structure}`, sender: 'REG|HOSP', pid: undefined, more });

/** Every event that merges, moves, links or renumbers, and where it says so. */
const EVENTS: readonly (readonly [string, string])[] = [
  ...[
    ['A18', 'ADT_A18'],
    ['A30', 'ADT_A30'],
    ['A34', 'ADT_A30'],
    ['A35', 'ADT_A30'],
    ['A36', 'ADT_A30'],
    ['A39', 'ADT_A39'],
    ['A40', 'ADT_A39'],
    ['A41', 'ADT_A39'],
    ['A42', 'ADT_A39'],
    ['A43', 'ADT_A43'],
    ['A44', 'ADT_A43'],
    ['A45', 'ADT_A45'],
    ...['A46', 'A47', 'A48', 'A49', 'A50', 'A51'].map((event) => [event, 'ADT_A50']),
  ].map(([event = '', structure = '']) => [event, of(event, structure, MINE, MERGED, VISIT)] as const),
  ...['A24', 'A37'].map((event) => [event, of(event, `ADT_${event}`, MINE, 'PID|2||B^^^HOSP^MR||Other^Eve||19700101|F')] as const),
];

describe('the right to merge', () => {
  const restricted: TestIntakeOptions = { mayMerge: (sender) => sender === 'MPI|HOSP' };

  test.each(EVENTS)('%s of a sender without it is answered AE at the place, and nothing of it is applied', async (event, text) => {
    const gate = await open(restricted);
    expect(await gate.code(message({ id: 'a', pid: '1||A^^^HOSP^MR||Before^Ann' }))).toBe('AA');
    expect(await gate.code(message({ id: 'b', pid: '1||B^^^HOSP^MR||Before^Eve' }))).toBe('AA');
    const before = await gate.all('Patient');
    const { application } = await gate.send(text);
    expect(application?.code).toBe('AE');
    expect(application?.errors.some((one) => /^(MRG|PID)\^1 207 E$/.test(one))).toBe(true);
    expect(application?.text).toContain('merge-not-allowed');
    expect(await gate.all('Patient')).toEqual(before);
    expect((await gate.rows()).find(({ controlId }) => controlId === `X${event}`)?.status).toBe('error');
  });

  test.each(EVENTS)('%s of a sender with it is applied, and counted', async (_event, text) => {
    const gate = await open({ mayMerge: (sender) => sender === 'REG|HOSP' });
    const { application } = await gate.send(text);
    expect([application?.code, application?.text.includes('merge-not-allowed')]).toEqual(['AA', false]);
    expect(await gate.store.journal.feeds()).toMatchObject([{ sender: 'REG|HOSP', accepted: 1, merged: 1 }]);
  });

  test('other messages need none, and are counted as no merges', async () => {
    const gate = await open(restricted);
    expect(await gate.code(message({ id: 'a', pid: '1||A^^^HOSP^MR||Sample^Ann' }))).toBe('AA');
    // the structure of A06 has an MRG, and merges nothing
    expect(await gate.code(message({ id: 'c', type: 'ADT^A06^ADT_A06', more: ['MRG|B^^^HOSP^MR', VISIT] }))).toBe('AA');
    expect(await gate.store.journal.feeds()).toMatchObject([{ accepted: 2, merged: 0 }]);
  });

  test('a merge that was refused is applied by reprocessing when its sender is given the right, and the dry run says before that it is not', async () => {
    let allowed = false;
    const gate = await open({ mayMerge: () => allowed });
    const [, text = ''] = EVENTS.find(([event]) => event === 'A40') ?? [];
    expect(await gate.code(text)).toBe('AE');
    const id = (await gate.rows())[0]?.id ?? '';
    expect(await gate.intake.preview(id)).toMatchObject({ value: { code: 'AE', issues: [{ id: 'merge-not-allowed' }], changes: [] } });
    allowed = true;
    expect(await gate.intake.reprocess(id)).toMatchObject({ ok: true, value: { code: 'AA' } });
    expect((await gate.all('Patient')).filter(({ active }) => active === false)).toHaveLength(1);
  });
});
