import type { Bound } from './statements.ts';

/** A piece of SQL with the values of its placeholders. */
export interface Sql {
  readonly text: string;
  readonly values: readonly Bound[];
}

/** SQL from a template: a piece is put in its place, anything else becomes a placeholder. So no value can get into the text. */
export function sql(texts: TemplateStringsArray, ...parts: readonly (Sql | Bound)[]): Sql {
  let text = texts[0] ?? '';
  const values: Bound[] = [];
  parts.forEach((part, index) => {
    if (isSql(part)) {
      text += part.text;
      values.push(...part.values);
    } else {
      text += '?';
      values.push(part);
    }
    text += texts[index + 1] ?? '';
  });
  return { text, values };
}

/** Pieces with the same words between them. */
export function join(pieces: readonly Sql[], between: ' AND ' | ' OR ' | ', ' | ' UNION ' | ' UNION ALL '): Sql {
  return { text: pieces.map((piece) => piece.text).join(between), values: pieces.flatMap((piece) => piece.values) };
}

/** All of the conditions. */
export function all(conditions: readonly Sql[]): Sql {
  return combined(conditions, ' AND ', TRUE);
}

/** Any of the conditions. */
export function any(conditions: readonly Sql[]): Sql {
  return combined(conditions, ' OR ', FALSE);
}

/** SQLite allows an expression so deep, and a chain of words is as deep as it is long: a long one becomes a tree. */
const LONG = 64;

function combined(conditions: readonly Sql[], between: ' AND ' | ' OR ', none: Sql): Sql {
  const [only] = conditions;
  if (only === undefined) return none;
  if (conditions.length === 1) return only;
  if (conditions.length <= LONG) return sql`(${join(conditions, between)})`;
  const half = Math.ceil(conditions.length / 2);
  return sql`(${join(
    [conditions.slice(0, half), conditions.slice(half)].map((part) => combined(part, between, none)),
    between,
  )})`;
}

/** Up to so many values are spelled out, beyond it they are one list, so that the statement stays the same. */
const FEW = 4;

/** Whether a column has one of the values. One is an equality, which keeps the order of an index. */
export function among(column: Sql, values: readonly Bound[]): Sql {
  if (values.length === 0) return FALSE;
  if (values.length === 1) return sql`${column} = ${values[0] as Bound}`;
  if (values.length > FEW) return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`;
  return sql`${column} IN (${join(
    values.map((value) => sql`${value}`),
    ', ',
  )})`;
}

/** What everything meets. */
export const TRUE: Sql = sql`1`;
/** What nothing meets. */
export const FALSE: Sql = sql`0`;

function isSql(part: Sql | Bound): part is Sql {
  return typeof part === 'object' && part !== null && 'text' in part;
}
