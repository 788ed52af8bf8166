import type { MessageKeys, MessageRow, MessageStatus } from '../journal.ts';
import { unpackText } from './packed-text.ts';
import type { Row } from './statements.ts';

/** The columns of a message, without its bytes. */
export const MESSAGE_COLUMNS =
  'seq, id, sha256, sender, control_id, message_type, channel, received_at, processed_at, status, repeats, attempts, next_try_at, keys, ack, issues, trace';

/** The kinds of message_key. */
export const KEY_KIND = { mrn: 1, visit: 2, order: 3, name: 4, controlId: 5 } as const;

/** Every status, in the order they are counted. */
export const STATUSES: readonly MessageStatus[] = ['received', 'queued', 'processed', 'filtered', 'error', 'rejected'];

/** A row of the table as the journal gives it. */
export function messageOf(row: Row): MessageRow {
  const optional = (column: string, name: keyof MessageRow): Partial<MessageRow> => (row[column] === null ? {} : { [name]: row[column] });
  return {
    id: row['id'] as string,
    seq: row['seq'] as number,
    sha256: Buffer.from(row['sha256'] as Uint8Array).toString('hex'),
    sender: row['sender'] as string,
    controlId: row['control_id'] as string,
    messageType: row['message_type'] as string,
    channel: row['channel'] as string,
    receivedAt: row['received_at'] as number,
    ...optional('processed_at', 'processedAt'),
    status: row['status'] as MessageStatus,
    keys: JSON.parse(row['keys'] as string) as MessageKeys,
    repeats: row['repeats'] as number,
    attempts: row['attempts'] as number,
    ...optional('next_try_at', 'nextTryAt'),
    ...optional('ack', 'ack'),
    ...optional('issues', 'issues'),
    ...(row['trace'] === null ? {} : { trace: unpackText(row['trace'] as string | Uint8Array) }),
  };
}
