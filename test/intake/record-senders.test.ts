import { describe, expect, test } from 'vitest';
import type { Encounter, Organization, Patient, Practitioner } from 'fhir/r4.js';
import type { Resource } from '../../src/fhir/resource.ts';
import { header, openRecord, type RecordUnderTest } from './record.ts';

type Stored<T> = Resource & T;
const pid = (rest = 'Roe^Ann||19800101|F', number = 'M1') => `PID|1||${number}^^^GENHOSP^MR||${rest}`;
const adt = (event: string, at: string, from: string, ...segments: string[]) => [header(event, at, from), ...segments].join('\n');
const ADT1 = 'ADT1|GENHOSP';
const LAB = 'LABSYS|GENHOSP';

async function one<T>(record: RecordUnderTest, type: string): Promise<Stored<T>> {
  const all = await record.all<Stored<T>>(type);
  expect(all.length, `one ${type}`).toBe(1);
  return all[0] as Stored<T>;
}

describe('absent, null and present', () => {
  test('a field that is absent leaves its entry of a list, a null takes it away', async () => {
    const record = await openRecord();
    const full = `${pid('Roe^Ann||19800101|F|||1 High St||^^^^^555^1234|^^^^^555^9999')}|||||123-45-6789`;
    await record.post(adt('A31', '20260301080000', ADT1, full));
    let patient = await one<Patient>(record, 'Patient');
    expect([patient.identifier?.length, patient.telecom?.length]).toEqual([2, 2]);
    await record.post(adt('A31', '20260302080000', ADT1, pid()));
    expect((await one<Patient>(record, 'Patient')).meta?.versionId).toBe('1');
    await record.post(adt('A31', '20260303080000', ADT1, `${pid('Roe^Ann||19800101|F|||||""|')}|||||""`));
    patient = await one<Patient>(record, 'Patient');
    expect(patient.identifier?.map(({ value }) => value)).toEqual(['M1']);
    expect(patient.telecom?.map(({ use }) => use)).toEqual(['work']);
    expect(patient.address).toHaveLength(1);
    await record.close();
  });

  test('a segment that is absent leaves what it said before', async () => {
    const record = await openRecord();
    await record.post(adt('A31', '20260301080000', ADT1, pid(), 'NK1|1|Roe^Tom|SPO^Spouse^HL70063|||^^^^^555^1'));
    await record.post(adt('A31', '20260302080000', ADT1, pid()));
    expect((await one<Patient>(record, 'Patient')).contact).toHaveLength(1);
    expect(await record.all('RelatedPerson')).toHaveLength(1);
    await record.post(adt('A31', '20260303080000', ADT1, pid(), 'NK1|1|Roe^Una|MTH^Mother^HL70063'));
    expect((await one<Patient>(record, 'Patient')).contact?.map(({ name }) => name?.given)).toEqual([['Una']]);
    await record.close();
  });

  test('of a visit, what is absent stays, part by part', async () => {
    const record = await openRecord();
    const pv1 = (admitSource: string, disposition: string) =>
      `PV1|1|I|W^1^2|||||||||||${admitSource}|||||V1^^^GENHOSP^VN${'|'.repeat(17)}${disposition}`;
    await record.post(adt('A01', '20260301080000', ADT1, pid(), pv1('1', '')));
    await record.post(adt('A08', '20260302080000', ADT1, pid(), pv1('', '01')));
    const { hospitalization } = await one<Encounter>(record, 'Encounter');
    expect(Object.keys(hospitalization ?? {}).sort()).toEqual(['admitSource', 'dischargeDisposition']);
    await record.close();
  });
});

