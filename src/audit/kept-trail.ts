import type { DocumentKey, Store } from '../store/store.ts';
import { EMPTY, type Head, keyOf, type Link } from './chain.ts';

/** The links of the chain, by keyOf. */
export const LINKS = 'audit';
/** Records that a write carries in its own change until they are in the chain, by the record's id. */
export const NOTES = 'audit-note';
/** The last link. */
export const HEAD: DocumentKey = { kind: 'audit-state', key: 'head' };
/** Up to which link AuditEvents are made. */
export const MADE: DocumentKey = { kind: 'audit-state', key: 'made' };

/** The last link that was archived; the chain goes on from it. */
export const START: DocumentKey = { kind: 'audit-state', key: 'start' };

/** What an archive holds, as the record in the chain says it. */
export interface Archived {
  /** Numbers of links, both included. */
  readonly from: number;
  readonly to: number;
  /** Of the last of them. */
  readonly hash: string;
  /** Of the file. */
  readonly sha256: string;
}

const AT_ONCE = 200;

/** The head, and its text as it is kept; null: there is none yet. */
export async function readHead(store: Store): Promise<{ head: Head; text: string | null }> {
  const [text] = await store.documents([HEAD]);
  return text === undefined ? { head: EMPTY, text: null } : { head: JSON.parse(text) as Head, text };
}

/** Where the chain begins, and the text of that as it is kept; null: at its first link. */
export async function readStart(store: Store): Promise<{ start: Head; text: string | null }> {
  const [text] = await store.documents([START]);
  return text === undefined ? { start: EMPTY, text: null } : { start: JSON.parse(text) as Head, text };
}

/** The links after a number, in order. */
export async function* linksAfter(store: Store, number: number): AsyncIterable<Link> {
  for (let after = keyOf(number); ; ) {
    const some = await store.listDocuments(LINKS, after, AT_ONCE);
    for (const { json } of some) yield JSON.parse(json) as Link;
    const last = some.at(-1);
    if (last === undefined || some.length < AT_ONCE) return;
    after = last.key;
  }
}
