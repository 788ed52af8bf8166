import { describe, expect, test } from 'vitest';
import type { Account, Encounter, Patient } from 'fhir/r4.js';
import type { Resource } from '../../src/fhir/resource.ts';
import { header, openRecord, type RecordUnderTest } from './record.ts';

type Stored<T> = Resource & T;
const MR = (number: string) => `${number}^^^GENHOSP^MR`;
const AN = (number: string) => `${number}^^^GENHOSP^AN`;
const VN = (number: string) => `${number}^^^GENHOSP^VN`;
const pid = (number: string, account = '') =>
  `PID|1||${MR(number)}||Roe^${number}||19800101|F${'|'.repeat(10)}${account === '' ? '' : AN(account)}`;
const pv1 = (visit: string) => `PV1|1|I|WARD^1^2|||${'|'.repeat(13)}${VN(visit)}`;
const mrg = (fields: Record<number, string>) => `MRG|${[1, 2, 3, 4, 5, 6, 7].map((field) => fields[field] ?? '').join('|')}`;

async function recordOf(...messages: readonly (readonly [event: string, at: string, ...segments: string[]])[]): Promise<RecordUnderTest> {
  const record = await openRecord();
  for (const [event, at, ...segments] of messages) await told(record, event, at, ...segments);
  return record;
}

async function told(record: RecordUnderTest, event: string, at: string, ...segments: string[]) {
  const answer = await record.post([header(event, at), ...segments].join('\n'));
  expect([answer.code, ...answer.issues], `${event} ${at}`).toEqual(['AA']);
}

const admitted = (number: string, visit: string, account: string, day: string) =>
  ['A01', `202603${day}080000`, pid(number, account), pv1(visit)] as const;
const numbers = (resource: Resource | undefined) =>
  (resource?.['identifier'] as { value?: string; use?: string }[] | undefined)
    ?.map(({ value, use }) => (use === undefined ? value : `${value} ${use}`))
    .sort();
const patient = async (record: RecordUnderTest, number: string) => {
  const all = (await record.all<Stored<Patient>>('Patient')).filter((one) =>
    one.identifier?.some(({ value, use }) => value === number && (use !== 'old' || one.active === false)),
  );
  expect(all.length, number).toBe(1);
  return all[0] as Stored<Patient>;
};

describe.each(['A18', 'A30', 'A34', 'A36', 'A39', 'A40'])('%s', (event) => {
  test('merges two patients: both stay, one goes on with both numbers', async () => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'), admitted('M2', 'V2', 'C2', '02'));
    await told(record, event, '20260303080000', pid('M2'), mrg({ 1: MR('M1') }));
    const [gone, stays] = (await record.all<Stored<Patient>>('Patient')) as [Stored<Patient>, Stored<Patient>];
    expect([gone.active, numbers(gone)]).toEqual([false, ['M1 old']]);
    expect([stays.active, numbers(stays)]).toEqual([true, ['M1 old', 'M2']]);
    expect(gone.link).toEqual([{ type: 'replaced-by', other: { reference: `Patient/${stays.id}` } }]);
    expect(stays.link).toEqual([{ type: 'replaces', other: { reference: `Patient/${gone.id}` } }]);
    await told(record, 'A31', '20260304080000', pid('M1'), pv1('V1'));
    expect((await record.all('Patient')).length).toBe(2);
    const visits = await record.all<Stored<Encounter>>('Encounter');
    expect(visits.map(({ subject }) => subject?.reference)).toEqual([`Patient/${stays.id}`, `Patient/${stays.id}`]);
    expect(numbers((await record.all<Stored<Patient>>('Patient'))[1])).toEqual(['M1 old', 'M2']);
    await record.close();
  });

  test('without MRG-1 merges nobody', async () => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'));
    await record.post([header(event, '20260303080000'), pid('M1'), mrg({ 7: 'Roe^Old' })].join('\n'));
    const [only, ...others] = await record.all<Stored<Patient>>('Patient');
    expect([others.length, only?.link]).toEqual([0, undefined]);
    expect(only?.active).not.toBe(false);
    await record.close();
  });

  test('of a number into itself harms nobody', async () => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'));
    await record.post([header(event, '20260303080000'), pid('M1'), mrg({ 1: MR('M1') })].join('\n'));
    const [only, ...others] = await record.all<Stored<Patient>>('Patient');
    expect([others.length, only?.link, numbers(only)]).toEqual([0, undefined, ['M1']]);
    expect(only?.active).not.toBe(false);
    await record.close();
  });
});