describe('two senders side by side', () => {
  test('what one takes back stays while the other says it', async () => {
    const record = await openRecord();
    await record.post(adt('A31', '20260301080000', ADT1, pid('Roe^Ann||19800101|F|||||^^^^^555^1234')));
    await record.post(adt('A31', '20260301090000', 'REG|GENHOSP', pid('Roe^Ann||19800101|F|||||^^^^^555^1234~^^^^^555^7777')));
    expect((await one<Patient>(record, 'Patient')).telecom).toHaveLength(2);
    await record.post(adt('A31', '20260302080000', ADT1, pid('Roe^Ann||""|F|||||""')));
    const patient = await one<Patient>(record, 'Patient');
    expect([patient.telecom?.length, patient.birthDate]).toEqual([2, '1980-01-01']);
    await record.close();
  });

  test('a result does not move its patient, and a laboratory’s visit is the visit', async () => {
    const record = await openRecord();
    const pv1 = (bed: string, kind: string) => `PV1|1|${kind}|W^1^${bed}${'|'.repeat(16)}V1^^^GENHOSP^VN`;
    await record.post(adt('A01', '20260301080000', ADT1, pid(), pv1('1', 'I')));
    const before = (await one<Encounter>(record, 'Encounter')).location;
    await record.post(
      [header('R01', '20260302080000', LAB), pid(), pv1('9', 'O'), 'OBR|1|P1^A|F1^B|1-8^x^LN', 'OBX|1|NM|1-8^x^LN||1||||||F'].join('\n'),
    );
    const visit = await one<Encounter>(record, 'Encounter');
    expect([visit.location, visit.status, visit.class.code]).toEqual([before, 'in-progress', 'IMP']);
    await record.close();
  });

  test('a visit number without an authority finds its visit again', async () => {
    const record = await openRecord();
    await record.post(adt('A01', '20260301080000', ADT1, pid(), `PV1|1|I|W^1^1${'|'.repeat(16)}V1`));
    await record.post(adt('A03', '20260302080000', ADT1, pid(), `PV1|1|I|W^1^1${'|'.repeat(16)}V1`));
    expect((await one<Encounter>(record, 'Encounter')).status).toBe('finished');
    await record.close();
  });

  test('without a visit number the beginning of the visit finds it, with a warning', async () => {
    const record = await openRecord();
    const pv1 = `PV1|1|I|W^1^1${'|'.repeat(41)}20260301080000-0500`;
    expect((await record.post(adt('A01', '20260301080000', ADT1, pid(), pv1))).issues).toContain('identity-missing');
    await record.post(adt('A03', '20260302080000', ADT1, pid(), pv1));
    expect((await one<Encounter>(record, 'Encounter')).status).toBe('finished');
    await record.close();
  });
});

describe('old and new', () => {
  test('an older message overrules nothing, and says so', async () => {
    const record = await openRecord();
    await record.post(adt('A31', '20260305080000', ADT1, pid('Roe^Ann||19800101|F')));
    const answer = await record.post(adt('A31', '20260301080000', ADT1, pid('Doe^Ann||19800101|F|||1 High St')));
    expect([answer.code, answer.issues]).toEqual(['AA', ['message-older']]);
    const patient = await one<Patient>(record, 'Patient');
    expect([patient.name?.[0]?.family, patient.address?.length]).toEqual(['Roe', 1]);
    await record.close();
  });

  test('an old transfer that comes late moves nobody', async () => {
    const record = await openRecord();
    const pv1 = (bed: string, more = '') => `PV1|1|I|W^1^${bed}${'|'.repeat(16)}V1^^^GENHOSP^VN${more}`;
    await record.post(adt('A01', '20260301080000', ADT1, pid(), pv1('1')));
    await record.post(adt('A03', '20260305080000', ADT1, pid(), pv1('2')));
    const before = await one<Encounter>(record, 'Encounter');
    const answer = await record.post(adt('A02', '20260303080000', ADT1, pid(), pv1('3')));
    expect(answer.issues).toContain('message-older');
    const after = await one<Encounter>(record, 'Encounter');
    expect([after.status, after.location]).toEqual([before.status, before.location]);
    await record.close();
  });

  test('a value a registrar put right stays, and the message says so; the rest is updated', async () => {
    const record = await openRecord();
    await record.post(adt('A31', '20260301080000', ADT1, pid('Roe^Ann||19800101|F')));
    const { id, meta: _meta, ...rest } = await one<Patient>(record, 'Patient');
    await record.store.commit({
      writes: [{ type: 'Patient', id: id as string, expected: 1, resource: { ...rest, id, birthDate: '1981-01-01' } }],
    });
    const answer = await record.post(adt('A08', '20260302080000', ADT1, pid('Roe^Ann||19820101|M'), 'PV1|1|N'));
    expect([answer.code, answer.issues]).toEqual(['AA', ['value-kept']]);
    const patient = await one<Patient>(record, 'Patient');
    expect([patient.birthDate, patient.gender]).toEqual(['1981-01-01', 'male']);
    await record.close();
  });

  test('a message under test says so on what it makes', async () => {
    const record = await openRecord();
    await record.post(adt('A31', '20260301080000', ADT1, pid()).replace('|P|2.5.1', '|T|2.5.1'));
    expect((await one<Patient>(record, 'Patient')).meta?.tag?.map(({ code }) => code)).toEqual(['HTEST']);
    await record.close();
  });
});

