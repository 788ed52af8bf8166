import * as fc from 'fast-check';
import { type IndexValues, normaliseString, type QuantityValue } from '../../src/fhir/index-values.ts';
import type { Filter, Prefix, SortKey } from '../../src/fhir/search-query.ts';
import { valuesOf } from './harness.ts';

// Few values, so that filters meet resources; among them what breaks careless SQL, JSON, patterns and key encodings.
const types = ['Patient', 'Observation', 'List', 'Group'];
const ids = ['a', 'b', 'c', 'A', "o'brien"];
const systems = ['', 'http://loinc.org', 'urn:a|b'];
const codes = ['1', '2', '10', '%', "x'; DROP TABLE node; --", 'é', '1|2', ''];
const words = ['Müller', 'muller', 'Mull', 'mu', '', 'O’Neil', '100%', 'a_b', '日本', '\u{10FFFF}z', 'Mueller  Jr', 'J\u0000x'];
const uris = ['http://x', 'http://x/', 'http://x/a', 'http://x/a/b', 'http://xa', 'urn:oid:1.2'];
const units = ['mg', 'g'];

const pick = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const few = <T>(value: fc.Arbitrary<T>, maxLength = 2): fc.Arbitrary<T[]> => fc.array(value, { maxLength });

const token = (parameter: string) =>
  fc.record(
    {
      parameter: fc.constant(parameter),
      system: pick(systems),
      code: pick(codes),
      text: pick(words),
      types: few(fc.record({ system: pick(systems), code: pick(['MR', 'PI']) })),
    },
    { requiredKeys: ['parameter', 'system', 'code'] },
  );
const span = fc
  .tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 0, max: 3 }))
  .map(([low, length]) => ({ low: low * 1000, high: (low + length) * 1000 }));
const period = fc.oneof(
  { weight: 4, arbitrary: span },
  { weight: 1, arbitrary: span.map(({ low }) => ({ low, high: Infinity })) },
  { weight: 1, arbitrary: span.map(({ high }) => ({ low: -Infinity, high })) },
);
const amount = fc
  .tuple(fc.integer({ min: -4, max: 4 }), pick([0.5, 0.05]))
  .map(([value, half]) => ({ value: value / 2, low: value / 2 - half, high: value / 2 + half }));
const quantity = (parameter: string): fc.Arbitrary<QuantityValue> =>
  fc
    .tuple(amount, pick(systems), pick(units), pick(units))
    .map(([number, system, code, unit]) => ({ parameter, ...number, system, code, unit }));
const reference = (parameter: string) =>
  fc.oneof(
    fc.record({ parameter: fc.constant(parameter), type: pick(types), id: pick(ids) }),
    fc.record({ parameter: fc.constant(parameter), url: pick(uris) }),
    fc.record({ parameter: fc.constant(parameter), identifier: fc.record({ system: pick(systems), value: pick(codes) }) }),
  );

/** Values of every kind; `d1` has one date at most, as most date parameters do, `d` may have several. */
const indexValues: fc.Arbitrary<IndexValues> = fc
  .record({
    tokens: few(fc.oneof(token('t'), token('u')), 3),
    strings: few(
      pick(words).map((value) => ({ parameter: 's', value, normalised: normaliseString(value) })),
      3,
    ),
    dates: fc
      .tuple(
        few(period.map((date) => ({ parameter: 'd', ...date }))),
        few(
          span.map((date) => ({ parameter: 'd1', ...date })),
          1,
        ),
      )
      .map((lists) => lists.flat()),
    numbers: few(amount.map((number) => ({ parameter: 'n', ...number }))),
    quantities: few(quantity('q')),
    references: few(fc.oneof(...['subject', 'performer', 'item', 'member'].map(reference)), 3),
    uris: few(pick(uris).map((value) => ({ parameter: 'url', value }))),
    composites: few(
      fc.tuple(pick(['c', 'combo']), few(token('t'), 2), few(quantity('q'), 2)).map(([parameter, tokens, quantities]) => ({
        parameter,
        parts: [valuesOf({ tokens }), valuesOf({ quantities })],
      })),
    ),
  })
  .map(valuesOf);

/** One thing that happens to a store: a resource is written or deleted. */
export const event = fc.record({
  type: pick(types),
  id: pick(ids),
  values: fc.option(indexValues, { freq: 6, nil: undefined }),
});

const prefix: fc.Arbitrary<Prefix> = pick(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const);
const optional = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;

const tokenFilter: fc.Arbitrary<Filter> = fc
  .tuple(pick(['t', 'u']), optional({ system: pick(systems), code: pick(codes) }))
  .map(([parameter, rest]) => ({ op: 'token', parameter, ...rest }));