test('two pairs in one A40 merge two times two patients', async () => {
  const record = await recordOf(['A40', '20260303080000', pid('M2'), mrg({ 1: MR('M1') }), pid('M4'), mrg({ 1: MR('M3') })]);
  const all = await record.all<Stored<Patient>>('Patient');
  expect(all.length).toBe(4);
  expect((await patient(record, 'M4')).link?.[0]?.other.reference).toBe(`Patient/${(await patient(record, 'M3')).id}`);
  await record.close();
});

test.each(['A35', 'A41'])('%s merges accounts, not patients', async (event) => {
  const record = await recordOf(admitted('M1', 'V1', 'C1', '01'), ['A31', '20260302080000', pid('M1', 'C2')]);
  await told(record, event, '20260303080000', pid('M1', 'C2'), mrg({ 1: MR('M1'), 3: AN('C1') }));
  const [gone, stays] = await record.all<Stored<Account>>('Account');
  expect([gone?.status, numbers(gone)]).toEqual(['inactive', ['C1 old']]);
  expect([stays?.status, numbers(stays)]).toEqual(['active', ['C1 old', 'C2']]);
  await told(record, 'A31', '20260304080000', pid('M1', 'C1'));
  const after = await record.all<Stored<Account>>('Account');
  expect(after.map(({ status }) => status)).toEqual(['inactive', 'active']);
  expect((await record.all('Patient')).length).toBe(1);
  await record.close();
});

test('A42 merges visits: a message by the old number is of the one that goes on', async () => {
  const record = await recordOf(admitted('M1', 'V1', 'C1', '01'), ['A01', '20260302080000', pid('M1'), pv1('V2')]);
  await told(record, 'A42', '20260303080000', pid('M1'), mrg({ 1: MR('M1'), 5: VN('V1') }), pv1('V2'));
  const [gone, stays] = await record.all<Stored<Encounter>>('Encounter');
  expect([gone?.status, numbers(gone)]).toEqual(['entered-in-error', ['V1 old']]);
  expect([stays?.status, numbers(stays)]).toEqual(['in-progress', ['V1 old', 'V2']]);
  await told(record, 'A03', '20260304080000', pid('M1'), pv1('V1'));
  const after = await record.all<Stored<Encounter>>('Encounter');
  expect(after.map(({ status }) => status)).toEqual(['entered-in-error', 'finished']);
  await record.close();
});

describe('a merge, a move or a change of a number into itself', () => {
  test.each(['A18', 'A30', 'A34', 'A36', 'A39', 'A40', 'A43', 'A44', 'A45', 'A47'])('%s is told', async (event) => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'));
    const answer = await record.post(
      [header(event, '20260303080000'), pid('M1'), mrg({ 1: MR('M1'), 3: AN('C1'), 5: VN('V1') })].join('\n'),
    );
    expect([answer.code, answer.issues]).toEqual(['AA', ['merge-empty']]);
    await record.close();
  });
});

