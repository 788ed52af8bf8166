import type { Include } from '../../fhir/search-query.ts';
import { MOST_INCLUDED } from '../store.ts';
import type { Scope } from './scope.ts';
import { type Sql, all, among, sql } from './sql.ts';

/** The rows a page includes, and whether there were more than it may. */
export interface Included {
  readonly rows: readonly number[];
  readonly cut: boolean;
}

/** What the matches include: those not iterated once, those iterated until nothing new is found. */
export function includedRows(scope: Scope, matches: readonly number[], includes: readonly Include[]): Included {
  const seen = new Set(matches);
  const found: number[] = [];
  let from: readonly number[] = matches;
  for (let round = 0; from.length > 0; round += 1) {
    const fresh: number[] = [];
    for (const include of includes) {
      if (round > 0 && !include.iterate) continue;
      // An iterated include also follows what the includes before it found in this round.
      for (const row of step(scope, include.iterate ? [...from, ...fresh] : from, include)) {
        if (seen.has(row)) continue;
        if (found.length === MOST_INCLUDED) return { rows: found, cut: true };
        seen.add(row);
        fresh.push(row);
        found.push(row);
      }
    }
    from = fresh;
  }
  return { rows: found, cut: false };
}

function step(scope: Scope, from: readonly number[], include: Include): number[] {
  const keys = include.parameter === undefined ? undefined : scope.of([include.source]).keys(include.parameter);
  const source = scope.type(include.source);
  const [near, far] = include.direction === 'forward' ? [sql`v.row`, sql`v.target`] : [sql`v.target`, sql`v.row`];
  const conditions: Sql[] = [
    sql`${near} IN (SELECT value FROM json_each(${JSON.stringify(from)}))`,
    sql`v.key IN (SELECT key FROM value_key WHERE type = ${source})`,
    ...(keys === undefined
      ? []
      : [
          among(
            sql`v.key`,
            keys.map(({ key }) => key),
          ),
        ]),
    ...(include.direction === 'reverse' && include.target !== undefined
      ? [sql`EXISTS (SELECT 1 FROM node t WHERE t.row = v.target AND t.type = ${scope.type(include.target)})`]
      : []),
  ];
  const wanted = include.direction === 'forward' && include.target !== undefined ? [sql`n.type = ${scope.type(include.target)}`] : [];
  const live = all([sql`n.deleted = 0`, ...wanted]);
  const query = sql`SELECT DISTINCT n.row AS row FROM reference_value v CROSS JOIN node n ON n.row = ${far} WHERE ${all(conditions)} AND ${live} ORDER BY n.row DESC LIMIT ${MOST_INCLUDED + from.length + 1}`;
  return scope.statements.all(query.text, ...query.values).map((row) => Number(row['row']));
}
