import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAboutOne, meetsFilter } from '../../src/fhir/meets-filter.ts';
import { event, filter } from '../store/arbitraries.ts';
import { NaiveSearch } from '../store/naive.ts';
import { testSettings, valuesOf } from '../store/harness.ts';

const { compartmentParameters } = testSettings();

describe('a filter judged by the one resource', () => {
  test('says what a search of a store with that resource alone would', () => {
    let met = 0;
    fc.assert(
      fc.property(event, filter, (one, asked) => {
        fc.pre(isAboutOne(asked));
        const values = valuesOf(one.values ?? {});
        const entry = { type: one.type, id: one.id, updated: 3, values };
        const expected = new NaiveSearch([entry], compartmentParameters).find([], asked).length === 1;
        if (expected) met += 1;
        expect(meetsFilter(asked, { type: one.type, id: one.id, lastUpdated: 3, values }, compartmentParameters)).toBe(expected);
      }),
      { numRuns: 5_000 },
    );
    expect(met).toBeGreaterThan(500);
  });

  test('is none where another resource has to be looked at', () => {
    const inner = { op: 'and', of: [] } as const;
    expect(isAboutOne({ op: 'chain', parameter: 'subject', types: ['Patient'], filter: inner })).toBe(false);
    expect(isAboutOne({ op: 'not', of: { op: 'has', type: 'Observation', parameter: 'subject', filter: inner } })).toBe(false);
    expect(isAboutOne({ op: 'or', of: [{ op: 'compartment', type: 'List', id: 'a' }] })).toBe(false);
    expect(isAboutOne({ op: 'compartment', type: 'Patient', id: 'a' })).toBe(true);
  });
});