describe('moves', () => {
  test('A43: both patients stay active', async () => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'), admitted('M2', 'V2', 'C2', '02'));
    await told(record, 'A43', '20260303080000', pid('M2'), mrg({ 1: MR('M1') }));
    for (const one of await record.all<Stored<Patient>>('Patient')) expect([one.active === false, one.link]).toEqual([false, undefined]);
    await record.close();
  });

  test('A44: the account is the other patient’s', async () => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'), admitted('M2', 'V2', 'C2', '02'));
    await told(record, 'A44', '20260303080000', pid('M2', 'C1'), mrg({ 1: MR('M1'), 3: AN('C1') }));
    const { id } = await patient(record, 'M2');
    const accounts = await record.all<Stored<Account>>('Account');
    expect(accounts.map(({ subject }) => subject?.[0]?.reference)).toEqual([`Patient/${id}`, `Patient/${id}`]);
    await record.close();
  });

  test('A45: the visit is the other patient’s, with all that was said of it', async () => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'), admitted('M2', 'V2', 'C2', '02'));
    await told(record, 'A45', '20260303080000', pid('M2'), mrg({ 1: MR('M1'), 5: VN('V1') }), pv1('V1'));
    const { id } = await patient(record, 'M2');
    const visits = await record.all<Stored<Encounter>>('Encounter');
    expect(visits.map(({ subject, status }) => [subject?.reference, status])).toEqual([
      [`Patient/${id}`, 'in-progress'],
      [`Patient/${id}`, 'in-progress'],
    ]);
    await told(record, 'A03', '20260304080000', pid('M2'), pv1('V1'));
    expect((await record.all<Stored<Encounter>>('Encounter')).map(({ status }) => status)).toEqual(['finished', 'in-progress']);
    await record.close();
  });
});

describe('numbers that change', () => {
  test.each(['A46', 'A47'])('%s: the same patient under a new number, the old one old', async (event) => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'));
    await told(record, event, '20260303080000', pid('M9'), mrg({ 1: MR('M1') }));
    const [only, ...others] = await record.all<Stored<Patient>>('Patient');
    expect([others.length, numbers(only), only?.link]).toEqual([0, ['M1 old', 'M9'], undefined]);
    for (const number of ['M9', 'M1']) await told(record, 'A31', `2026030${number === 'M9' ? 4 : 5}080000`, pid(number));
    const after = await record.all<Stored<Patient>>('Patient');
    expect([after.length, numbers(after[0])]).toEqual([1, ['M1 old', 'M9']]);
    await record.close();
  });

  test.each([
    ['A48', 'alternate', 4, 2],
    ['A46', 'external', 2, 4],
  ])('%s: the %s number changed, the patient is the same', async (event, _kind, pidField, mrgField) => {
    const withNumber = (number: string) => {
      const fields = pid('M1').split('|');
      fields[pidField] = `${number}^^^GENHOSP^PI`;
      return fields.join('|');
    };
    const record = await recordOf(['A28', '20260301080000', withNumber('X1')]);
    await told(record, event, '20260303080000', withNumber('X9'), mrg({ 1: MR('M1'), [mrgField]: 'X1^^^GENHOSP^PI' }));
    const [only, ...others] = await record.all<Stored<Patient>>('Patient');
    expect([others.length, numbers(only), only?.link]).toEqual([0, ['M1', 'X1 old', 'X9'], undefined]);
    await record.close();
  });

  test('A49: the same account', async () => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'));
    await told(record, 'A49', '20260303080000', pid('M1', 'C9'), mrg({ 1: MR('M1'), 3: AN('C1') }));
    await told(record, 'A31', '20260304080000', pid('M1', 'C9'));
    const all = await record.all<Stored<Account>>('Account');
    expect(all.map((one) => [one.status, numbers(one)])).toEqual([['active', ['C1 old', 'C9']]]);
    await record.close();
  });

  test.each(['A50', 'A51'])('%s: the same visit', async (event) => {
    const record = await recordOf(admitted('M1', 'V1', 'C1', '01'));
    await told(record, event, '20260303080000', pid('M1'), mrg({ 1: MR('M1'), 5: VN('V1') }), pv1('V9'));
    await told(record, 'A03', '20260304080000', pid('M1'), pv1('V9'));
    const all = await record.all<Stored<Encounter>>('Encounter');
    expect(all.map((one) => [one.status, numbers(one)])).toEqual([['finished', ['V1 old', 'V9']]]);
    await record.close();
  });
});

