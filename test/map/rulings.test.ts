import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../src/issue/address.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import type { Translation } from '../../src/map/translation.ts';
import { all, msh, translated } from './message.ts';

/** The twenty-five behaviours, and the points the rulings decide, by their names in the ruling. */

const PID = 'PID|||100^^^EAST^MR||Okafor^Ruth||19800305|F';
const OBR = 'OBR|1|P1^EHR|F1^EAST|24331-1^Lipids^LN|||20260102080000-0500';
const adt = (event: string, ...segments: string[]) => translated([msh(`ADT^${event}`), 'EVN||20260102093000-0500', ...segments]);
const oru = (...segments: string[]) => translated([msh('ORU^R01^ORU_R01'), PID, ...segments]);
const obx = (type: string, value: string, rest = '||||||F') => `OBX|1|${type}|718-7^x^LN||${value}${rest}`;
const fields = (segment: string, said: Readonly<Record<number, string>>) =>
  [segment, ...Array.from({ length: Math.max(...Object.keys(said).map(Number)) }, (_, index) => said[index + 1] ?? '')].join('|');
const pv1 = (said: Readonly<Record<number, string>>) => fields('PV1', { 19: 'V1^^^EAST', ...said });
const one = (translation: Translation, type: string): Resource => all(translation, type)[0] as Resource;
const observed = (type: string, value: string, rest?: string) => one(oru(OBR, obx(type, value, rest)), 'Observation');
const encounterAt = (event: string, said: Readonly<Record<number, string>> = { 2: 'I' }) => one(adt(event, PID, pv1(said)), 'Encounter');
const ids = (translation: Translation) => translation.issues.map(({ id }) => id);
const referred = (translation: Translation, reference: unknown) =>
  translation.made.find(({ fullUrl }) => fullUrl === (reference as { reference?: string } | undefined)?.reference)?.resource;

