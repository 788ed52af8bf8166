import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../src/issue/address.ts';
import { all, msh, translated } from './message.ts';

const ORU = msh('ORU^R01^ORU_R01');
const PID = 'PID|1||100^^^EAST^MR||Okafor^Ruth||198003|F';
const obr = (filler: string, rest = '') => `OBR|1||${filler}^EAST|24331-1^Lipids^LN|||20260102080000${rest}`;
const obx = (type: string, code: string, value: string, sub = '') => `OBX|1|${type}|${code}^x^LN|${sub}|${value}||||||F`;

describe('groups', () => {
  test('a report lists only the results of its own OBR', () => {
    const made = translated([ORU, PID, obr('A'), obx('NM', '1-1', '1'), obx('NM', '2-2', '2'), obr('B'), obx('NM', '3-3', '3')]);
    const results = new Map(made.made.map((one) => [one.fullUrl, one.name]));
    const lists = all(made, 'DiagnosticReport').map((report) =>
      (report['result'] as { reference: string }[]).map(({ reference }) => results.get(reference)),
    );
    expect(lists).toEqual([['result', 'result[2]'], ['result[3]']]);
  });

  test('a patient of one group never gets the visit of another', () => {
    const made = translated([ORU, PID, obr('A'), 'PID|2||200^^^EAST^MR||Lindqvist^Nils', 'PV1|1|I|||||||||||||||||V2^^^EAST', obr('B')]);
    const [first, second] = all(made, 'DiagnosticReport');
    expect(first?.['encounter']).toBeUndefined();
    expect(second?.['encounter']).toBeDefined();
  });

  test('a note belongs to the segment before it; after PID it is reported', () => {
    const made = translated([
      ORU,
      PID,
      'NTE|1||about the patient',
      obr('A', '|||||||||77^Okonkwo'),
      'NTE|1||about the order',
      obx('NM', '1-1', '1'),
      'NTE|1||one',
      'NTE|2||',
      'NTE|3||two',
    ]);
    expect(all(made, 'Observation')[0]?.['note']).toMatchObject([{ text: 'one\n\ntwo' }]);
    expect(made.unused).toContain('NTE');
    expect(made.issues.map((item) => item.id)).toContain('segment-not-mapped');
  });

  test('consecutive lines of text with one code are one result, lines without a code are the report itself', () => {
    const line = (text: string, code = '11526-1^Pathology^LN') => `OBX|1|TX|${code}||${text}||||||F`;
    const made = translated([
      ORU,
      PID,
      obr('A'),
      line('one'),
      line(''),
      line('three'),
      obx('NM', '2-2', '2'),
      line('free', ''),
      line('text', ''),
    ]);
    expect(all(made, 'Observation').map((one) => one['valueString'])).toEqual(['one\n\nthree', undefined]);
    const [report] = all(made, 'DiagnosticReport');
    const [form] = (report?.['presentedForm'] ?? []) as { data: string }[];
    expect(Buffer.from(form?.data ?? '', 'base64').toString()).toBe('free\ntext');
  });

  test('susceptibilities of a child order are members of the organism they were tested on', () => {
    const made = translated([
      ORU,
      PID,
      'OBR|1||P^EAST|630-4^Culture^LN',
      'OBX|1|CWE|600-7^Organism^LN|1|112283007^E. coli^SCT||||||F',
      'OBR|2||C^EAST|50545-3^Susceptibility^LN||||||||||||||||||||||600-7&Organism&LN^1|||^P&EAST',
      'OBX|1|SN|18864-9^Ampicillin^LN|1|>=^16||||||F',
    ]);
    const [organism, drug] = made.made.filter((one) => one.resource.resourceType === 'Observation');
    expect(organism?.resource['hasMember']).toEqual([{ reference: drug?.fullUrl }]);
    expect(drug?.resource['hasMember']).toBeUndefined();
  });
});

