import type { MessageRow } from '../journal.ts';
import type { Collections, MessageDocument, Session } from './collections.ts';
import { readText } from './long-text.ts';

/** The name under which the parts of a message's text, or its bytes (`raw`), are kept. */
export function messageOwner(id: string, field: 'raw' | 'ack' | 'issues' | 'trace'): string {
  return `message/${id}/${field}`;
}

/** A message as its document keeps it, with its texts. */
export async function messageRow(collections: Collections, document: MessageDocument, session?: Session): Promise<MessageRow> {
  const { _id: id, names: _names, emptied: _emptied, holder: _holder, waiting: _waiting, ack, issues, trace, ...rest } = document;
  const texts: { ack?: string; issues?: string; trace?: string } = {};
  for (const [field, kept] of [
    ['ack', ack],
    ['issues', issues],
    ['trace', trace],
  ] as const)
    if (kept !== undefined) texts[field] = await readText(collections, kept, messageOwner(id, field), session);
  return { id, ...rest, ...texts };
}
