import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { IssueError } from '../../src/issue/issue-error.ts';
import { DEFAULT_SETTINGS } from '../../src/serve/settings.ts';
import { formatQuery, parseQuery } from '../../src/serve/http/query-string.ts';
import { parseCriteria } from '../../src/serve/search-request/criteria.ts';
import { parseSearch } from '../../src/serve/search-request/search-request.ts';
import type { SearchScope } from '../../src/serve/search-request/search-scope.ts';
import { splitEscaped, unescapeValue } from '../../src/serve/search-request/value-escapes.ts';
import { definitions } from '../definitions.ts';
import { cases } from '../cases.ts';

const scope: SearchScope = {
  definitions,
  settings: { ...DEFAULT_SETTINGS, baseUrl: 'https://gw.example.org/fhir' },
  now: new Date('2026-01-11T00:00:00Z'),
};
const search = (type: string, query: string, strict = true) => parseSearch(type === '' ? [] : [type], parseQuery(query), strict, scope);
const filterOf = (type: string, query: string) => search(type, query).query.filter;
const idsOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof IssueError) return error.issues.map((one) => one.id);
    throw error;
  }
  return [];
};
const utc = (text: string) => Date.parse(`${text}T00:00:00Z`);

/** A value written so that it is one part and says what it said. */
const escapeValue = (text: string) => text.replace(/[\\,|$]/g, '\\$&');

describe('values', () => {
  test('any texts joined by any separator come apart as they were', () => {
    const separator = fc.constantFrom(',' as const, '|' as const, '$' as const);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), separator, (texts, sign) => {
        expect(splitEscaped(texts.map(escapeValue).join(sign), sign).map(unescapeValue)).toEqual(texts);
      }),
    );
  });

  test('nested separators keep their escapes until their own split', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\\', ',', '|', '$') });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (tokens) => {
        const value = tokens.map(([system, code]) => `${escapeValue(system)}|${escapeValue(code)}`).join(',');
        expect(splitEscaped(value, ',').map((part) => splitEscaped(part, '|').map(unescapeValue))).toEqual(tokens);
      }),
    );
  });

  test('a query written is the query read', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ name: fc.string({ unit: 'binary' }), value: fc.string({ unit: 'binary' }) })), (parameters) => {
        expect(parseQuery(formatQuery(parameters))).toEqual(
          parameters.map(({ name, value }) => ({ name: name.toWellFormed(), value: value.toWellFormed() })),
        );
      }),
    );
  });
});

