import type { Include } from '../../fhir/search-query.ts';
import { type IncludeRule, includeRules } from '../include-rules.ts';
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
  const rules = includeRules(includes);
  let from: readonly number[] = matches;
  for (let round = 0; from.length > 0; round += 1) {
    const fresh: number[] = [];
    for (const rule of rules) {
      if (round > 0 && !rule.iterate) continue;
      // An iterated include also follows what the includes before it found in this round.
      for (const row of step(scope, rule.iterate ? [...from, ...fresh] : from, rule)) {
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

function step(scope: Scope, from: readonly number[], rule: IncludeRule): number[] {
  const sources = scope.of(rule.sources);
  const key =
    rule.parameter === undefined
      ? sql`v.key IN (SELECT k.key FROM value_key k WHERE ${among(sql`k.type`, sources.types)})`
      : among(
          sql`v.key`,
          sources.keys(rule.parameter).map((found) => found.key),
        );
  const [near, far] = rule.direction === 'forward' ? [sql`v.row`, sql`v.target`] : [sql`v.target`, sql`v.row`];
  const conditions: Sql[] = [
    sql`${near} IN (SELECT value FROM json_each(${JSON.stringify(from)}))`,
    key,
    ...(rule.direction === 'reverse' && rule.target !== undefined
      ? [sql`EXISTS (SELECT 1 FROM node t WHERE t.row = v.target AND t.type = ${scope.type(rule.target)})`]
      : []),
  ];
  const wanted = rule.direction === 'forward' && rule.target !== undefined ? [sql`n.type = ${scope.type(rule.target)}`] : [];
  const live = all([sql`n.deleted = 0`, ...wanted]);
  const query = sql`SELECT DISTINCT n.row AS row FROM reference_value v CROSS JOIN node n ON n.row = ${far} WHERE ${all(conditions)} AND ${live} ORDER BY n.row DESC LIMIT ${MOST_INCLUDED + from.length + 1}`;
  return scope.statements.all(query.text, ...query.values).map((row) => Number(row['row']));
}