describe('identity', () => {
  const twice = [ORU, PID, obr('A'), obx('NM', '1-1', '1'), obx('NM', '1-1', '1')];

  test('the same message gives the same resources, twins stay apart', () => {
    const urls = (lines: readonly string[]) => translated(lines).made.map((one) => one.fullUrl);
    expect(urls(twice)).toEqual(urls(twice));
    expect(new Set(urls(twice)).size).toBe(urls(twice).length);
  });

  test('only numbers of the patient find a patient: no account, no licence, no social security number', () => {
    const made = translated([
      msh('ADT^A01^ADT_A01'),
      'PID|1|OLD|1^^^EAST^MR~2^^^EAST~3^^^EAST^SS~4^^^EAST^DL~5|ALT|Okafor^Ruth|||||||||||||9^^^EAST|123-45-6789',
      'PV1|1|I',
    ]);
    const patient = made.made.find((one) => one.name === 'patient');
    expect(patient?.identity).toMatchObject({ shared: true });
    expect(patient?.identity.keys).toEqual([
      'urn:chartbridge:local:EASTLAB:EAST|1',
      'urn:chartbridge:local:EASTLAB:EAST|2',
      'urn:chartbridge:local:EASTLAB|5',
    ]);
  });

  test('a visit without a number is found by its beginning, with a warning', () => {
    const made = translated([msh('ADT^A01^ADT_A01'), PID, `PV1|1|I${'|'.repeat(42)}20260102`]);
    expect(made.made.find((one) => one.name === 'encounter')?.identity).toMatchObject({
      keys: ['urn:chartbridge:local:EASTLAB|20260102'],
      within: 'patient',
    });
    expect(made.issues.map((item) => item.id)).toContain('identity-missing');
  });

  test('a practitioner named twice is made once', () => {
    const made = translated([msh('ADT^A01^ADT_A01'), PID, 'PV1|1|I|||||77^Okonkwo^Ada^^^^^^EAST|77^Okonkwo^Ada^^^^^^EAST']);
    expect(all(made, 'Practitioner')).toHaveLength(1);
    expect(all(made, 'Encounter')[0]?.['participant']).toHaveLength(2);
  });
});

describe('nothing is silent', () => {
  test('every reason for a resource that is not made', () => {
    const reasons = (lines: readonly string[]) => new Map(translated(lines).trace.map((line) => [line.reason, line]));
    expect(reasons([ORU, PID, obr('A')]).get('no-segment')).toMatchObject({ outcome: 'not-made' });
    expect(reasons([ORU, PID, obr('A')]).get('condition-false')).toMatchObject({ detail: 'OBR-15 and not SPM' });
    expect(reasons([ORU, 'PID|1||||Okafor^Ruth']).get('required-missing')).toMatchObject({ type: 'Patient', detail: 'PID-3' });
    expect(reasons([ORU, PID, obr('A'), obx('QQQ', '1-1', '1')]).get('row-failed')).toMatchObject({ detail: 'value-type-unsupported' });
    expect(reasons([ORU, PID, 'ZPD|1|x']).get('not-in-message-map')).toMatchObject({ segment: { segment: 'ZPD' } });
  });

  test('what no row used is told: a segment, a field, a repetition, a component', () => {
    const made = translated([ORU, `${PID}||2106-3^White^CDCREC`, 'ZPD|1|x', 'PV1|1|I|||||||||||||||||V7^^^EAST^^HERE']);
    expect(made.unused).toEqual(['PID-10', 'ZPD', 'PV1-19.6']);
    expect(made.why?.get('PID-10')).toContain('race');
  });

  test('a resource that is not made gives back what its rows used', () => {
    const made = translated([ORU, PID, obr('A'), obx('QQQ', '1-1', '1')]);
    expect(made.unused).toContain('OBX');
  });

  test('an event nobody maps is told with those that are', () => {
    expect(translated([msh('ADT^Z99')]).issues).toMatchObject([{ id: 'event-unsupported' }]);
    expect(translated([msh('ZZZ^A01')]).issues).toMatchObject([{ id: 'message-type-unsupported' }]);
  });

  test('an issue, and an element of the resource, lead back to the field', () => {
    const made = translated([ORU, 'PID|1||1^^^EAST^MR||A^B~C^D||1980|Q']);
    const patient = made.made.find((one) => one.name === 'patient');
    expect(formatAddress(patient?.origins.get('Patient.birthDate') ?? { segment: '', occurrence: 1 })).toBe('PID-7');
    expect(formatAddress(patient?.origins.get('Patient.name[1]') ?? { segment: '', occurrence: 1 })).toBe('PID-5[2]');
    expect(made.issues.find((item) => item.id === 'table-value-not-found')).toMatchObject({
      severity: 'warning',
      at: { segment: 'PID', field: 8 },
    });
  });

  test('a null takes away, and what was not sent is not spoken of', () => {
    const made = translated([ORU, 'PID|1||1^^^EAST^MR||Okafor^Ruth||""']).made.find((one) => one.name === 'patient');
    expect(made?.cleared).toEqual(['birthDate']);
    expect(made?.spoken).toEqual(['identifier', 'name', 'birthDate']);
  });
});

describe('a code whose system is named', () => {
  const flagged = (flag: string) => {
    const made = translated([ORU, PID, obr('A'), `OBX|1|NM|1-1^x^LN||1|||${flag}|||F`]);
    const interpretation = all(made, 'Observation')[0]?.['interpretation'] as { coding: { system: string; code: string }[] }[] | undefined;
    return {
      codings: interpretation?.[0]?.coding.map(({ system, code }) => `${system}|${code}`),
      issues: made.issues.map((item) => item.id),
    };
  };
  const INTERPRETATION = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';

  test('of another well-known one is kept, neither looked up nor complained of', () => {
    expect(flagged('260246004^Visual^SCT')).toEqual({ codings: ['http://snomed.info/sct|260246004'], issues: [] });
    expect(flagged('H^Something else^SCT')).toEqual({ codings: ['http://snomed.info/sct|H'], issues: [] });
  });

  test('of the table, of the sender alone, or of none is looked up', () => {
    expect(flagged('H^High^HL70078').codings).toContain(`${INTERPRETATION}|H`);
    expect(flagged('H').codings).toContain(`${INTERPRETATION}|H`);
    expect(flagged('H^High^99LAB').codings).toContain(`${INTERPRETATION}|H`);
    expect(flagged('ZZ^Odd^99LAB').issues).toEqual(['code-kept-as-text']);
  });
});