describe('filters', () => {
  test('a token is a code, a system with a code, a system alone, or a code without a system', () => {
    expect(filterOf('Patient', 'identifier=5')).toEqual({ op: 'token', parameter: 'identifier', code: '5' });
    expect(filterOf('Patient', 'identifier=urn:a|5')).toEqual({ op: 'token', parameter: 'identifier', system: 'urn:a', code: '5' });
    expect(filterOf('Patient', 'identifier=urn:a|')).toEqual({ op: 'token', parameter: 'identifier', system: 'urn:a' });
    expect(filterOf('Patient', 'identifier=|5')).toEqual({ op: 'token', parameter: 'identifier', system: '', code: '5' });
    expect(filterOf('Patient', 'identifier=a\\|b\\,c')).toEqual({ op: 'token', parameter: 'identifier', code: 'a|b,c' });
  });

  test('commas are alternatives, a repeated parameter is both', () => {
    expect(filterOf('Patient', 'gender=male,female&gender:not=other')).toEqual({
      op: 'and',
      of: [
        {
          op: 'or',
          of: [
            { op: 'token', parameter: 'gender', code: 'male' },
            { op: 'token', parameter: 'gender', code: 'female' },
          ],
        },
        { op: 'not', of: { op: 'token', parameter: 'gender', code: 'other' } },
      ],
    });
  });

  test('a string is compared without case and marks, by :exact as it stands', () => {
    expect(filterOf('Patient', 'family=Müller')).toEqual({ op: 'string', parameter: 'family', match: 'starts', value: 'muller' });
    expect(filterOf('Patient', 'family:contains=ÜL')).toEqual({ op: 'string', parameter: 'family', match: 'contains', value: 'ul' });
    expect(filterOf('Patient', 'family:exact=Müller')).toEqual({ op: 'string', parameter: 'family', match: 'exact', value: 'Müller' });
  });

  test('a date spans what its precision leaves open', () => {
    const [low, high] = [utc('1980-03-01'), utc('1980-04-01')];
    expect(filterOf('Patient', 'birthdate=1980-03')).toEqual({ op: 'date', parameter: 'birthdate', prefix: 'eq', low, high });
    expect(filterOf('Patient', 'birthdate=sa1980-03')).toEqual({ op: 'date', parameter: 'birthdate', prefix: 'sa', low, high });
  });

  test('an approximate date is widened by a tenth of its distance from now', () => {
    const day = 86_400_000;
    expect(filterOf('Patient', 'birthdate=ap2026-01-01T00:00:00Z')).toMatchObject({
      prefix: 'ap',
      low: expect.closeTo(utc('2026-01-01') - day, -3),
    });
  });

  test('_lastUpdated becomes bounds', () => {
    expect(filterOf('Patient', '_lastUpdated=ge2026-01-01&_lastUpdated=lt2026-02-01')).toEqual({
      op: 'and',
      of: [
        { op: 'lastUpdated', from: utc('2026-01-01') },
        { op: 'lastUpdated', to: utc('2026-02-01') },
      ],
    });
  });

  test('a quantity has a number, and a unit where one is given', () => {
    const range = { value: 5.4, low: 5.35, high: 5.45 };
    expect(filterOf('Observation', 'value-quantity=gt5.4')).toEqual({
      op: 'quantity',
      parameter: 'value-quantity',
      prefix: 'gt',
      ...range,
    });
    expect(filterOf('Observation', 'value-quantity=5.4|urn:units|mg')).toEqual({
      op: 'quantity',
      parameter: 'value-quantity',
      prefix: 'eq',
      ...range,
      system: 'urn:units',
      code: 'mg',
    });
    expect(filterOf('Observation', 'value-quantity=5.4||mg')).toMatchObject({ code: 'mg' });
  });

  test('a quantity in a unit of UCUM is asked for in base units, where its unit has one', () => {
    const ucum = 'http://unitsofmeasure.org';
    const base = { op: 'quantity', parameter: 'value-quantity:base', prefix: 'gt', system: ucum, code: 'g' };
    expect(filterOf('Observation', `value-quantity=gt5|${ucum}|mg`)).toEqual({ ...base, value: 0.005, low: 0.0045, high: 0.0055 });
    expect(filterOf('Observation', `value-quantity=5|${ucum}|[iU]`)).toMatchObject({ parameter: 'value-quantity', code: '[iU]' });
    expect(filterOf('Observation', `value-quantity=37|${ucum}|Cel`)).toMatchObject({ parameter: 'value-quantity:base', value: 310.15 });
    expect(filterOf('Observation', `value-quantity=ap37|${ucum}|Cel`)).toMatchObject({ parameter: 'value-quantity', value: 37 });
    expect(filterOf('Observation', `code-value-quantity=a$5|${ucum}|mg`)).toMatchObject({
      parts: [{}, { parameter: 'value-quantity', code: 'mg' }],
    });
  });

  test('a reference is of the type its parameter allows, its modifier names, or its value says', () => {
    expect(filterOf('Observation', 'patient=7')).toMatchObject({ op: 'reference', id: '7' });
    expect(filterOf('Observation', 'subject:Patient=7')).toEqual({ op: 'reference', parameter: 'subject', type: 'Patient', id: '7' });
    expect(filterOf('Observation', 'subject=Group/7')).toEqual({ op: 'reference', parameter: 'subject', type: 'Group', id: '7' });
    expect(filterOf('Observation', 'subject=https://gw.example.org/fhir/Patient/7')).toEqual({
      op: 'reference',
      parameter: 'subject',
      type: 'Patient',
      id: '7',
    });
    expect(filterOf('Observation', 'subject=https://other.example.org/Patient/7')).toEqual({
      op: 'reference',
      parameter: 'subject',
      url: 'https://other.example.org/Patient/7',
    });
    expect(filterOf('Observation', 'subject:identifier=urn:a|7')).toEqual({
      op: 'referenceIdentifier',
      parameter: 'subject',
      system: 'urn:a',
      value: '7',
    });
  });

  test('chains follow references, of the type named or of those that have the rest', () => {
    const name = { op: 'string', parameter: 'name', match: 'starts', value: 'x' };
    expect(filterOf('Observation', 'subject:Patient.name=x')).toEqual({
      op: 'chain',
      parameter: 'subject',
      types: ['Patient'],
      filter: name,
    });
    expect(filterOf('Observation', 'subject.birthdate=1980')).toMatchObject({ op: 'chain', types: ['Patient'] });
    expect(filterOf('Observation', 'subject:Patient.organization.name=x')).toEqual({
      op: 'chain',
      parameter: 'subject',
      types: ['Patient'],
      filter: { op: 'chain', parameter: 'organization', types: ['Organization'], filter: name },
    });
    expect(filterOf('Observation', 'subject._id=7')).toMatchObject({ op: 'chain', filter: { op: 'id', ids: ['7'] } });
  });

  test('_has turns around, and nests', () => {
    const code = { op: 'token', parameter: 'code', code: '718-7' };
    expect(filterOf('Patient', '_has:Observation:patient:code=718-7')).toEqual({
      op: 'has',
      type: 'Observation',
      parameter: 'patient',
      filter: code,
    });
    expect(filterOf('Organization', '_has:Patient:organization:_has:Observation:patient:code=718-7')).toEqual({
      op: 'has',
      type: 'Patient',
      parameter: 'organization',
      filter: { op: 'has', type: 'Observation', parameter: 'patient', filter: code },
    });
  });

  test('a composite holds its parts together', () => {
    expect(filterOf('Observation', 'code-value-quantity=http://loinc.org|8480-6$gt140')).toMatchObject({
      op: 'composite',
      parameter: 'code-value-quantity',
      parts: [
        { op: 'token', system: 'http://loinc.org', code: '8480-6' },
        { op: 'quantity', prefix: 'gt', value: 140 },
      ],
    });
  });

  test(':missing, :text, :of-type, :below and _list', () => {
    expect(filterOf('Patient', 'birthdate:missing=true')).toEqual({ op: 'missing', parameter: 'birthdate', missing: true });
    expect(filterOf('Observation', 'code:text=Hemo')).toEqual({ op: 'tokenText', parameter: 'code', value: 'hemo' });
    expect(filterOf('Patient', 'identifier:of-type=urn:t|MR|12')).toEqual({
      op: 'ofType',
      parameter: 'identifier',
      system: 'urn:t',
      code: 'MR',
      value: '12',
    });
    expect(filterOf('ValueSet', 'url:below=http://a.org/x')).toEqual({
      op: 'uri',
      parameter: 'url',
      match: 'below',
      value: 'http://a.org/x',
    });
    expect(filterOf('Patient', '_list=42')).toEqual({ op: 'or', of: [{ op: 'compartment', type: 'List', id: '42' }] });
  });

  test(':in takes the codes of a loaded value set, :below those under a code', () => {
    const filter = filterOf('Patient', 'gender:in=http://hl7.org/fhir/ValueSet/administrative-gender');
    expect(filter.op === 'or' && filter.of.map((one) => one.op === 'token' && one.code)).toEqual(['male', 'female', 'other', 'unknown']);
    const below = filterOf('Encounter', 'class:below=http://terminology.hl7.org/CodeSystem/v3-ActCode|_ActEncounterCode');
    expect(below.op === 'or' && below.of.some((one) => one.op === 'token' && one.code === 'IMP')).toBe(true);
  });

  test('the parameters every resource has can be searched on every type at once', () => {
    expect(filterOf('', '_tag=urn:t|x')).toEqual({ op: 'token', parameter: '_tag', system: 'urn:t', code: 'x' });
    expect(search('', 'name=x&_type=Patient,Practitioner').query).toMatchObject({ types: ['Patient', 'Practitioner'] });
  });
});

