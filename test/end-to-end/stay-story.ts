import { describe, expect, test } from 'vitest';
import type { DiagnosticReport, Encounter, Observation, Patient } from 'fhir/r4.js';
import type { Resource } from '../../src/fhir/resource.ts';
import type { Store, StoreSettings } from '../../src/store/store.ts';
import { decideUnmerge } from '../../src/intake/merge-patients.ts';
import { header, openRecord, type RecordUnderTest } from '../intake/record.ts';

const MR = (number: string) => `${number}^^^GENHOSP^MR`;
const PID = (number = 'M1', rest = 'Okafor^Ruth^Amara||19580917|F|||18 Harbor View Rd^^Millbrook^NY^12545||^PRN^PH^^^845^5550142') =>
  `PID|1||${MR(number)}||${rest}`;

/** A PV1 by field number. */
function PV1(fields: Record<number, string>): string {
  const all = { 2: 'I', 19: 'V1^^^GENHOSP^VN', 44: '20260302084500-0500', ...fields } as Record<number, string>;
  return `PV1|1|${Array.from({ length: 44 }, (_, index) => all[index + 2] ?? '').join('|')}`;
}

const OBR = (status: string) =>
  `OBR|1|ORD7^ADT1|LAB9^LABSYS|24323-8^Metabolic panel^LN|||20260303060000-0500|||||||||||||||20260303070000-0500||LAB|${status}`;
const OBX = (number: number, code: string, value: string, status: string, flag = '') =>
  `OBX|${number}|NM|${code}^x^LN||${value}|mmol/L^^UCUM|||${flag}||${status}|||20260303060000-0500`.replace('||||', `||||`);

const adt = (event: string, at: string, ...rest: string[]) => [header(event, at), ...rest].join('\n');
const oru = (at: string, ...rest: string[]) =>
  [header('R01', at, 'LABSYS|GENHOSP'), PID('M1', 'Okafor^Ruth^Amara||19580917|F'), PV1({ 3: '4E^412^A', 44: '' }), ...rest].join('\n');

/** The messages of the stay, in their order. */
const STAY: readonly (readonly [name: string, message: string])[] = [
  ['pre-admit', adt('A05', '20260225100000', PID(), PV1({ 2: 'P', 3: '4E^412^A' }))],
  [
    'admit',
    adt('A01', '20260302084600', PID(), PV1({ 3: '4E^412^A', 7: '77^Singh^Harpreet^^^Dr' }), 'AL1|1|DA|7980^Penicillin^RXNORM|SV|Hives'),
  ],
  ['results, preliminary', oru('20260303071000', OBR('P'), OBX(1, '2823-3', '6.1', 'P', 'HH'), OBX(2, '2951-2', '138', 'P'))],
  ['transfer', adt('A02', '20260303090000', PID(), PV1({ 3: 'CCU^03^1', 6: '4E^412^A' }))],
  ['cancel transfer', adt('A12', '20260303093000', PID(), PV1({ 3: '4E^412^A', 6: 'CCU^03^1' }))],
  ['results, final', oru('20260303100000', OBR('F'), OBX(1, '2823-3', '6.1', 'F', 'HH'), OBX(2, '2951-2', '138', 'F'))],
  ['results, corrected', oru('20260303120000', OBR('C'), OBX(1, '2823-3', '4.4', 'C'))],
  [
    'update with nulls',
    adt('A08', '20260304080000', PID('M1', 'Okafor^Ruth^Amara||19580917|F|||""||^PRN^PH^^^845^5550199'), PV1({ 2: 'P', 3: '4E^412^A' })),
  ],
  ['discharge', adt('A03', '20260305110500', PID(), PV1({ 3: '4E^412^A', 36: '01', 45: '20260305110000-0500' }))],
  ['cancel discharge', adt('A13', '20260305120000', PID(), PV1({ 3: '4E^412^A', 45: '20260305110000-0500' }))],
  ['discharge again', adt('A03', '20260306100500', PID(), PV1({ 3: '4E^412^A', 36: '01', 45: '20260306100000-0500' }))],
  ['merge', adt('A40', '20260310080000', PID('M2', 'Okafor^Ruth||19580917|F'), `MRG|${MR('M1')}`)],
];