describe('times', () => {
  const born = (dtm: string, sentAt?: string, options?: { defaultTimeZone: string }) => {
    const made = translated([msh('ORU^R01^ORU_R01', sentAt), PID, obr('A'), `OBX|1|DTM|1-1^x^LN||${dtm}||||||F`], options);
    return { value: all(made, 'Observation')[0], issues: made.issues.map((item) => item.id) };
  };

  test('a time without an offset has that of the message, else of the default zone, else it is cut to its date', () => {
    expect(born('202607021530').value?.['valueDateTime']).toBe('2026-07-02T15:30:00-05:00');
    expect(born('202607021530', '20260702', { defaultTimeZone: 'America/New_York' }).value?.['valueDateTime']).toBe(
      '2026-07-02T15:30:00-04:00',
    );
    const cut = born('202607021530', '20260702');
    expect(cut.value).toMatchObject({ valueDateTime: '2026-07-02', _valueDateTime: { extension: [{ valueString: '202607021530' }] } });
    expect(cut.issues).toContain('time-zone-unknown');
  });

  test('of a time that makes no instant the text is kept beside the value it has not', () => {
    const issued = (dtm: string, sentAt?: string) => {
      const made = translated([msh('ORU^R01^ORU_R01', sentAt), PID, obr('A', `${'|'.repeat(15)}${dtm}`)]);
      const report = all(made, 'DiagnosticReport')[0];
      const unused = made.unused.includes('OBR-22');
      return { issued: report?.['issued'], kept: report?.['_issued'], issues: made.issues.map((item) => item.id), unused };
    };
    const kept = (text: string) => ({
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/originalText', valueString: text }],
    });
    expect(issued('20260702153000')).toEqual({ issued: '2026-07-02T15:30:00-05:00', kept: undefined, issues: [], unused: false });
    const noZone = issued('20260702153000', '20260702');
    expect([noZone.issued, noZone.kept, noZone.unused]).toEqual([undefined, kept('20260702153000'), false]);
    expect(noZone.issues).toContain('time-zone-unknown');
    expect(issued('20260702')).toEqual({ issued: undefined, kept: kept('20260702'), issues: ['data-type-invalid'], unused: false });
    expect(issued('20260231')).toEqual({ issued: undefined, kept: undefined, issues: ['data-type-invalid'], unused: true });
  });

  test('an hour alone is cut to the date, with a warning; no precision is added', () => {
    expect(born('2026070215').value?.['valueDateTime']).toBe('2026-07-02');
    expect(born('2026070215').issues).toContain('time-cut');
    expect(born('202607').value?.['valueDateTime']).toBe('2026-07');
    expect(born('20260231').issues).toContain('data-type-invalid');
  });
});

test('a result refers to its own document, and one that has none to none', () => {
  const pdf = (code: string) => obx('ED', code, '^APPLICATION^PDF^Base64^QUJD');
  const made = translated([ORU, PID, obr('A'), pdf('1-1'), obx('NM', '2-2', '2'), pdf('3-3')]);
  const documents = made.made.filter((one) => one.resource.resourceType === 'DocumentReference').map((one) => one.fullUrl);
  expect(all(made, 'Observation').map((one) => one['derivedFrom'])).toEqual([
    [{ reference: documents[0] }],
    undefined,
    [{ reference: documents[1] }],
  ]);
});

test.each([
  ['a small document is in its result and among the documents', 1000, 2],
  ['a large document is kept once', 400_000, 1],
])('%s', (_, size, times) => {
  const made = translated([ORU, PID, obr('A'), obx('ED', '11526-1', `^APPLICATION^PDF^Base64^${'QUJD'.repeat(size / 4)}`)]);
  expect(all(made, 'DocumentReference')).toHaveLength(1);
  expect(all(made, 'Observation')).toHaveLength(1);
  const document = made.made.find((one) => one.resource.resourceType === 'DocumentReference');
  expect(all(made, 'Observation')[0]?.['derivedFrom']).toEqual([{ reference: document?.fullUrl }]);
  expect(JSON.stringify(made.made.map((one) => one.resource)).split('"data":')).toHaveLength(times + 1);
  expect(made.unused.filter((place) => place.startsWith('OBX'))).toEqual([]);
  expect(made.issues.filter((item) => item.severity === 'error')).toEqual([]);
});