const dateFilter: fc.Arbitrary<Filter> = fc
  .tuple(pick(['d', 'd1']), prefix, span)
  .map(([parameter, how, interval]) => ({ op: 'date', parameter, prefix: how, ...interval }));
const quantityFilter: fc.Arbitrary<Filter> = fc
  .tuple(prefix, amount, optional({ system: pick(systems), code: pick(units) }))
  .map(([how, number, unit]) => ({ op: 'quantity', parameter: 'q', prefix: how, ...number, ...unit }));

const value: fc.Arbitrary<Filter> = fc.oneof(
  tokenFilter,
  dateFilter,
  quantityFilter,
  pick(words).map((text): Filter => ({ op: 'tokenText', parameter: 't', value: text })),
  fc
    .tuple(pick(systems), pick(['MR', 'PI']), pick(codes))
    .map(([system, code, text]): Filter => ({ op: 'ofType', parameter: 't', system, code, value: text })),
  fc
    .tuple(pick(['starts', 'exact', 'contains'] as const), pick(words))
    .map(([match, text]): Filter => ({ op: 'string', parameter: 's', match, value: text })),
  fc.tuple(prefix, amount).map(([how, number]): Filter => ({ op: 'number', parameter: 'n', prefix: how, ...number })),
  fc
    .tuple(pick(['subject', 'performer']), fc.oneof(optional({ type: pick(types), id: pick(ids) }), fc.record({ url: pick(uris) })))
    .map(([parameter, rest]): Filter => ({ op: 'reference', parameter, ...rest })),
  optional({ system: pick(systems), value: pick(codes) }).map(
    (rest): Filter => ({ op: 'referenceIdentifier', parameter: 'subject', ...rest }),
  ),
  fc
    .tuple(pick(['exact', 'above', 'below'] as const), pick(uris))
    .map(([match, text]): Filter => ({ op: 'uri', parameter: 'url', match, value: text })),
  fc
    .tuple(pick(['t', 's', 'd', 'n', 'q', 'subject', 'url', 'c', 'nobody']), fc.boolean())
    .map(([parameter, missing]): Filter => ({ op: 'missing', parameter, missing })),
  fc
    .tuple(
      pick(['c', 'combo']),
      fc.oneof(
        tokenFilter,
        fc.array(tokenFilter, { minLength: 1, maxLength: 2 }).map((of): Filter => ({ op: 'or', of })),
      ),
      quantityFilter,
    )
    .map(([parameter, first, second]): Filter => ({ op: 'composite', parameter, parts: [first, second].map(asPart) })),
  few(pick(ids), 3).map((some): Filter => ({ op: 'id', ids: some })),
  optional({ from: fc.integer({ min: 0, max: 30 }), to: fc.integer({ min: 0, max: 30 }) }).map(
    (rest): Filter => ({ op: 'lastUpdated', ...rest }),
  ),
  fc.tuple(pick(types), pick(ids)).map(([type, id]): Filter => ({ op: 'compartment', type, id })),
);

/** The parameter names of parts are those of the values, t and q. */
function asPart(filter: Filter): Filter {
  if (filter.op === 'or') return { op: 'or', of: filter.of.map(asPart) };
  return filter.op === 'token' ? { ...filter, parameter: 't' } : filter;
}

/** Any filter, nested a few deep. */
export const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', maxDepth: 3, withCrossShrink: true },
    { weight: 8, arbitrary: value },
    few(tie('filter'), 3).map((of): Filter => ({ op: 'and', of })),
    few(tie('filter'), 3).map((of): Filter => ({ op: 'or', of })),
    tie('filter').map((of): Filter => ({ op: 'not', of })),
    fc
      .tuple(pick(['subject', 'performer']), fc.subarray(types, { minLength: 1, maxLength: 2 }), tie('filter'))
      .map(([parameter, some, inner]): Filter => ({ op: 'chain', parameter, types: some, filter: inner })),
    fc
      .tuple(pick(types), pick(['subject', 'performer']), tie('filter'))
      .map(([type, parameter, inner]): Filter => ({ op: 'has', type, parameter, filter: inner })),
  ),
})).filter;

/** The types of a search: one, several, or all. */
export const searchedTypes: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 3, arbitrary: pick(types).map((type) => [type]) },
  fc.subarray(types, { minLength: 2, maxLength: 3 }),
  fc.constant<string[]>([]),
);

/** An order by up to three keys. */
export const order: fc.Arbitrary<SortKey[]> = few(
  fc.record({ parameter: pick(['t', 's', 'd', 'd1', 'n', 'q', 'url', '_id', '_lastUpdated', 'nobody']), descending: fc.boolean() }),
  3,
);
