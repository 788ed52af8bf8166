import { normaliseString } from '../../fhir/index-values.ts';
import type { Forgettable, ForgettableQuery, MessagePage, MessageQuery, MessageRow, MessageStatus, Weight } from '../journal.ts';
import { KEY_KIND, MESSAGE_COLUMNS, messageOf, STATUSES } from './message-row.ts';
import { bytesOf, longTextIn, readPieces } from './pieces.ts';
import { type Sql, all, sql } from './sql.ts';
import type { Statements } from './statements.ts';
import { afterPrefix } from '../text-range.ts';

const ENDED = "('processed', 'filtered', 'rejected')";
const OLD_ROWS = `SELECT id, status, received_at, coalesce((SELECT ${bytesOf('raw')} FROM message_raw r WHERE r.seq = message.seq), 0) AS bytes
  FROM message WHERE received_at < ? AND +status IN ${ENDED} ORDER BY received_at LIMIT ?`;
/** Walks the bytes that are left, not the rows: those whose bytes are forgotten stay for long. */
const OLD_CONTENT = `SELECT m.id, m.status, m.received_at, ${bytesOf('r.raw')} AS bytes FROM message_raw r CROSS JOIN message m ON m.seq = r.seq
  WHERE r.seq < coalesce((SELECT seq FROM message WHERE received_at >= ? ORDER BY received_at LIMIT 1), 9e15)
  AND +m.received_at < ? AND +m.status IN ${ENDED} ORDER BY r.seq LIMIT ?`;
const WEIGHT = `SELECT sum(bytes) AS bytes, max(seq) AS last
  FROM (SELECT seq, ${bytesOf('raw')} AS bytes FROM message_raw WHERE seq > ? ORDER BY seq LIMIT ?)`;

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
    const raw = this.#statements.get('SELECT raw FROM message_raw WHERE seq = (SELECT seq FROM message WHERE id = ?)', id)?.['raw'];
    const long = longTextIn(raw);
    return long === undefined ? (raw as Uint8Array | undefined) : readPieces(this.#statements, long);
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

  forgettable({ what, before, count }: ForgettableQuery): Forgettable[] {
    const found = this.#statements.all(
      ...((what === 'row' ? [OLD_ROWS, before, count] : [OLD_CONTENT, before, before, count]) as [string, ...number[]]),
    );
    return found.map((row) => ({
      id: row['id'] as string,
      status: row['status'] as MessageStatus,
      receivedAt: row['received_at'] as number,
      bytes: row['bytes'] as number,
    }));
  }

  weigh(after: number, count: number): Weight {
    const found = this.#statements.get(WEIGHT, after, count);
    return { bytes: Number(found?.['bytes'] ?? 0), last: Number(found?.['last'] ?? after) };
  }

  search(query: MessageQuery): MessagePage {
    const text = messageSearch(query);
    const found = this.#statements.all(text.text, ...text.values).map(messageOf);
    const rows = found.slice(0, query.count);
    const last = rows.at(-1);
    return { rows, ...(found.length > query.count && last !== undefined ? { next: last.seq } : {}) };
  }
}

/** The statement of a search for messages; exported so that tests can ask the database how it would run it. @internal */
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