describe('what is wrong is refused by name', () => {
  test.each([
    ['Patient', 'birthdate=31.12.1980', 'parameter-invalid'],
    ['Patient', 'birthdate=1980-02-30', 'parameter-invalid'],
    ['Patient', 'birthdate=xx1980', 'parameter-invalid'],
    ['Patient', 'birthdate:exact=1980', 'search-modifier-unsupported'],
    ['Patient', 'name:below=x', 'search-modifier-unsupported'],
    ['Patient', 'gender:fuzzy=x', 'search-modifier-unsupported'],
    ['Patient', 'birthdate:missing=maybe', 'parameter-invalid'],
    ['Observation', 'value-quantity=high', 'parameter-invalid'],
    ['Observation', 'subject=Nobody/1', 'parameter-invalid'],
    ['Observation', 'subject:Account=1', 'search-modifier-unsupported'],
    ['Observation', 'code.name=x', 'parameter-invalid'],
    ['Observation', 'code-value-quantity=1', 'parameter-invalid'],
    ['Patient', '_has:Observation=1', 'parameter-invalid'],
    ['Patient', '_has:Observation:code:code=1', 'parameter-invalid'],
    ['Patient', '_id=a b', 'parameter-invalid'],
    ['Patient', '_count=-1', 'parameter-invalid'],
    ['Patient', '_count=many', 'parameter-invalid'],
    ['Patient', '_total=roughly', 'parameter-invalid'],
    ['Patient', '_summary=short', 'parameter-invalid'],
    ['Patient', '_elements=a b', 'parameter-invalid'],
    ['Patient', '_include=nothing', 'parameter-invalid'],
    ['Patient', '_include=Patient:nobody', 'search-parameter-unknown'],
    ['Patient', '_include=Patient:gender', 'parameter-invalid'],
    ['Patient', '_include:twice=Patient:organization', 'search-modifier-unsupported'],
    ['Patient', '_sort=shoe-size', 'search-parameter-unknown'],
    ['Patient', 'shoe-size=43', 'search-parameter-unknown'],
    ['Patient', '_text=x', 'search-parameter-unknown'],
    ['Patient', '_type=Observation', 'parameter-invalid'],
    ['', '_type=Nobody', 'parameter-invalid'],
    ['Observation', 'code:in=http://nobody.example.org/vs', 'parameter-invalid'],
    ['Observation', `code=${'x,'.repeat(4001)}`, 'too-costly'],
    ['Observation', `code=${'x,'.repeat(2000)}&date=${'2020,'.repeat(500)}`, 'too-costly'],
    ['Patient', `_include:iterate=*&_revinclude=*&_include=*&_revinclude:iterate=*`, 'too-costly'],
    ['Observation', 'x=1&'.repeat(101), 'too-costly'],
    ['Observation', 'subject:Patient.organization.partof.partof.partof.name=x', 'too-costly'],
  ])('%s?%s is %s', (type, query, id) => {
    expect(idsOf(() => search(type, query))).toEqual([id]);
  });

  test('a message names the parameter and never its value', () => {
    const issues = (() => {
      try {
        search('Patient', 'birthdate=Mustermann');
      } catch (error) {
        return JSON.stringify((error as IssueError).issues);
      }
      return '';
    })();
    expect(issues).toContain('birthdate');
    expect(issues).not.toContain('Mustermann');
  });
});

