import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type IndexValues, normaliseString } from '../../src/fhir/index-values.ts';
import { type Filter, type Prefix, searchOf, EVERYTHING } from '../../src/fhir/search-query.ts';
import type { Store } from '../../src/store/store.ts';
import { type Harness, resourceWith, testSettings, valuesOf } from './harness.ts';

const day = 86_400_000;
const string = (parameter: string, value: string) => ({ parameter, value, normalised: normaliseString(value) });

const patient: Partial<IndexValues> = {
  tokens: [
    { parameter: 'identifier', system: 'urn:oid:1.2', code: '4711', types: [{ system: 'v2-0203', code: 'MR' }] },
    { parameter: 'identifier', system: 'urn:ssn', code: '999' },
    { parameter: 'gender', system: 'http://hl7.org/fhir/administrative-gender', code: 'female' },
  ],
  strings: [string('family', 'Müller-Lüdenscheid'), string('given', 'Änne')],
  dates: [{ parameter: 'birthdate', low: 0, high: day }],
};

const glucose: Partial<IndexValues> = {
  tokens: [
    { parameter: 'code', system: 'http://loinc.org', code: '2345-7', text: 'Glucose in Serum' },
    { parameter: 'code', system: '', code: 'GLU' },
  ],
  dates: [{ parameter: 'date', low: 10 * day, high: 11 * day }],
  quantities: [
    { parameter: 'value-quantity', value: 6.3, low: 6.25, high: 6.35, system: 'http://unitsofmeasure.org', code: 'mmol/L', unit: 'mmol/l' },
  ],
  references: [
    { parameter: 'subject', type: 'Patient', id: 'p' },
    { parameter: 'performer', identifier: { system: 'urn:npi', value: '77' } },
    { parameter: 'device', url: 'http://elsewhere/Device/1' },
  ],
  uris: [{ parameter: '_source', value: 'http://lab.example/feed/1' }],
};

const part = (code: string, value: number): { parameter: string; parts: IndexValues[] } => ({
  parameter: 'component-code-value-quantity',
  parts: [
    valuesOf({ tokens: [{ parameter: 'component-code', system: 'http://loinc.org', code }] }),
    valuesOf({
      quantities: [{ parameter: 'component-value-quantity', value, low: value, high: value, system: '', code: '', unit: 'mmHg' }],
    }),
  ],
});

