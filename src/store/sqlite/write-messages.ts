import { normaliseString } from '../../fhir/index-values.ts';
import { countsOf } from '../feed-tally.ts';
import type { Arrival, Forgetting, MessageKeys, MessageStatus, MessageUpdate, Received } from '../journal.ts';
import { countFeed } from './feed-rows.ts';
import { RowInsert } from './insert-rows.ts';
import { KEY_KIND, MESSAGE_COLUMNS, messageOf } from './message-row.ts';
import { type LongText, longTextIn, type PieceWriter } from './pieces.ts';
import { packText } from './packed-text.ts';
import type { Row, Statements } from './statements.ts';

const SAME = `SELECT ${MESSAGE_COLUMNS} FROM message WHERE sender = ? AND control_id = ? AND sha256 = ?`;
const INSERT = `INSERT INTO message (seq, id, sha256, sender, control_id, message_type, channel, received_at, status, keys, ack, issues)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const AS_KEPT = 'UPDATE message SET repeats = ?, attempts = ?, processed_at = ?, next_try_at = ?, trace = ? WHERE seq = ?';
const STEP = `UPDATE message SET status = ?, processed_at = coalesce(?, processed_at), attempts = coalesce(?, attempts), next_try_at = ?,
  ack = coalesce(?, ack), issues = coalesce(?, issues), trace = coalesce(?, trace) WHERE id = ?`;
/** What stands for bytes in pieces. */
const MARK = "SELECT raw FROM message_raw WHERE seq = ? AND typeof(raw) = 'text'";
const COUNT = 'INSERT INTO message_count (status, number) VALUES (?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number';
const MOVE =
  'INSERT INTO message_count (status, number) VALUES (?, -1), (?, 1) ON CONFLICT DO UPDATE SET number = number + excluded.number';

/** Writes the journal: arrivals, repeats and the steps of a message's life. */
export class MessageWriter {
  readonly #statements: Statements;
  readonly #keys: RowInsert;
  readonly #pieces: PieceWriter;

  constructor(statements: Statements, pieces: PieceWriter) {
    this.#statements = statements;
    this.#keys = new RowInsert(statements, 'message_key', ['kind', 'value', 'seq']);
    this.#pieces = pieces;
  }

  /** Counts a message that is known; undefined when it is not. */
  repeat(arrival: Arrival): Received | undefined {
    const statements = this.#statements;
    const same = statements.get(SAME, arrival.sender, arrival.controlId, Buffer.from(arrival.sha256, 'hex'));
    if (same === undefined) return undefined;
    statements.run('UPDATE message SET repeats = repeats + 1 WHERE seq = ?', same['seq'] as number);
    const counted = same['status'] === arrival.status ? (arrival.counted ?? []) : [];
    countFeed(statements, arrival.sender, arrival.receivedAt, countsOf('received', 'repeated', ...counted));
    return { kind: 'repeat', row: messageOf({ ...same, repeats: Number(same['repeats']) + 1 }) };
  }

  /** Its bytes are its own, or `long`. */
  receive(arrival: Arrival, long: LongText | undefined): Received {
    const repeated = this.repeat(arrival);
    if (repeated !== undefined) return repeated;
    const statements = this.#statements;
    const other = statements.get('SELECT 1 FROM message WHERE sender = ? AND control_id = ? LIMIT 1', arrival.sender, arrival.controlId);
    const { id, sender, controlId, messageType, channel, receivedAt, keys, ack, issues, kept } = arrival;
    const status = kept?.status ?? arrival.status;
    const values = [
      kept?.seq ?? null,
      id,
      Buffer.from(arrival.sha256, 'hex'),
      sender,
      controlId,
      messageType,
      channel,
      receivedAt,
      status,
      JSON.stringify(keys),
      ack ?? null,
      issues ?? null,
    ];
    const seq = Number(statements.prepare(INSERT).run(...values).lastInsertRowid);
    const raw = long === undefined ? arrival.raw : this.#pieces.settle(long);
    if (raw !== undefined) statements.run('INSERT INTO message_raw (seq, raw) VALUES (?, ?)', seq, raw);
    this.#keys.run(wordsOf(keys, controlId).flatMap(([kind, value]) => [kind, value, seq]));
    if (kept !== undefined) {
      const { repeats, attempts, processedAt, nextTryAt, trace } = kept;
      statements.run(AS_KEPT, repeats, attempts, processedAt ?? null, nextTryAt ?? null, packText(trace), seq);
    } else countFeed(statements, sender, receivedAt, countsOf('received', ...(arrival.counted ?? [])));
    this.#count(status, 1);
    const row = statements.get(`SELECT ${MESSAGE_COLUMNS} FROM message WHERE seq = ?`, seq) as Row;
    return { kind: 'new', row: messageOf(row), reused: other !== undefined };
  }

  /** The id of the first message that was in none of the states it may be in. */
  update(updates: readonly MessageUpdate[]): string | undefined {
    for (const step of updates) {
      const row = this.#statements.get('SELECT status, sender FROM message WHERE id = ?', step.id);
      const found = row?.['status'] as MessageStatus | undefined;
      if (row === undefined || found === undefined || !step.from.includes(found)) return step.id;
      if (step.forget !== undefined) {
        this.#forget(step.id, found, step.forget);
        continue;
      }
      const { status, processedAt, attempts, nextTryAt, ack, issues, trace, id } = step;
      const values = [status, processedAt, attempts, nextTryAt, ack, issues, packText(trace), id].map((value) => value ?? null);
      this.#statements.run(STEP, ...values);
      if (found !== status) this.#statements.run(MOVE, found, status);
      if (step.counted !== undefined) countFeed(this.#statements, row['sender'] as string, undefined, countsOf(...step.counted));
    }
    return undefined;
  }

  #forget(id: string, status: MessageStatus, what: Forgetting): void {
    const row = this.#statements.get('SELECT seq, keys, control_id FROM message WHERE id = ?', id) as Row;
    const seq = row['seq'] as number;
    const long = longTextIn(this.#statements.get(MARK, seq)?.['raw']);
    if (long !== undefined) this.#pieces.drop(long);
    this.#statements.run('DELETE FROM message_raw WHERE seq = ?', seq);
    if (what === 'content') {
      this.#statements.run('UPDATE message SET trace = NULL WHERE seq = ?', seq);
      return;
    }
    for (const [kind, value] of wordsOf(JSON.parse(row['keys'] as string) as MessageKeys, row['control_id'] as string))
      this.#statements.run('DELETE FROM message_key WHERE kind = ? AND value = ? AND seq = ?', kind, value, seq);
    this.#statements.run('DELETE FROM message WHERE seq = ?', seq);
    this.#count(status, -1);
  }

  #count(status: MessageStatus, by: number): void {
    this.#statements.run(COUNT, status, by);
  }
}

/** What a message is found by. */
function wordsOf({ mrn, visit, order, name }: MessageKeys, controlId: string): (readonly [number, string])[] {
  return [
    ...mrn.map((value) => [KEY_KIND.mrn, value] as const),
    ...visit.map((value) => [KEY_KIND.visit, value] as const),
    ...order.map((value) => [KEY_KIND.order, value] as const),
    ...name.map((value) => [KEY_KIND.name, normaliseString(value)] as const),
    [KEY_KIND.controlId, controlId] as const,
  ];
}