describe('leniently', () => {
  test('what is unknown is left out, named, and not in the self link', () => {
    const { query, used, warnings } = search('Patient', 'shoe-size=43&gender=male', false);
    expect(query.filter).toEqual({ op: 'token', parameter: 'gender', code: 'male' });
    expect(used).toEqual([{ name: 'gender', value: 'male' }]);
    expect(warnings).toMatchObject([{ id: 'search-parameter-unknown', severity: 'warning', parameters: { parameter: 'shoe-size' } }]);
  });

  test('a value that is wrong is never left out', () => {
    expect(idsOf(() => search('Patient', 'birthdate=yesterday', false))).toEqual(['parameter-invalid']);
    expect(idsOf(() => search('Patient', 'gender:fuzzy=x', false))).toEqual(['search-modifier-unsupported']);
  });

  test('a great _count is cut and the self link says so', () => {
    const { query, used } = search('Patient', '_count=1000000000', false);
    expect(query.count).toBe(1000);
    expect(used).toEqual([{ name: '_count', value: '1000' }]);
  });

  test('_summary=count asks for a total and no matches', () => {
    expect(search('Patient', '_summary=count').query).toMatchObject({ count: 0, total: 'accurate' });
  });

  test('sorts and includes are read', () => {
    const { query } = search(
      'Observation',
      '_sort=-date,_id&_include=Observation:subject:Patient&_include:iterate=Patient:organization&_revinclude=Provenance:target',
    );
    expect(query.sort).toEqual([
      { parameter: 'date', descending: true },
      { parameter: '_id', descending: false },
    ]);
    expect(query.includes).toEqual([
      { direction: 'forward', source: 'Observation', parameter: 'subject', target: 'Patient', iterate: false },
      { direction: 'forward', source: 'Patient', parameter: 'organization', iterate: true },
      { direction: 'reverse', source: 'Provenance', parameter: 'target', iterate: false },
    ]);
  });
});

