import type { DocumentKey, Store } from '../store/store.ts';
import { EMPTY, type Head, keyOf, type Link, readLink } from './chain.ts';

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
  /** Where the file was written. */
  readonly path: string;
  readonly until: string;
}

const AT_ONCE = 200;

/** What of an archive is told to whoever looks for AuditEvents that are in it. */
export interface ArchiveMark {
  /** The file's name, without its folder. */
  readonly file: string;
  /** When the last of its records was made. Shape: 2025-12-31T23:59:59.999Z */
  readonly until: string;
}

/** Where the chain begins. */
export interface Start extends Head {
  /** Links up to this one are in an archive and about to go. */
  readonly to?: number;
  readonly archives?: readonly ArchiveMark[];
}

/** The head, and its text as it is kept; null: there is none yet. */
export async function readHead(store: Store): Promise<{ head: Head; text: string | null }> {
  const [text] = await store.documents([HEAD]);
  return text === undefined ? { head: EMPTY, text: null } : { head: parsed(text), text };
}

/** Where the chain begins, and the text of that as it is kept; null: at its first link. */
export async function readStart(store: Store): Promise<{ start: Start; text: string | null }> {
  const [text] = await store.documents([START]);
  return text === undefined ? { start: EMPTY, text: null } : { start: parsed(text), text };
}

/** What somebody made of it that is none stands for an empty chain: no link fits that. */
function parsed(text: string): Start {
  try {
    return JSON.parse(text) as Start;
  } catch {
    return EMPTY;
  }
}

/** The links after a number, in order. */
export async function* linksAfter(store: Store, number: number): AsyncIterable<Link> {
  for (let after = keyOf(number); ; ) {
    const some = await store.listDocuments(LINKS, after, AT_ONCE);
    for (const one of some) yield readLink(one);
    const last = some.at(-1);
    if (last === undefined || some.length < AT_ONCE) return;
    after = last.key;
  }
}
