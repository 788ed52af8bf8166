import { normaliseString } from '../../fhir/index-values.ts';
import type { Filter } from '../../fhir/search-query.ts';
import { type Sql, all, any, sql, TRUE } from './sql.ts';
import type { Scope } from './scope.ts';
import { afterPrefix } from '../text-range.ts';

/** Up to here tokens are looked up before the search, beyond it within. */
const FEW = 200;

/** Which tokens of the dictionary v.token must be one of. */
export function tokenIs(scope: Scope, system: string | undefined, code: string | undefined): number[] | Sql {
  if (code === undefined && system === undefined) return TRUE;
  const ofSystem = system === undefined ? [] : [sql`k.system = ${scope.system(system)}`];
  return found(scope, all([...(code === undefined ? [] : [sql`k.code = ${code}`]), ...ofSystem]));
}

/** Which tokens stand for a text that begins so. */
export function tokenTextIs(scope: Scope, value: string): number[] | Sql {
  const range = codesFrom(normaliseString(value));
  return range === undefined ? TRUE : found(scope, range);
}

/** Which tokens stand for a uri, for what is below it, or for what is above. */
export function uriIs(scope: Scope, { match, value }: Extract<Filter, { op: 'uri' }>): number[] | Sql {
  if (match === 'exact') return tokenIs(scope, '', value);
  const without = sql`k.system = ${scope.system('')}`;
  if (match === 'above')
    return found(scope, all([sql`k.code IN (SELECT value FROM json_each(${JSON.stringify(withAncestors(value))}))`, without]));
  const folder = value.endsWith('/') ? value : `${value}/`;
  return found(scope, all([any([sql`k.code = ${value}`, codesFrom(folder) ?? TRUE]), without]));
}

function codesFrom(beginning: string): Sql | undefined {
  const end = afterPrefix(beginning);
  return end === undefined ? undefined : all([sql`k.code >= ${beginning}`, sql`k.code < ${end}`]);
}

function found(scope: Scope, condition: Sql): number[] | Sql {
  const few = sql`SELECT k.token FROM token k WHERE ${condition} LIMIT ${FEW}`;
  const tokens = scope.statements.all(few.text, ...few.values).map((row) => Number(row['token']));
  return tokens.length < FEW ? tokens : sql`EXISTS (SELECT 1 FROM token k WHERE k.token = v.token AND ${condition})`;
}

/** A URI and every URI above it, each with and without its last slash. */
function withAncestors(value: string): string[] {
  const uris = new Set([value]);
  for (let at = value.indexOf('/'); at !== -1; at = value.indexOf('/', at + 1)) {
    uris.add(value.slice(0, at));
    uris.add(value.slice(0, at + 1));
  }
  return [...uris];
}