describe('criteria', () => {
  test('the same criteria in another order have one key', () => {
    const key = (query: string) => parseCriteria('Patient', parseQuery(query), scope).key;
    expect(key('identifier=urn:a|1&gender=male')).toBe(key('gender=male&identifier=urn%3Aa%7C1'));
    expect(key('identifier=urn:a|1')).not.toBe(key('identifier=urn:a|2'));
  });

  test.each(['', '_count=1', 'shoe-size=43', 'identifier=urn:a|1&_sort=_id', '_format=json'])('"%s" is refused', (query) => {
    expect(idsOf(() => parseCriteria('Patient', parseQuery(query), scope))).toHaveLength(1);
  });
});

test('no query makes the reader fail otherwise than by issues', () => {
  const names = fc.oneof(
    fc.constantFrom(
      'name',
      'birthdate',
      'identifier',
      '_id',
      '_has',
      '_has:Observation:patient:code',
      'general-practitioner.name',
      'organization:Organization.name',
      '_sort',
      '_include',
      '_count',
      '_elements',
      '_lastUpdated',
    ),
    fc.string(),
  );
  const modified = fc
    .tuple(names, fc.constantFrom('', ':exact', ':missing', ':not', ':in', ':below', ':', '.', ':Patient.'))
    .map(([name, modifier]) => name + modifier);
  const values = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('ge2020', '1e999', 'a|b|c', ',,,', '\\', '$', '*', '-', 'true'),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
  fc.assert(
    fc.property(fc.array(fc.record({ name: modified, value: values }), { maxLength: 5 }), fc.boolean(), (parameters, strict) => {
      try {
        parseSearch(['Patient'], parameters, strict, scope);
      } catch (error) {
        expect(error).toBeInstanceOf(IssueError);
      }
    }),
    { numRuns: cases(3000, 1000) },
  );
});