test('A24 links two records that stay, A37 takes the link away', async () => {
  const record = await recordOf(admitted('M1', 'V1', 'C1', '01'), admitted('M2', 'V2', 'C2', '02'));
  await told(record, 'A24', '20260303080000', pid('M1'), pid('M2'));
  const [one, other] = (await record.all<Stored<Patient>>('Patient')) as [Stored<Patient>, Stored<Patient>];
  expect(one.link).toEqual([{ type: 'seealso', other: { reference: `Patient/${other.id}` } }]);
  expect(other.link).toEqual([{ type: 'seealso', other: { reference: `Patient/${one.id}` } }]);
  await told(record, 'A31', '20260303090000', pid('M1'));
  expect((await patient(record, 'M1')).link).toEqual(one.link);
  await told(record, 'A37', '20260304080000', pid('M1'), pid('M2'));
  expect((await record.all<Stored<Patient>>('Patient')).map(({ link, active }) => [link, active === false])).toEqual([
    [undefined, false],
    [undefined, false],
  ]);
  await record.close();
});

test('A29 makes a record inactive with a warning, and deletes nothing', async () => {
  const record = await recordOf(admitted('M1', 'V1', 'C1', '01'));
  const answer = await record.post([header('A29', '20260303080000'), pid('M1'), 'PV1|1|N'].join('\n'));
  expect([answer.code, answer.issues]).toEqual(['AA', ['patient-kept']]);
  expect((await patient(record, 'M1')).active).toBe(false);
  expect((await record.all('Encounter')).length).toBe(1);
  await record.close();
});

test('A06 with an MRG merges nothing', async () => {
  const record = await recordOf(admitted('M1', 'V1', 'C1', '01'), admitted('M2', 'V2', 'C2', '02'));
  await told(record, 'A06', '20260303080000', pid('M2', 'C2'), mrg({ 1: MR('M1'), 3: AN('C1') }), pv1('V2'));
  expect((await record.all<Stored<Patient>>('Patient')).map(({ active, link }) => [active === false, link])).toEqual([
    [false, undefined],
    [false, undefined],
  ]);
  expect((await record.all<Stored<Account>>('Account')).map(({ status }) => status)).toEqual(['active', 'active']);
  await record.close();
});

test('A17 swaps two beds', async () => {
  const inBed = (number: string, visit: string, bed: string, prior = '') =>
    [pid(number), `PV1|1|I|WARD^1^${bed}|||${prior === '' ? '' : `WARD^1^${prior}`}${'|'.repeat(13)}${VN(visit)}`] as const;
  const record = await recordOf(['A01', '20260301080000', ...inBed('M1', 'V1', '1')], ['A01', '20260301090000', ...inBed('M2', 'V2', '2')]);
  await told(record, 'A17', '20260303080000', ...inBed('M1', 'V1', '2', '1'), ...inBed('M2', 'V2', '1', '2'));
  const beds = new Map((await record.all('Location')).map((one) => [`Location/${one.id}`, one['name']]));
  const visits = await record.all<Stored<Encounter>>('Encounter');
  expect(visits.map(({ location }) => location?.map((entry) => [beds.get(entry.location.reference ?? ''), entry.status]))).toEqual([
    [
      ['2', 'active'],
      ['1', 'completed'],
    ],
    [
      ['1', 'active'],
      ['2', 'completed'],
    ],
  ]);
  await record.close();
});

test('an MRG that stands before its PID merges nothing and is told as what is missing', async () => {
  const record = await openRecord();
  const answer = await record.post(
    [header('A40', '20260302080000'), mrg({ 1: MR('20') }), pid('10'), pid('11'), mrg({ 1: MR('21') })].join('\n'),
  );
  expect(answer.code).toBe('AE');
  expect(answer.issues).not.toContain('internal');
  expect(await record.all('Patient')).toEqual([]);
  await record.close();
});
