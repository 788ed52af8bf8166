import { normaliseString } from '../../fhir/index-values.ts';
import type { MessagePage, MessageQuery, MessageRow, MessageStatus } from '../journal.ts';
import { KEY_KIND, MESSAGE_COLUMNS, messageOf, STATUSES } from './message-row.ts';
import { type Sql, all, sql } from './sql.ts';
import type { Statements } from './statements.ts';
import { afterPrefix } from './text-range.ts';

/** Reads the journal. */
export class JournalReader {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  get(id: string): MessageRow | undefined {
    const row = this.#statements.get(`SELECT ${MESSAGE_COLUMNS} FROM message WHERE id = ?`, id);
    return row === undefined ? undefined : messageOf(row);
  }

  raw(id: string): Uint8Array | undefined {
    return this.#statements.get('SELECT raw FROM message_raw WHERE seq = (SELECT seq FROM message WHERE id = ?)', id)?.['raw'] as
      | Uint8Array
      | undefined;
  }

  pending(after: number, count: number): MessageRow[] {
    const waiting = `SELECT ${MESSAGE_COLUMNS} FROM message WHERE status IN ('received', 'queued') AND seq > ? ORDER BY seq LIMIT ?`;
    return this.#statements.all(waiting, after, count).map(messageOf);
  }

  list(after: number, count: number): MessageRow[] {
    return this.#statements.all(`SELECT ${MESSAGE_COLUMNS} FROM message WHERE seq > ? ORDER BY seq LIMIT ?`, after, count).map(messageOf);
  }

  counts(): Record<MessageStatus, number> {
    const found = new Map(
      this.#statements.all('SELECT status, number FROM message_count').map((row) => [row['status'], Number(row['number'])]),
    );
    return Object.fromEntries(STATUSES.map((status) => [status, found.get(status) ?? 0])) as Record<MessageStatus, number>;
  }

  search(query: MessageQuery): MessagePage {
    const text = messageSearch(query);
    const found = this.#statements.all(text.text, ...text.values).map(messageOf);
    const rows = found.slice(0, query.count);
    const last = rows.at(-1);
    return { rows, ...(found.length > query.count && last !== undefined ? { next: last.seq } : {}) };
  }
}

/** The statement of a search for messages; exported so that tests can ask the database how it would run it. */
export function messageSearch(query: MessageQuery): Sql {
  const { status, sender, controlId, mrn, visit, order, name, from, to, before, count } = query;
  const keys = (
    [
      ['mrn', mrn],
      ['visit', visit],
      ['order', order],
      ['controlId', controlId],
    ] as const
  ).flatMap(([kind, value]) =>
    value === undefined ? [] : [sql`SELECT seq FROM message_key WHERE kind = ${KEY_KIND[kind]} AND value = ${value}`],
  );
  if (name !== undefined) keys.push(named(normaliseString(name)));
  const column =
    keys.length === 0 ? (text: string): Sql => ({ text, values: [] }) : (text: string): Sql => ({ text: `+${text}`, values: [] });
  const conditions: Sql[] = [
    ...keys.map((key) => sql`seq IN (${key})`),
    ...(status === undefined ? [] : [sql`${column('status')} = ${status}`]),
    ...(sender === undefined ? [] : [sql`${column('sender')} = ${sender}`]),
    ...(from === undefined ? [] : [sql`${column('received_at')} >= ${from}`]),
    ...(to === undefined ? [] : [sql`${column('received_at')} < ${to}`]),
    ...(before === undefined ? [] : [sql`seq < ${before}`]),
  ];
  return sql`SELECT ${{ text: MESSAGE_COLUMNS, values: [] }} FROM message WHERE ${all(conditions)} ORDER BY seq DESC LIMIT ${count + 1}`;
}

function named(folded: string): Sql {
  const end = afterPrefix(folded);
  const below = end === undefined ? sql`` : sql` AND value < ${end}`;
  return sql`SELECT seq FROM message_key WHERE kind = ${KEY_KIND.name} AND value >= ${folded}${below}`;
}
