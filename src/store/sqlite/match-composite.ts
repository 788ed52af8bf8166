import type { Filter } from '../../fhir/search-query.ts';
import { partTestOf } from './composite-test.ts';
import { compared, unitIs } from './match-number.ts';
import { tokenIs } from './match-token.ts';
import type { Scope } from './scope.ts';
import { type Sql, all, among, any, FALSE, sql, TRUE } from './sql.ts';

type CompositeFilter = Extract<Filter, { op: 'composite' }>;

/**
 * The conditions on an element of composite_value, alias `v`: its token leads to it; an element with one number has that beside the token, any
 * other says itself what its parts are. `composite_meets` is ours: see composite.ts.
 */
export function compositeIs(scope: Scope, filter: CompositeFilter): { readonly value: Sql; readonly once: boolean } {
  const [first, second, ...others] = filter.parts;
  const token = first === undefined ? TRUE : tokenOf(scope, first);
  if (token === FALSE) return { value: FALSE, once: false };
  const tests = JSON.stringify(filter.parts.map((part) => partTestOf(scope, part)));
  const told = sql`(v.rest <> '' AND composite_meets(v.rest, ${tests}))`;
  const isNumber = first !== undefined && second !== undefined && others.length === 0 && isToken(first);
  const value = all([token, any([...(isNumber ? [all([sql`v.rest = ''`, numberOf(scope, second)])] : []), told])]);
  return { value, once: token.text === ONE_TOKEN };
}

const ONE_TOKEN = among(sql`v.token`, [0]).text;

function isToken(part: Filter): boolean {
  return part.op === 'token' || (part.op === 'or' && part.of.every(isToken));
}

/** The tokens asked for; any, where the first part is no token. */
function tokenOf(scope: Scope, part: Filter): Sql {
  const asked = part.op === 'or' && isToken(part) ? part.of : [part];
  const found = asked.map((one) => (one.op === 'token' ? tokenIs(scope, one.system, one.code) : TRUE));
  const numbers = new Set(found.flatMap((one) => ('text' in one ? [] : one)));
  return any([...(numbers.size === 0 ? [] : [among(sql`v.token`, [...numbers])]), ...found.filter((one) => 'text' in one)]);
}

function numberOf(scope: Scope, part: Filter): Sql {
  switch (part.op) {
    case 'and':
      return all(part.of.map((item) => numberOf(scope, item)));
    case 'or':
      return any(part.of.map((item) => numberOf(scope, item)));
    case 'not':
      return sql`NOT ${numberOf(scope, part.of)}`;
    case 'number':
    case 'quantity': {
      const unit = part.op === 'number' ? TRUE : unitIs(scope, part.system, part.code);
      if (part.prefix !== 'sa' && part.prefix !== 'eb') return all([compared(part), unit]);
      const spanned = part.prefix === 'sa' ? sql`w.low >= ${part.high}` : sql`w.high <= ${part.low}`;
      return all([
        unit,
        sql`EXISTS (SELECT 1 FROM number_value w WHERE w.row = v.row AND +w.value = v.value AND w.unit = v.unit AND ${spanned})`,
      ]);
    }
    default:
      return FALSE;
  }
}