/** Search of each kind, as sentences. */
export function contractOfSearch(harness: Harness): void {
  describe('search', () => {
    const settings = testSettings();
    let store: Store;
    const find = async (type: string, filter: Filter): Promise<string[]> => {
      const page = await store.search(searchOf(type, filter));
      if (!page.ok) throw new Error(JSON.stringify(page.issues));
      return page.value.matches.map((match) => match.id).sort();
    };
    const both = async (type: string, filter: Filter): Promise<[boolean, boolean]> => [
      (await find(type, filter)).length > 0,
      (await find(type, { op: 'not', of: filter })).length > 0,
    ];
    const yes: [boolean, boolean] = [true, false];
    const no: [boolean, boolean] = [false, true];

    beforeEach(async () => {
      store = await harness.open(settings);
      await store.commit({
        writes: [
          { type: 'Patient', id: 'p', resource: resourceWith('Patient', 'p', patient) },
          { type: 'Observation', id: 'o', resource: resourceWith('Observation', 'o', glucose) },
          { type: 'Basic', id: 'bp', resource: resourceWith('Basic', 'bp', { composites: [part('8480-6', 140), part('8462-4', 80)] }) },
          { type: 'List', id: 'l', resource: resourceWith('List', 'l', { references: [{ parameter: 'item', type: 'Patient', id: 'p' }] }) },
        ],
      });
    });
    afterEach(() => store.close());

    test('a number beyond what an integer can say exactly is found, sorted by and written again', async () => {
      const values = [9_007_199_254_740_992, 1e18, 3];
      const write = (id: string, value: number) => {
        const numbers = [{ parameter: 'probability', value, low: value, high: value }];
        const dates = [{ parameter: 'date', low: -value, high: value }];
        return store.commit({ writes: [{ type: 'RiskAssessment', id, resource: resourceWith('RiskAssessment', id, { numbers, dates }) }] });
      };
      for (const again of [0, 1, 2]) for (const [index, value] of values.entries()) await write(`r${index}`, value + again * 1e17);
      for (const parameter of ['probability', 'date']) {
        const page = await store.search(
          searchOf('RiskAssessment', EVERYTHING, { sort: [{ parameter, descending: parameter === 'date' }] }),
        );
        expect(page.ok && page.value.matches.map(({ id }) => id)).toEqual(['r2', 'r0', 'r1']);
      }
    });

    test('a token by code, by system and code, by code without a system, by system', async () => {
      const token = (rest: { system?: string; code?: string }): Promise<[boolean, boolean]> =>
        both('Observation', { op: 'token', parameter: 'code', ...rest });
      expect(await token({ code: '2345-7' })).toEqual(yes);
      expect(await token({ system: 'http://loinc.org', code: '2345-7' })).toEqual(yes);
      expect(await token({ system: 'http://snomed.info/sct', code: '2345-7' })).toEqual(no);
      expect(await token({ system: '', code: '2345-7' })).toEqual(no);
      expect(await token({ system: '', code: 'GLU' })).toEqual(yes);
      expect(await token({ code: 'GLU' })).toEqual(yes);
      expect(await token({ code: 'glu' })).toEqual(no);
      expect(await token({ system: 'http://loinc.org' })).toEqual(yes);
      expect(await token({ system: 'urn:none' })).toEqual(no);
    });

    test('a token by the text beside it, by the type of an identifier', async () => {
      expect(await both('Observation', { op: 'tokenText', parameter: 'code', value: 'GLUCOSE  in' })).toEqual(yes);
      expect(await both('Observation', { op: 'tokenText', parameter: 'code', value: 'serum' })).toEqual(no);
      const ofType = { op: 'ofType', parameter: 'identifier', system: 'v2-0203', code: 'MR' } as const;
      expect(await both('Patient', { ...ofType, value: '4711' })).toEqual(yes);
      expect(await both('Patient', { ...ofType, value: '999' })).toEqual(no);
    });

    test('a string by its beginning without case and marks, to the letter, and by what it contains', async () => {
      const family = (match: 'starts' | 'exact' | 'contains', value: string) =>
        both('Patient', { op: 'string', parameter: 'family', match, value });
      expect(await family('starts', 'MULLER')).toEqual(yes);
      expect(await family('starts', 'Ludenscheid')).toEqual(no);
      expect(await family('contains', 'lüden')).toEqual(yes);
      expect(await family('contains', '%')).toEqual(no);
      expect(await family('exact', 'Müller-Lüdenscheid')).toEqual(yes);
      expect(await family('exact', 'Muller-Ludenscheid')).toEqual(no);
    });

    test('a date by every prefix', async () => {
      const date = async (prefix: Prefix, from: number, to: number) =>
        (await find('Observation', { op: 'date', parameter: 'date', prefix, low: from * day, high: to * day })).length === 1;
      // The value is day 10. Asked: day 10, day 9, day 11, the month before, days 0 to 30, hour 0 of day 10.
      const asked: [number, number][] = [
        [10, 11],
        [9, 10],
        [11, 12],
        [-30, 0],
        [0, 30],
        [10, 10 + 1 / 24],
      ];
      const expected: Record<Prefix, boolean[]> = {
        eq: [true, false, false, false, true, false],
        ne: [false, true, true, true, false, true],
        gt: [false, true, false, true, false, true],
        lt: [false, false, true, false, false, false],
        ge: [true, true, false, true, true, true],
        le: [true, false, true, false, true, false],
        sa: [false, true, false, true, false, false],
        eb: [false, false, true, false, false, false],
        ap: [true, false, false, false, true, true],
      };
      for (const [prefix, answers] of Object.entries(expected)) {
        const found = await Promise.all(asked.map(([from, to]) => date(prefix as Prefix, from, to)));
        expect({ prefix, found }).toEqual({ prefix, found: answers });
      }
    });

    test('a quantity by value and by unit', async () => {
      const quantity = (prefix: Prefix, value: number, unit: { system?: string; code?: string } = {}) =>
        both('Observation', { op: 'quantity', parameter: 'value-quantity', prefix, value, low: value - 0.05, high: value + 0.05, ...unit });
      expect(await quantity('eq', 6.3)).toEqual(yes);
      expect(await quantity('gt', 6.3)).toEqual(no);
      expect(await quantity('ge', 6.3)).toEqual(yes);
      expect(await quantity('ap', 6)).toEqual(yes);
      expect(await quantity('lt', 6.4, { system: 'http://unitsofmeasure.org', code: 'mmol/L' })).toEqual(yes);
      expect(await quantity('lt', 6.4, { system: 'http://unitsofmeasure.org', code: 'mg/dL' })).toEqual(no);
      expect(await quantity('lt', 6.4, { code: 'mmol/l' })).toEqual(yes);
      expect(await quantity('lt', 6.4, { code: 'mmol/L' })).toEqual(yes);
      expect(await quantity('lt', 6.4, { code: 'mg' })).toEqual(no);
    });

    test('a reference by type and id, by id, by URL, by identifier', async () => {
      expect(await both('Observation', { op: 'reference', parameter: 'subject', type: 'Patient', id: 'p' })).toEqual(yes);
      expect(await both('Observation', { op: 'reference', parameter: 'subject', id: 'p' })).toEqual(yes);
      expect(await both('Observation', { op: 'reference', parameter: 'subject', type: 'Group', id: 'p' })).toEqual(no);
      expect(await both('Observation', { op: 'reference', parameter: 'device', url: 'http://elsewhere/Device/1' })).toEqual(yes);
      expect(await both('Observation', { op: 'reference', parameter: 'device', url: 'http://elsewhere/Device/2' })).toEqual(no);
      expect(await both('Observation', { op: 'referenceIdentifier', parameter: 'performer', system: 'urn:npi', value: '77' })).toEqual(yes);
      expect(await both('Observation', { op: 'referenceIdentifier', parameter: 'performer', value: '78' })).toEqual(no);
    });

    test('a URI to the letter, above and below', async () => {
      const uri = (match: 'exact' | 'above' | 'below', value: string) =>
        both('Observation', { op: 'uri', parameter: '_source', match, value });
      expect(await uri('exact', 'http://lab.example/feed/1')).toEqual(yes);
      expect(await uri('exact', 'http://lab.example/feed')).toEqual(no);
      expect(await uri('below', 'http://lab.example/feed')).toEqual(yes);
      expect(await uri('below', 'http://lab.example/fee')).toEqual(no);
      expect(await uri('above', 'http://lab.example/feed/1/2')).toEqual(yes);
      expect(await uri('above', 'http://lab.example/feed/12')).toEqual(no);
    });

    test('the parts of a composite must meet in one element', async () => {
      const pressure = (code: string, value: number): Filter => ({
        op: 'composite',
        parameter: 'component-code-value-quantity',
        parts: [
          { op: 'token', parameter: 'component-code', system: 'http://loinc.org', code },
          { op: 'quantity', parameter: 'component-value-quantity', prefix: 'gt', value, low: value, high: value },
        ],
      });
      expect(await both('Basic', pressure('8480-6', 120))).toEqual(yes);
      expect(await both('Basic', pressure('8462-4', 120))).toEqual(no);
    });

    test('what is missing is missing, by whatever kind of value it could have', async () => {
      const missing = (parameter: string) => both('Observation', { op: 'missing', parameter, missing: true });
      for (const parameter of ['code', 'date', 'value-quantity', 'subject', 'performer', 'device', '_source'])
        expect(await missing(parameter)).toEqual(no);
      expect(await missing('category')).toEqual(yes);
    });

    test('along a reference, against it, and both', async () => {
      const family: Filter = { op: 'string', parameter: 'family', match: 'starts', value: 'mull' };
      const code: Filter = { op: 'token', parameter: 'code', code: 'GLU' };
      expect(await find('Observation', { op: 'chain', parameter: 'subject', types: ['Patient'], filter: family })).toEqual(['o']);
      expect(await find('Observation', { op: 'chain', parameter: 'subject', types: ['Group'], filter: family })).toEqual([]);
      expect(await find('Patient', { op: 'has', type: 'Observation', parameter: 'subject', filter: code })).toEqual(['p']);
      expect(await find('Patient', { op: 'has', type: 'Condition', parameter: 'subject', filter: code })).toEqual([]);
      const both: Filter = {
        op: 'chain',
        parameter: 'item',
        types: ['Patient'],
        filter: { op: 'has', type: 'Observation', parameter: 'subject', filter: code },
      };
      expect(await find('List', both)).toEqual(['l']);
    });

    test('a compartment holds its resource and what refers to it by the parameters named for the type', async () => {
      const filter: Filter = { op: 'compartment', type: 'Patient', id: 'p' };
      expect(await find('Patient', filter)).toEqual(['p']);
      expect(await find('Observation', filter)).toEqual(['o']);
      expect(await find('List', filter)).toEqual([]);
      expect(await find('Observation', { ...filter, id: 'other' })).toEqual([]);
    });

    test('a compartment searched over every type holds those of each, and not the rest', async () => {
      const over = async (filter: Filter): Promise<string[]> => {
        const page = await store.search({ ...searchOf('', filter), types: [] });
        return page.ok ? page.value.matches.map((match) => match.id) : [];
      };
      expect(await over({ op: 'compartment', type: 'Patient', id: 'p' })).toEqual(['o', 'p']);
      expect(await over({ op: 'not', of: { op: 'compartment', type: 'Patient', id: 'p' } })).toEqual(['l', 'bp']);
    });

    test('a list has the members it names', async () => {
      expect(await find('Patient', { op: 'compartment', type: 'List', id: 'l' })).toEqual(['p']);
      expect(await find('Observation', { op: 'compartment', type: 'List', id: 'l' })).toEqual([]);
    });

    test('a search over types finds each, over no type finds all', async () => {
      const types = async (...some: string[]): Promise<string[]> => {
        const page = await store.search({ ...searchOf('', { op: 'and', of: [] }), types: some });
        return page.ok ? page.value.matches.map((match) => match.type) : [];
      };
      expect(await types('Patient', 'List')).toEqual(['List', 'Patient']);
      expect(await types()).toEqual(['List', 'Basic', 'Observation', 'Patient']);
      expect(await types('Encounter')).toEqual([]);
    });

    test('an update is found by what it says now and no more by what it said', async () => {
      const code = (value: string): Filter => ({ op: 'token', parameter: 'code', code: value });
      const index = { tokens: [{ parameter: 'code', system: '', code: 'new' }] };
      await store.commit({ writes: [{ type: 'Observation', id: 'o', resource: resourceWith('Observation', 'o', index) }] });
      expect(await find('Observation', code('new'))).toEqual(['o']);
      expect(await find('Observation', code('GLU'))).toEqual([]);
      expect(await find('Observation', { op: 'chain', parameter: 'subject', types: ['Patient'], filter: { op: 'and', of: [] } })).toEqual(
        [],
      );
    });

    test('what is deleted is not found, nor found by, and is found again when it comes back', async () => {
      const subject: Filter = { op: 'chain', parameter: 'subject', types: ['Patient'], filter: { op: 'and', of: [] } };
      await store.commit({ writes: [{ type: 'Patient', id: 'p' }] });
      expect(await find('Patient', { op: 'and', of: [] })).toEqual([]);
      expect(await find('Patient', { op: 'id', ids: ['p'] })).toEqual([]);
      expect(await find('Observation', subject)).toEqual([]);
      expect(await find('Observation', { op: 'reference', parameter: 'subject', type: 'Patient', id: 'p' })).toEqual(['o']);
      await store.commit({ writes: [{ type: 'Patient', id: 'p', resource: resourceWith('Patient', 'p', patient) }] });
      expect(await find('Observation', subject)).toEqual(['o']);
    });

    test('a match is the text that was stored', async () => {
      const page = await store.search(searchOf('Patient', { op: 'id', ids: ['p'] }));
      expect(page.ok && page.value.matches[0]).toEqual(await store.read('Patient', 'p'));
    });
  });
}