describe('the twenty-five behaviours', () => {
  test('1 ids and replays: the same message makes the same resources; equal OBX never melt', () => {
    const lines = [OBR, obx('NM', '1'), obx('NM', '1')];
    const urls = oru(...lines).made.map(({ fullUrl }) => fullUrl);
    expect(oru(...lines).made.map(({ fullUrl }) => fullUrl)).toEqual(urls);
    expect(new Set(urls).size).toBe(urls.length);
    expect(all(oru(...lines), 'Observation')).toHaveLength(2);
  });

  test('2 PID-3: the OID is the system, the name of the authority is the assigner', () => {
    const patient = one(
      adt('A01', 'PID||2|100^^^EAST&1.2.3.4&ISO^MR^^20200101^20300101~7^^^WEST^PI|||||||||||||||ACC9^^^EAST|123-45-6789'),
      'Patient',
    );
    expect(patient['identifier']).toMatchObject([
      { value: '2' },
      {
        value: '100',
        system: 'urn:oid:1.2.3.4',
        assigner: { display: 'EAST' },
        type: { coding: [{ code: 'MR', system: 'http://terminology.hl7.org/CodeSystem/v2-0203' }] },
        period: { start: '2020-01-01', end: '2030-01-01' },
      },
      { value: '7', system: 'urn:chartbridge:local:EASTLAB:WEST' },
      { value: '123-45-6789', system: 'http://hl7.org/fhir/sid/us-ssn', type: { coding: [{ code: 'SS' }] } },
    ]);
  });

  test('3 PID-5: every repetition is a name, PID-9 further names', () => {
    const { name } = one(adt('A01', 'PID|||1^^^E^MR||Okafor^Ruth^Ada^Jr^Dr^^L~Bello^Ruth^^^^^M||1980|F|Ru^Ruthie'), 'Patient') as never as {
      name: unknown;
    };
    expect(name).toMatchObject([
      { family: 'Okafor', given: ['Ruth', 'Ada'], suffix: ['Jr'], prefix: ['Dr'], use: 'official' },
      { family: 'Bello', use: 'maiden' },
      { family: 'Ru' },
    ]);
  });

  test('4 PID-7 and PID-8: the time of birth is an extension; A and N are other, U unknown, a letter nobody knows is left out', () => {
    const born = (time: string, sex: string) => one(adt('A01', `PID|||1^^^E^MR||O^R||${time}|${sex}`), 'Patient');
    expect(born('198003051011-0500', 'A')).toMatchObject({
      birthDate: '1980-03-05',
      _birthDate: { extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime' }] },
      gender: 'other',
    });
    expect(['N', 'U', 'Q', ''].map((sex) => born('1980', sex)['gender'])).toEqual(['other', 'unknown', undefined, undefined]);
  });

  test('5 PID-24, 25, 29, 30: the number and the time go before yes and no', () => {
    const patient = one(adt('A01', fields('PID', { 3: '1^^^E^MR', 24: 'N', 25: '1', 29: '20260101', 30: 'Y' })), 'Patient');
    expect(patient).toMatchObject({ multipleBirthInteger: 1, deceasedDateTime: '2026-01-01' });
    expect([patient['multipleBirthBoolean'], patient['deceasedBoolean']]).toEqual([undefined, undefined]);
  });

  test('6 PV1-19 and PV1-50: the visit number has its type; without it PV1-44 finds the visit, with a warning', () => {
    expect(encounterAt('A01', { 2: 'I', 50: 'ALT^^^EAST' })['identifier']).toMatchObject([
      { value: 'V1', type: { coding: [{ code: 'VN' }] } },
      { value: 'ALT' },
    ]);
    expect(ids(adt('A01', PID, pv1({ 2: 'I', 19: '', 44: '20260102' })))).toContain('identity-missing');
  });

  test.each([
    ['A01', { 2: 'I' }, 'in-progress'],
    ['A01', { 2: 'P' }, 'planned'],
    ['A01', { 2: 'I', 45: '20260103' }, 'finished'],
    ['A03', { 2: 'I' }, 'finished'],
    ['A05', { 2: 'I' }, 'planned'],
    ['A11', { 2: 'I' }, 'cancelled'],
    ['A13', { 2: 'I', 45: '20260103' }, 'in-progress'],
    ['A14', { 2: 'I' }, 'planned'],
    ['A21', { 2: 'I' }, 'onleave'],
    ['A22', { 2: 'I' }, 'in-progress'],
    ['A23', { 2: 'I' }, 'entered-in-error'],
    ['A27', { 2: 'I' }, 'cancelled'],
    ['A38', { 2: 'I' }, 'cancelled'],
    ['A52', { 2: 'I' }, 'in-progress'],
    ['A53', { 2: 'I' }, 'onleave'],
  ])('7 Encounter.status of %s with %o: %s', (event, said, status) => {
    expect(encounterAt(event, said)['status']).toBe(status);
  });

  test('7 Encounter.status: a cancelled discharge has no end', () => {
    expect(encounterAt('A13', { 2: 'I', 44: '20260102', 45: '20260103' })['period']).toEqual({ start: '2026-01-02' });
  });

  test('8 Encounter.class: R B C N U stay in table 0004; a missing class is U', () => {
    const classes = ['E', 'I', 'O', 'P', 'R', 'B', ''].map((code) => (encounterAt('A01', { 2: code })['class'] as { code: string }).code);
    expect(classes).toEqual(['EMER', 'IMP', 'AMB', 'PRENC', 'R', 'B', 'U']);
  });

  test.each([
    ['NM', '13.2', 'valueQuantity'],
    ['ST', 'text', 'valueString'],
    ['CWE', 'A^a^L', 'valueCodeableConcept'],
    ['DT', '20260102', 'valueDateTime'],
    ['TM', '2231', 'valueTime'],
    ['DR', '20260101^20260102', 'valuePeriod'],
    ['NR', '1^2', 'valueRange'],
    ['VR', '1^2', 'valueString'],
    ['SN', '^1^:^128', 'valueRatio'],
    ['SN', '^1^-^2', 'valueRange'],
    ['SN', '<>^1', 'valueString'],
    ['SN', '^1^+', 'valueString'],
    ['NA', '1^2^3', 'valueSampledData'],
  ])('9 OBX-2 %s: %s is %s', (type, value, element) => {
    expect(observed(type, value)[element]).toBeDefined();
  });

  test('9 OBX-2: seconds are filled, a document is an extension and no text', () => {
    expect(observed('TM', '2231')['valueTime']).toBe('22:31:00');
    expect(observed('ED', '^APPLICATION^PDF^Base64^JVBERg==')['valueString']).toBeUndefined();
  });

  test('10 SN: = is dropped, a comparator in SN.1 with its number is taken apart', () => {
    expect(observed('SN', '=^182')['valueQuantity']).toEqual({ value: 182 });
    expect(observed('SN', '^182')['valueQuantity']).toEqual({ value: 182 });
    expect(observed('SN', '<0.10')['valueQuantity']).toMatchObject({ comparator: '<', value: 0.1 });
  });

  test('11 NM that is not a number: a comparator is read, anything else is text with a warning', () => {
    expect(observed('NM', '<15')['valueQuantity']).toMatchObject({ comparator: '<', value: 15 });
    const odd = oru(OBR, obx('NM', '1+'));
    expect(one(odd, 'Observation')).toMatchObject({ valueString: '1+' });
    expect(ids(odd)).toContain('number-unreadable');
  });

  test('12 OBX-6: the unit is CWE.2, else CWE.1; code and system only with a coding system', () => {
    const quantity = (units: string) => observed('NM', '1', `|${units}|||||F`)['valueQuantity'];
    expect(quantity('g/dL^gram^UCUM')).toEqual({ value: 1, unit: 'gram', code: 'g/dL', system: 'http://unitsofmeasure.org' });
    expect(quantity('g/dL')).toEqual({ value: 1, unit: 'g/dL' });
  });

  test('13 OBX-7 and OBX-8: a range is read where it can be, its text stays; each flag is an interpretation', () => {
    const result = observed('NM', '1', '|g/dL^^UCUM|12-16|H~A|||F');
    expect(result['referenceRange']).toMatchObject([{ low: { value: 12 }, high: { value: 16 }, text: '12-16' }]);
    expect(result['interpretation']).toHaveLength(2);
    expect(observed('NM', '1', '||[ ]||||F')['referenceRange']).toEqual([{ text: '[ ]' }]);
  });

  test.each([
    ['F', 'final'],
    ['P', 'preliminary'],
    ['C', 'corrected'],
    ['A', 'amended'],
    ['D', 'entered-in-error'],
    ['W', 'entered-in-error'],
    ['X', 'cancelled'],
    ['I', 'registered'],
    ['O', 'registered'],
    ['R', 'preliminary'],
    ['S', 'preliminary'],
    ['U', 'final'],
    ['V', 'final'],
    ['B', 'amended'],
    ['N', 'unknown'],
    ['', 'unknown'],
  ])('14 OBX-11 %s is %s', (code, status) => {
    expect(observed('ST', 'x', `||||||${code}`)['status']).toBe(status);
  });

  test('14 OBX-11: N was not asked', () => {
    expect(observed('ST', '', '||||||N')['dataAbsentReason']).toMatchObject({ coding: [{ code: 'not-asked' }] });
  });

  test('15 an empty OBX-5 is absent for a reason not known, unless the result is still to come', () => {
    expect(observed('ST', '')['dataAbsentReason']).toMatchObject({ coding: [{ code: 'unknown' }] });
    expect(observed('ST', '', '||||||P')['dataAbsentReason']).toBeUndefined();
    expect(observed('ST', '')['valueString']).toBeUndefined();
  });

  test('16 a repeated OBX-5 is components; lines of a text are one text', () => {
    expect(observed('CWE', 'A^a^L~B^b^L')['component']).toHaveLength(2);
    expect(observed('TX', 'one~two')['valueString']).toBe('one\ntwo');
  });

  test('17 lines of text with one code are one result, without a code the report itself', () => {
    const made = oru(OBR, 'OBX|1|TX|||free', 'OBX|2|TX|||text');
    expect(all(made, 'Observation')).toEqual([]);
    expect(one(made, 'DiagnosticReport')['presentedForm']).toHaveLength(1);
  });

  test('18 ED: the content type of ED.2 and ED.3, data by ED.4; a document too', () => {
    const made = oru(OBR, obx('ED', '^APPLICATION^PDF^Base64^JVBERg=='));
    expect(JSON.stringify(one(made, 'Observation'))).toContain('"contentType":"application/pdf"');
    expect(all(made, 'DocumentReference')).toHaveLength(1);
  });

  test.each([
    ['F', 'final'],
    ['P', 'preliminary'],
    ['C', 'corrected'],
    ['X', 'cancelled'],
    ['R', 'partial'],
    ['O', 'registered'],
    ['I', 'registered'],
    ['S', 'registered'],
    ['A', 'partial'],
    ['N', 'registered'],
    ['M', 'preliminary'],
    ['', 'unknown'],
  ])('19 OBR-25 %s is %s', (code, status) => {
    expect(one(oru(fields('OBR', { 2: 'P1', 4: '1-8^x^LN', 25: code })), 'DiagnosticReport')['status']).toBe(status);
  });

  test('19 OBR: a time with an end is a period', () => {
    const report = one(oru(fields('OBR', { 4: '1-8^x^LN', 7: '20260102', 8: '20260103' })), 'DiagnosticReport');
    expect(report).toMatchObject({ effectivePeriod: { start: '2026-01-02', end: '2026-01-03' } });
  });

  test('20 parent and child: the organism has the susceptibilities as members', () => {
    const made = oru(
      'OBR|1||F1^EAST|630-4^Culture^LN',
      'OBX|1|CWE|600-7^Organism^LN|1|112283007^E coli^SCT||||||F',
      fields('OBR', { 1: '2', 3: 'F2^EAST', 4: '29576-6^Susceptibility^LN', 26: '600-7&Organism&LN^1', 29: '^F1&EAST' }),
      'OBX|1|ST|18864-9^Ampicillin^LN||S||||||F',
    );
    const [organism, susceptibility] = all(made, 'Observation');
    expect(((organism?.['hasMember'] ?? []) as unknown[]).map((member) => referred(made, member))).toEqual([susceptibility]);
  });

  test('21 NTE belongs to the segment before it', () => {
    const made = oru('ORC|RE|P1^EHR', OBR, 'NTE|1||of the order', obx('NM', '1'), 'NTE|1||of the result');
    expect(one(made, 'ServiceRequest')['note']).toMatchObject([{ text: 'of the order' }]);
    expect(one(made, 'Observation')['note']).toMatchObject([{ text: 'of the result' }]);
  });

  test('22 A40: the survivor has both numbers and replaces the other, which is inactive', () => {
    const made = translated([msh('ADT^A40^ADT_A39'), 'EVN||20260102', 'PID|||1^^^EAST^MR||Okafor^Ruth', 'MRG|2^^^EAST^MR||||||Okafor^R']);
    const [survivor, loser] = [true, false].map((active) => all(made, 'Patient').find((patient) => patient['active'] === active));
    expect(survivor?.['link']).toMatchObject([{ type: 'replaces' }]);
    expect(survivor?.['identifier']).toMatchObject([{ value: '1' }, { value: '2', use: 'old' }]);
    expect(loser).toMatchObject({ identifier: [{ value: '2', use: 'old' }], link: [{ type: 'replaced-by' }] });
  });

  test('23 updates speak of what they hold: null clears, what is absent is left alone', () => {
    const patient = adt('A08', 'PID|||1^^^EAST^MR||Okafor^Ruth||""').made.find(({ resource }) => resource.resourceType === 'Patient');
    expect(patient?.cleared).toEqual(['birthDate']);
    expect(patient?.spoken).not.toContain('gender');
    expect(one(adt('A29', PID), 'Patient')['active']).toBe(false);
  });

  test('24 DG1: the use by table 0052, the rank, entered in error; W and F have no target', () => {
    const made = adt('A01', PID, pv1({ 2: 'I' }), fields('DG1', { 3: 'I10^Hypertension^I10', 6: 'A', 15: '1' }));
    expect(one(made, 'Encounter')['diagnosis']).toMatchObject([{ use: { coding: [{ code: 'AD' }, { code: 'A' }] }, rank: 1 }]);
    expect(one(made, 'Condition')['code']).toMatchObject({ coding: [{ system: 'http://hl7.org/fhir/sid/icd-10' }] });
    const wrong = adt('A01', PID, pv1({ 2: 'I' }), fields('DG1', { 3: 'I10^x^I10', 21: 'D' }));
    expect(one(wrong, 'Condition')['verificationStatus']).toMatchObject({ coding: [{ code: 'entered-in-error' }] });
    expect(one(wrong, 'Condition')['clinicalStatus']).toBeUndefined();
  });

  test('24 AL1: active, category and type by table, each reaction a manifestation', () => {
    const allergy = one(adt('A01', PID, pv1({ 2: 'I' }), 'AL1|1|FA|A1^Peanut^L|SV|Hives~Cough|20200101'), 'AllergyIntolerance');
    expect(allergy).toMatchObject({
      category: ['food'],
      type: 'allergy',
      onsetDateTime: '2020-01-01',
      clinicalStatus: { coding: [{ code: 'active' }] },
    });
    expect(JSON.stringify(allergy['reaction'])).toMatch(/Hives.*Cough/);
  });

  test('24 PR1: the start and the minutes are a period; without a time of day there is no end', () => {
    const performed = (start: string) =>
      one(adt('A01', PID, pv1({ 2: 'I' }), fields('PR1', { 3: 'P1^x^L', 5: start, 7: '90' })), 'Procedure');
    expect(performed('20260102233000-0500')).toMatchObject({
      performedPeriod: { start: '2026-01-02T23:30:00-05:00', end: '2026-01-03T01:00:00-05:00' },
    });
    expect(performed('20260102')).toMatchObject({ performedDateTime: '2026-01-02' });
  });

  test('24 IN1 and NK1: self is the patient, others a relative; an employer is a contact only', () => {
    const insured = (relation: string) => {
      const made = adt('A01', PID, pv1({ 2: 'I' }), fields('IN1', { 2: 'PLAN', 3: 'INS', 4: 'Insurer', 16: 'Okafor^Sam', 17: relation }));
      const coverage = one(made, 'Coverage');
      return [coverage['status'], referred(made, coverage['subscriber'])?.resourceType];
    };
    expect([insured('SEL'), insured('SPO')]).toEqual([
      ['active', 'Patient'],
      ['active', 'RelatedPerson'],
    ]);
    const kin = (role: string) => adt('A01', PID, `NK1|1|Okafor^Sam|${role}`, pv1({ 2: 'I' }));
    expect(['E', 'SPO'].map((role) => all(kin(role), 'RelatedPerson').length)).toEqual([0, 1]);
    expect(['E', 'SPO'].map((role) => (one(kin(role), 'Patient')['contact'] as unknown[]).length)).toEqual([1, 1]);
  });

  test('25 OBX-29: a question asked at order supports the request; OBX after SPM is about the specimen', () => {
    const made = oru(
      'ORC|RE|P1^EHR',
      OBR,
      fields('OBX', { 2: 'ST', 3: '1-8^x^LN', 5: 'y', 11: 'F', 29: 'QST' }),
      'SPM|1|||BLD',
      obx('NM', '1'),
    );
    const [question, measured] = all(made, 'Observation');
    const supports = (one(made, 'ServiceRequest')['supportingInfo'] ?? []) as unknown[];
    expect(supports.map((item) => referred(made, item))).toEqual([question]);
    const results = (one(made, 'DiagnosticReport')['result'] ?? []) as unknown[];
    expect(results.map((item) => referred(made, item))).not.toContain(question);
    expect(((measured?.['focus'] ?? []) as unknown[]).map((item) => referred(made, item)?.resourceType)).toEqual(['Specimen']);
  });
});

describe('the points decided', () => {
  test('AL1-4 is the severity of a reaction where there is one, else criticality', () => {
    const allergy = (reaction: string) => one(adt('A01', PID, pv1({ 2: 'I' }), `AL1|1|DA|A1^x^L|SV|${reaction}`), 'AllergyIntolerance');
    expect(allergy('Hives')).toMatchObject({ reaction: [{ severity: 'severe' }] });
    expect(allergy('Hives')['criticality']).toBeUndefined();
    expect(allergy('')['criticality']).toBe('high');
  });

  test('AL1-2 AA is environment', () => {
    expect(one(adt('A01', PID, pv1({ 2: 'I' }), 'AL1|1|AA|A1^Cat^L'), 'AllergyIntolerance')['category']).toEqual(['environment']);
  });

  test.each([
    ['C', 'confirmed', 'active'],
    ['I', 'confirmed', 'inactive'],
    ['U', 'unconfirmed', 'active'],
    ['P', 'unconfirmed', 'active'],
    ['S', 'unconfirmed', 'active'],
    ['D', 'unconfirmed', 'active'],
    ['E', 'entered-in-error', undefined],
  ])('IAM-17 %s is %s and %s', (code, verification, clinical) => {
    const allergy = one(adt('A60', PID, fields('IAM', { 3: 'A1^x^L', 17: code })), 'AllergyIntolerance');
    const codeOf = (element: string) => (allergy[element] as { coding: { code: string }[] } | undefined)?.coding[0]?.code;
    expect([codeOf('verificationStatus'), codeOf('clinicalStatus')]).toEqual([verification, clinical]);
  });

  test('Observation.category is from OBR-24, and absent when that is silent', () => {
    const category = (section: string) =>
      one(oru(fields('OBR', { 4: '1-8^x^LN', 24: section }), obx('NM', '1')), 'Observation')['category'];
    expect(category('RAD')).toMatchObject([{ coding: [{ code: 'imaging' }, { code: 'RAD' }] }]);
    expect(category('')).toBeUndefined();
  });

  test('a time without an offset has that of MSH-7; without any zone it is cut to the date, with a warning', () => {
    const at = (sent: string) =>
      translated([msh('ORU^R01', sent), PID, OBR, fields('OBX', { 2: 'ST', 3: '1-8^x^LN', 5: 'y', 11: 'F', 14: '202601020930' })]);
    expect(one(at('20260102120000+0100'), 'Observation')['effectiveDateTime']).toBe('2026-01-02T09:30:00+01:00');
    const unknown = at('20260102120000');
    expect(one(unknown, 'Observation')['effectiveDateTime']).toBe('2026-01-02');
    expect(unknown.issues.some(({ at: place }) => place !== undefined && formatAddress(place) === 'OBX-14')).toBe(true);
  });

  test('an hour alone is cut to the date, with a warning', () => {
    const made = oru(OBR, fields('OBX', { 2: 'ST', 3: '1-8^x^LN', 5: 'y', 11: 'F', 14: '2026010209-0500' }));
    expect(one(made, 'Observation')['effectiveDateTime']).toBe('2026-01-02');
    expect(made.issues.length).toBeGreaterThan(0);
  });

  test('an unknown code for an optional element is left out, with a warning, and reported as unused', () => {
    const made = adt('A01', 'PID|||1^^^E^MR||O^R||1980|Q');
    expect(one(made, 'Patient')['gender']).toBeUndefined();
    expect(ids(made)).toContain('table-value-not-found');
    expect(made.unused).toContain('PID-8');
  });

  test('GT1: a guarantor is a relative, unless it is the patient', () => {
    const guarantor = (relation: string) => {
      const made = adt(
        'A01',
        'PID|||1^^^E^MR|||||||||||||||ACC1^^^E',
        pv1({ 2: 'I' }),
        fields('GT1', { 2: 'G1', 3: 'Okafor^Sam', 11: relation }),
      );
      const [first] = (one(made, 'Account')['guarantor'] ?? []) as { party: unknown }[];
      return referred(made, first?.party)?.resourceType;
    };
    expect([guarantor('SPO'), guarantor('SEL')]).toEqual(['RelatedPerson', 'Patient']);
  });

  test('merge and its kin: only a valued MRG-1 merges patients, and no other event than a merge does', () => {
    const patients = (event: string, mrg: string) =>
      all(translated([msh(`ADT^${event}`), 'EVN||20260102', PID, mrg, pv1({ 2: 'I' })]), 'Patient').length;
    expect(patients('A40', 'MRG|2^^^EAST^MR')).toBe(2);
    expect(patients('A06', 'MRG|2^^^EAST^MR')).toBe(1);
  });

  test('the trigger is read from MSH-9.2, not from EVN-1', () => {
    const made = translated([msh('ADT^A03'), 'EVN|A01|20260102', PID, pv1({ 2: 'I' })]);
    expect(one(made, 'Encounter')['status']).toBe('finished');
  });
});