describe('who and where is made once', () => {
  const pv1 = (who: string) => `PV1|1|I|W^1^1^HOSP||||${who}${'|'.repeat(12)}V1^^^GENHOSP^VN`;

  test('a mention with fewer parts loses no fact and makes no version; one with more adds', async () => {
    const record = await openRecord();
    await record.post(adt('A01', '20260301080000', ADT1, pid(), pv1('77^Singh')));
    await record.post(adt('A08', '20260302080000', ADT1, pid(), pv1('77^Singh^Harpreet^^^Dr')));
    await record.post(adt('A08', '20260303080000', ADT1, pid(), pv1('77^Singh')));
    await record.post(adt('A08', '20260304080000', ADT1, pid(), pv1('77^Singh^Harpreet')));
    const practitioner = await one<Practitioner>(record, 'Practitioner');
    expect(practitioner.name).toEqual([{ family: 'Singh', given: ['Harpreet'], prefix: ['Dr'] }]);
    expect(practitioner.meta?.versionId).toBe('2');
    for (const type of ['Location', 'Organization', 'Encounter'])
      for (const stored of await record.all(type)) expect([type, stored.meta?.versionId]).toEqual([type, '1']);
    await record.close();
  });

  test('what is only named again is not kept anew with each message, so that messages of different patients do not wait for each other', async () => {
    const record = await openRecord();
    const kept = async () =>
      (await record.store.listDocuments('facts', '', 100)).filter(({ key }) => /^(?:Practitioner|Location|Organization)\//.test(key));
    await record.post(adt('A01', '20260301080000', ADT1, pid(), pv1('77^Singh')));
    const first = await kept();
    await record.post(adt('A01', '20260301080059', ADT1, pid('Doe^Tom||19800101|M', 'M2'), pv1('77^Singh').replace('V1^^^', 'V2^^^')));
    expect([first.length > 2, await kept()]).toEqual([true, first]);
    await record.post(adt('A01', '20260301080100', ADT1, pid('Poe^Una||19800101|F', 'M3'), pv1('77^Singh').replace('V1^^^', 'V3^^^')));
    const later = await kept();
    expect(later.filter(({ json }, place) => json === first[place]?.json)).toEqual([]);
    await record.close();
  });

  test('two ways to write a name do not replace each other for ever', async () => {
    const record = await openRecord();
    for (let day = 1; day < 9; day += 1)
      await record.post(
        adt('A08', `2026030${day}080000`, day % 2 === 0 ? ADT1 : LAB, pid(), pv1(day % 2 === 0 ? '77^Singh^H' : '77^SINGH^H')),
      );
    const practitioner = await one<Practitioner>(record, 'Practitioner');
    expect(practitioner.name).toHaveLength(2);
    expect(practitioner.meta?.versionId).toBe('2');
    const names = (await record.all<Stored<Organization>>('Organization')).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    await record.close();
  });
});

describe('lists that become shorter', () => {
  const listed = (record: RecordUnderTest, day: string, ...segments: string[]) =>
    record.post(adt('A31', `202603${day}080000`, ADT1, pid(), ...segments));
  const PENICILLIN = 'AL1|1|DA|7980^Penicillin^RXNORM';
  const PEANUT = 'AL1|2|FA|762952008^Peanut^SCT';

  test('an allergy, a relative and an insurance that are listed no more end, and are there again when they are listed again', async () => {
    const record = await openRecord();
    const [tom, una] = ['NK1|1|Roe^Tom|SPO^Spouse^HL70063', 'NK1|2|Roe^Una|MTH^Mother^HL70063'];
    const [plan, other] = ['IN1|1|P1^Plan^L|C1|Acme||||||||||||||SEL', 'IN1|2|P2^Other^L|C2|Bestco||||||||||||||SEL'];
    const states = async () => [
      (await record.all('AllergyIntolerance')).map((item) => (item['clinicalStatus'] as { coding: { code: string }[] }).coding[0]?.code),
      (await record.all('RelatedPerson')).map((item) => item['active']),
      (await record.all('Coverage')).map((item) => item['status']),
    ];
    await listed(record, '01', tom, una, PENICILLIN, PEANUT, plan, other);
    expect(await states()).toEqual([
      ['active', 'active'],
      [undefined, undefined],
      ['active', 'active'],
    ]);
    expect((await listed(record, '02', tom, PENICILLIN, plan)).code).toBe('AA');
    const ended = [
      ['active', 'inactive'],
      [undefined, false],
      ['active', 'cancelled'],
    ];
    expect(await states()).toEqual(ended);
    const { rows } = await record.store.journal.search({ count: 1 });
    const told = (JSON.parse(rows[0]?.issues ?? '[]') as { id: string }[]).map(({ id }) => id);
    expect(told.filter((id) => id === 'no-longer-listed')).toHaveLength(3);
    await listed(record, '03');
    expect(await states()).toEqual(ended);
    await record.post(adt('A31', '20260304080000', 'REG|GENHOSP', pid(), PEANUT));
    await listed(record, '05', tom, una, PENICILLIN, PEANUT, plan, other);
    const [allergies, relatives, coverages] = await states();
    expect(allergies?.every((status) => status === 'active')).toBe(true);
    expect([relatives, coverages]).toEqual([
      [undefined, undefined],
      ['active', 'active'],
    ]);
    await record.close();
  });

  test('an older list, and a result, end nothing', async () => {
    const record = await openRecord();
    await listed(record, '05', PENICILLIN, PEANUT);
    await listed(record, '02', PENICILLIN);
    expect((await record.all('AllergyIntolerance')).map(({ meta }) => meta?.versionId)).toEqual(['1', '1']);
    await record.close();
  });
});
