import { planOf } from './plan.ts';
import { Scope } from './scope.ts';
import { sql } from './sql.ts';
import type { Statements } from './statements.ts';
import type { PreparedGuard } from './write-job.ts';

/** Whether the search of a guard gives just the ids it gave when the change was decided. */
export function guardHolds(statements: Statements, guard: PreparedGuard): boolean {
  const scope = new Scope(statements, guard.compartments, [guard.type]);
  const { from, where } = planOf(scope, guard.filter, 'all');
  const query = sql`SELECT n.id AS id FROM ${from} CROSS JOIN node n ON n.row = d.row WHERE ${where} LIMIT ${guard.ids.length + 1}`;
  const found = statements.all(query.text, ...query.values).map((row) => row['id'] as string);
  const expected = new Set(guard.ids);
  return found.length === expected.size && found.every((id) => expected.has(id));
}
