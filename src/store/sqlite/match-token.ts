import { normaliseString } from '../../fhir/index-values.ts';
import { type Sql, among, sql, TRUE } from './sql.ts';
import type { Scope } from './scope.ts';
import { afterPrefix } from './text-range.ts';

/** Up to here tokens are looked up before the search, beyond it within. */
const FEW = 200;

/** Which tokens of the dictionary a column must be one of. `v` is the alias of token_value. */
export function tokenIs(scope: Scope, system: string | undefined, code: string | undefined): Sql {
  const { statements } = scope;
  if (code === undefined && system === undefined) return TRUE;
  const systemNumber = system === undefined ? undefined : scope.system(system);
  const found =
    code === undefined
      ? statements.all('SELECT token FROM token WHERE system = ? LIMIT ?', systemNumber ?? null, FEW)
      : systemNumber === undefined
        ? statements.all('SELECT token FROM token WHERE code = ? LIMIT ?', code, FEW)
        : statements.all('SELECT token FROM token WHERE code = ? AND system = ?', code, systemNumber);
  if (found.length < FEW) {
    return among(
      sql`v.token`,
      found.map((row) => Number(row['token'])),
    );
  }
  return code === undefined
    ? sql`EXISTS (SELECT 1 FROM token k WHERE k.token = v.token AND k.system = ${systemNumber ?? null})`
    : sql`EXISTS (SELECT 1 FROM token k WHERE k.token = v.token AND k.code = ${code})`;
}

/** Which tokens stand for a text that begins so. */
export function tokenTextIs(scope: Scope, value: string): Sql {
  const folded = normaliseString(value);
  const end = afterPrefix(folded);
  if (end === undefined) return TRUE;
  const found = scope.statements.all('SELECT token FROM token WHERE code >= ? AND code < ? LIMIT ?', folded, end, FEW);
  if (found.length < FEW) {
    return among(
      sql`v.token`,
      found.map((row) => Number(row['token'])),
    );
  }
  return sql`EXISTS (SELECT 1 FROM token k WHERE k.token = v.token AND k.code >= ${folded} AND k.code < ${end})`;
}