/** The stay of an invented patient, step by step, over a store. */
export function stayStory(name: string, open?: (settings: StoreSettings) => Promise<Store>): void {
  describe(`a stay, on ${name}`, () => {
    let record: RecordUnderTest;
    const message = (step: string) => (STAY.find(([named]) => named === step) as readonly [string, string])[1];
    const only = async <T>(type: string): Promise<T> => {
      const all = await record.all(type);
      expect(all.length, `one ${type}`).toBe(1);
      return all[0] as unknown as T;
    };
    const versionOf = (resource: unknown) => Number((resource as Resource).meta?.versionId);
    const beds = async (encounter: Encounter) => {
      const names = new Map((await record.all('Location')).map((one) => [`Location/${one.id}`, one['name']]));
      return (encounter.location ?? []).map((entry) => [
        names.get(entry.location.reference ?? ''),
        entry.status,
        entry.period?.start,
        entry.period?.end,
      ]);
    };
    const step = async (named: string) => {
      const answer = await record.post(message(named));
      expect([answer.code, ...answer.issues], named).toEqual(['AA']);
    };
    const history = (encounter: Encounter) => encounter.statusHistory?.map(({ status, period }) => [status, period.start, period.end]);

    test('from the plan to the bed', async () => {
      record = await openRecord(open);
      await step('pre-admit');
      let visit = await only<Encounter>('Encounter');
      expect(visit).toMatchObject({ status: 'planned', class: { code: 'PRENC' }, period: { start: '2026-03-02T08:45:00-05:00' } });
      expect(visit.statusHistory).toBeUndefined();
      expect(await beds(visit)).toEqual([['A', 'planned', undefined, undefined]]);
      await step('admit');
      visit = await only<Encounter>('Encounter');
      expect(visit).toMatchObject({ status: 'in-progress', class: { code: 'IMP' } });
      expect(history(visit)).toEqual([['planned', undefined, '2026-03-02T08:45:00-05:00']]);
      expect(await beds(visit)).toEqual([['A', 'active', '2026-03-02T08:45:00-05:00', undefined]]);
      expect(versionOf(visit)).toBe(2);
      expect((await record.all('AllergyIntolerance')).length).toBe(1);
      expect((await record.all('Practitioner')).length).toBe(1);
    });

    test('results come in, of the same visit', async () => {
      await step('results, preliminary');
      const report = await only<DiagnosticReport>('DiagnosticReport');
      const visit = await only<Encounter>('Encounter');
      expect(report).toMatchObject({ status: 'preliminary', encounter: { reference: `Encounter/${visit.id}` } });
      expect(report.result?.length).toBe(2);
      expect((await record.all('Observation')).map((one) => [one['status'], versionOf(one)])).toEqual([
        ['preliminary', 1],
        ['preliminary', 1],
      ]);
      expect(versionOf(visit)).toBe(2);
    });

    test('a transfer, taken back', async () => {
      await step('transfer');
      let visit = await only<Encounter>('Encounter');
      expect(await beds(visit)).toEqual([
        ['1', 'active', '2026-03-03T09:00:00-05:00', undefined],
        ['A', 'completed', '2026-03-02T08:45:00-05:00', '2026-03-03T09:00:00-05:00'],
      ]);
      await step('cancel transfer');
      visit = await only<Encounter>('Encounter');
      expect(visit.status).toBe('in-progress');
      expect(await beds(visit)).toEqual([['A', 'active', '2026-03-02T08:45:00-05:00', undefined]]);
      expect(versionOf(visit)).toBe(4);
    });

    test('final results, and a correction of one of them', async () => {
      await step('results, final');
      await step('results, corrected');
      const report = await only<DiagnosticReport>('DiagnosticReport');
      expect([report.status, report.result?.length, versionOf(report)]).toEqual(['corrected', 2, 3]);
      const [potassium, sodium] = await record.all<Resource & Observation>('Observation');
      expect([potassium?.status, potassium?.valueQuantity?.value, potassium?.interpretation, versionOf(potassium)]).toEqual([
        'corrected',
        4.4,
        undefined,
        3,
      ]);
      expect([sodium?.status, sodium?.valueQuantity?.value, versionOf(sodium)]).toEqual(['final', 138, 2]);
    });

    test('an update with nulls takes away what it nulls, and never lowers the status', async () => {
      await step('update with nulls');
      const patient = await only<Patient>('Patient');
      expect(patient.address).toBeUndefined();
      expect(patient.telecom?.map(({ value }) => value)).toEqual(['845 5550199']);
      expect(versionOf(patient)).toBe(2);
      const visit = await only<Encounter>('Encounter');
      expect(visit.status).toBe('in-progress');
      expect((await record.all('AllergyIntolerance')).length).toBe(1);
    });

    test('discharged, back, and discharged', async () => {
      await step('discharge');
      let visit = await only<Encounter>('Encounter');
      expect(visit).toMatchObject({ status: 'finished', period: { start: '2026-03-02T08:45:00-05:00', end: '2026-03-05T11:00:00-05:00' } });
      expect(visit.hospitalization?.dischargeDisposition?.coding?.[0]?.code).toBeDefined();
      expect(await beds(visit)).toEqual([['A', 'completed', '2026-03-02T08:45:00-05:00', '2026-03-05T11:00:00-05:00']]);
      expect(history(visit)?.at(-1)).toEqual(['in-progress', '2026-03-02T08:45:00-05:00', '2026-03-05T11:00:00-05:00']);
      await step('cancel discharge');
      visit = await only<Encounter>('Encounter');
      expect([visit.status, visit.period]).toEqual(['in-progress', { start: '2026-03-02T08:45:00-05:00' }]);
      expect(history(visit)).toEqual([['planned', undefined, '2026-03-02T08:45:00-05:00']]);
      expect(await beds(visit)).toEqual([['A', 'active', '2026-03-02T08:45:00-05:00', undefined]]);
      await step('discharge again');
      visit = await only<Encounter>('Encounter');
      expect([visit.status, visit.period?.end]).toEqual(['finished', '2026-03-06T10:00:00-05:00']);
      expect(await beds(visit)).toEqual([['A', 'completed', '2026-03-02T08:45:00-05:00', '2026-03-06T10:00:00-05:00']]);
    });

    test('a merge leaves two linked patients, and searches by the old number find the survivor', async () => {
      const [before] = await record.patients('M1');
      await step('merge');
      const [merged, survivor] = (await record.all<Resource & Patient>('Patient')) as [Resource & Patient, Resource & Patient];
      expect(merged.id).toBe(before?.id);
      expect([merged.active, merged.link]).toEqual([false, [{ type: 'replaced-by', other: { reference: `Patient/${survivor.id}` } }]]);
      expect([survivor.active, survivor.link]).toEqual([true, [{ type: 'replaces', other: { reference: `Patient/${merged.id}` } }]]);
      expect(survivor.identifier?.map(({ value, use }) => [value, use])).toEqual([
        ['M2', undefined],
        ['M1', 'old'],
      ]);
      expect((await record.patients('M1')).map(({ id }) => id)).toContain(survivor.id);
    });

    test('an unmerge gives two patients again, each found by its own number', async () => {
      const [merged, survivor] = (await record.all<Resource & Patient>('Patient')) as [Resource & Patient, Resource & Patient];
      const decided = await decideUnmerge(merged.id as string, undefined, record.store);
      if (!decided.ok) throw new TypeError(JSON.stringify(decided.issues));
      const { writes, claims, documents } = decided.value;
      expect(await record.store.commit({ writes, claims, documents })).toMatchObject({ ok: true });
      const after = await record.all<Resource & Patient>('Patient');
      expect(
        after.map(({ id, active, link, identifier }) => [id, active, link, identifier?.map(({ value, use }) => [value, use])]),
      ).toEqual([
        [merged.id, true, undefined, [['M1', undefined]]],
        [survivor.id, true, undefined, [['M2', undefined]]],
      ]);
      expect((await record.patients('M1')).map(({ id }) => id)).toEqual([merged.id]);
      await record.post(adt('A31', '20260312080000', PID('M1', 'Okafor^Ruth^Amara||19580918|F')));
      await record.post(adt('A31', '20260312090000', PID('M2', 'Okafor^Rut||19580917|F')));
      const told = await record.all<Resource & Patient>('Patient');
      expect(told.map(({ id, birthDate, name, identifier, link }) => [id, birthDate, name?.[0]?.given, identifier?.length, link])).toEqual([
        [merged.id, '1958-09-18', ['Ruth', 'Amara'], 1, undefined],
        [survivor.id, '1958-09-17', ['Rut'], 1, undefined],
      ]);
    });

    test('any message again, and the whole feed again, twice, changes nothing', async () => {
      const before = await record.versions();
      for (const [, text] of STAY) await record.post(text);
      for (let day = 0; day < 2; day += 1) for (const [named] of STAY) expect((await record.post(message(named))).code, named).toBe('AA');
      expect(await record.versions()).toEqual(before);
    });

    test('each clinical version has a Provenance that names its message', async () => {
      const told = new Set(
        (await record.all('Provenance')).flatMap((one) => (one['target'] as { reference: string }[]).map(({ reference }) => reference)),
      );
      for (const type of ['Patient', 'Encounter', 'Observation', 'DiagnosticReport', 'AllergyIntolerance'])
        for (const one of await record.all(type)) expect(told).toContain(`${type}/${one.id}`);
      await record.close();
    });
  });
}
