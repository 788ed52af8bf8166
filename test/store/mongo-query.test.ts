import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normaliseString } from '../../src/fhir/index-values.ts';
import type { Filter } from '../../src/fhir/search-query.ts';
import { compileFilter, type SubSearch } from '../../src/store/mongo/filter-query.ts';
import { cursorOf, placeOf } from '../../src/store/mongo/cursor.ts';
import { indexDocument } from '../../src/store/mongo/index-document.ts';
import { pageOrder } from '../../src/store/mongo/page-order.ts';
import { referenceTarget, referenceTerm, stringTerm } from '../../src/store/mongo/terms.ts';
import { valuesOf } from './harness.ts';

const nothing: SubSearch = {
  types: () => Promise.resolve(['Patient']),
  targets: () => Promise.resolve(['Patient/a']),
  referred: () => Promise.resolve(['Patient/a']),
  compartment: () => Promise.resolve([]),
};

/** What a client might send to be taken for an operator or a field. */
const hostile = fc.oneof(
  fc.string(),
  fc.constantFrom('$ne', '{"$gt":""}', '$where', '.*', '^', '__proto__', 'constructor', 'ix.t', '\u001f', '|', '\\', '(a+)+$', '[', '\\E'),
);
const leaf: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ op: fc.constant('token' as const), parameter: hostile, system: hostile, code: hostile }),
  fc.record({ op: fc.constant('tokenText' as const), parameter: hostile, value: hostile }),
  fc.record({
    op: fc.constant('string' as const),
    parameter: hostile,
    match: fc.constantFrom('starts' as const, 'exact' as const, 'contains' as const),
    value: hostile,
  }),
  fc.record({ op: fc.constant('reference' as const), parameter: hostile, type: hostile, id: hostile }),
  fc.record({
    op: fc.constant('uri' as const),
    parameter: hostile,
    match: fc.constantFrom('exact' as const, 'above' as const, 'below' as const),
    value: hostile,
  }),
  fc.record({ op: fc.constant('id' as const), ids: fc.array(hostile) }),
  fc.record({ op: fc.constant('missing' as const), parameter: hostile, missing: fc.boolean() }),
);
const filters = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({ op: fc.constant('and' as const), of: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ op: fc.constant('or' as const), of: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ op: fc.constant('not' as const), of: tie('filter') }),
    fc.record({ op: fc.constant('composite' as const), parameter: hostile, parts: fc.array(leaf, { maxLength: 2 }) }),
  ),
})).filter;

const OURS = new Set([
  '$and',
  '$or',
  '$nor',
  '$in',
  '$elemMatch',
  '$gte',
  '$gt',
  '$lt',
  '$lte',
  '$regex',
  '_id',
  'p',
  'lo',
  'hi',
  'v',
  's',
  'c',
  'u',
]);
const keysOf = (value: unknown): string[] =>
  value !== null && typeof value === 'object'
    ? Object.entries(value).flatMap(([key, inner]) => (Array.isArray(value) ? [] : [key]).concat(keysOf(inner)))
    : [];

describe('a filter for MongoDB', () => {
  test('holds no field and no operator that came from outside', async () => {
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const strange = keysOf(await compileFilter(filter, nothing)).filter(
          (key) => !OURS.has(key) && !/^(ix|[a-z])\.[trsxdnqc]$/.test(key),
        );
        expect(strange).toEqual([]);
      }),
    );
  });

  test('looks for a text to the letter, whatever it means in a pattern', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (value) => {
        const condition = await compileFilter({ op: 'string', parameter: 'name', match: 'contains', value }, nothing);
        const { $regex } = (condition['ix.s'] as { $elemMatch: { $regex: string } }).$elemMatch;
        expect(new RegExp($regex).test(stringTerm('name', `ab${normaliseString(value)}cd`))).toBe(true);
      }),
    );
    const contains = await compileFilter({ op: 'string', parameter: 'name', match: 'contains', value: 'a.c*' }, nothing);
    const pattern = new RegExp((contains['ix.s'] as { $elemMatch: { $regex: string } }).$elemMatch.$regex);
    expect(['name\u001fxa.c*y', 'name\u001fxabc*y', 'other\u001fa.c*'].map((text) => pattern.test(text))).toEqual([true, false, false]);
  });

  test('one criterion is one flat condition', async () => {
    expect(await compileFilter({ op: 'token', parameter: 'code', system: 'http://loinc.org', code: '8867-4' }, nothing)).toEqual({
      'ix.t': 'code\u001fbhttp://loinc.org\u001f8867-4',
    });
    const both = {
      op: 'and',
      of: [
        { op: 'id', ids: ['a'] },
        { op: 'token', parameter: 'gender', code: 'female' },
      ],
    } as const;
    expect(await compileFilter(both, nothing)).toEqual({ _id: { $in: ['Patient/a'] }, 'ix.t': 'gender\u001fcfemale' });
  });

  test('two criteria on one list are both asked', async () => {
    const tokens = ['a', 'b', 'c'].map((code) => ({ op: 'token', parameter: 'p', code }) as const);
    expect(await compileFilter({ op: 'and', of: tokens }, nothing)).toEqual({
      'ix.t': 'p\u001fca',
      $and: [{ 'ix.t': 'p\u001fcb' }, { 'ix.t': 'p\u001fcc' }],
    });
  });
});

describe('terms', () => {
  test('only a literal reference has a target, whatever an identifier says', () => {
    expect(referenceTarget(referenceTerm('subject', 'Patient', 'a'))).toEqual({ parameter: 'subject', target: 'Patient/a' });
    const { r } = indexDocument(
      valuesOf({ references: [{ parameter: 'subject', identifier: { system: '\u001frPatient/a', value: 'rPatient/b' } }] }),
    );
    expect((r ?? []).map(referenceTarget)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('what a resource is sorted by is the least and the greatest of its values', () => {
    const { o } = indexDocument(
      valuesOf({
        dates: [
          { parameter: 'date', low: 5, high: 9 },
          { parameter: 'date', low: 2, high: 3 },
        ],
        strings: [{ parameter: 'a.b$c', value: 'X', normalised: 'x' }],
      }),
    );
    expect(o).toEqual({ _date: { a: 2, d: 5 }, '_a%2eb%24c': { a: 'x', d: 'x' } });
  });
});

describe('places in an order', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.constant(null))), (place) => {
        expect(placeOf(cursorOf(place), place.length)).toEqual(place.map((member) => (member === 0 ? 0 : member)));
      }),
    );
  });

  test('from elsewhere are refused: other text, another length, a condition in disguise', () => {
    const refused = [
      cursorOf([1]),
      'x',
      '',
      Buffer.from('[1,{"$gt":""}]').toString('base64url'),
      Buffer.from('{"length":2}').toString('base64url'),
    ];
    for (const cursor of refused) expect(() => placeOf(cursor, 2)).toThrow(expect.objectContaining({ name: 'IssueError' }));
  });

  test('after a place comes what is after it by the first key that differs', () => {
    const order = pageOrder([{ parameter: '_lastUpdated', descending: true }]);
    expect(order.sort).toEqual({ lu: -1, born: -1 });
    expect(order.after([7, 3])).toEqual({ $or: [{ lu: { $lt: 7 } }, { lu: 7, born: { $lt: 3 } }] });
  });
});
