import type { ClientSession, Collection, Db, IndexDescription, ServerSessionId } from 'mongodb';
import type { FeedCounts } from '../feed-tally.ts';
import type { HowMade } from '../how-made.ts';
import type { MessageKeys, MessageStatus } from '../journal.ts';
import type { IndexDocument } from './index-document.ts';

/** A text: as it is, or the number of its parts in `parts` when it is too long for one document. */
export type KeptText = string | { readonly parts: number };

/** The current version of a resource. */
export interface ResourceDocument extends HowMade {
  /** Type/id */
  readonly _id: string;
  readonly type: string;
  readonly id: string;
  readonly ver: number;
  /** UTC ms. */
  readonly lu: number;
  readonly seq: number;
  /** The seq of its first version: the order of pages, which no update changes. */
  readonly born: number;
  readonly deleted: boolean;
  readonly res: KeptText;
  readonly ix: IndexDocument;
}

/** A version that was superseded. */
export interface HistoryDocument extends Omit<ResourceDocument, 'ix' | 'born'> {
  /** When the next version took its place. UTC ms. */
  readonly until: number;
}

/** A piece of what is too long for one document. */
export interface PartDocument {
  /** owner/number */
  readonly _id: string;
  readonly owner: string;
  readonly data: Buffer;
}

/** A unique key and the resource it belongs to. */
export interface ClaimDocument {
  readonly _id: string;
  readonly owner: string;
}

/** A document kept beside the resources. */
export interface KeptDocument {
  readonly _id: string;
  readonly kind: string;
  readonly key: string;
  readonly json: KeptText;
}

/** The last number given out. Whoever raises `turn` first in a transaction is alone until it ends: see docs/mongodb.md. */
export interface CounterDocument {
  /** commit, arrival or health; one of the first two and a sender: what transactions of that turn counted of it. */
  readonly _id: string;
  readonly seq: number;
  readonly turn: number;
  readonly sender?: string;
  /** UTC ms. */
  readonly lastAt?: number;
  readonly feed?: Partial<FeedCounts>;
  /** How many messages these transactions brought into a status, less those they took out of it; the sum of both counters is how many there are. */
  readonly counts?: Partial<Record<MessageStatus, number>>;
}

/** A message. Its bytes are parts. */
export interface MessageDocument {
  readonly _id: string;
  readonly seq: number;
  readonly sha256: string;
  readonly sender: string;
  readonly controlId: string;
  readonly messageType: string;
  readonly channel: string;
  readonly receivedAt: number;
  readonly processedAt?: number;
  readonly status: MessageStatus;
  readonly keys: MessageKeys;
  /** Names as they are compared. */
  readonly names: readonly string[];
  readonly repeats: number;
  readonly attempts: number;
  readonly nextTryAt?: number;
  readonly ack?: KeptText;
  readonly issues?: KeptText;
  readonly trace?: KeptText;
  /** Its bytes and trace are forgotten. */
  readonly emptied?: true;
  /** The gateway that works on it, and the lanes it waits in; gone when it is finished. */
  readonly holder?: string;
  readonly waiting?: readonly string[];
}

/** A gateway that works over this database. */
export interface GatewayDocument {
  readonly _id: string;
  /** When it last said that it lives, by the server's clock. */
  readonly seen: Date;
  /** Those it begins transactions in. */
  readonly sessions: readonly ServerSessionId[];
}

/** The collections of one database. */
export interface Collections {
  readonly resources: Collection<ResourceDocument>;
  readonly history: Collection<HistoryDocument>;
  readonly parts: Collection<PartDocument>;
  readonly claims: Collection<ClaimDocument>;
  readonly documents: Collection<KeptDocument>;
  readonly counters: Collection<CounterDocument>;
  readonly messages: Collection<MessageDocument>;
  readonly gateways: Collection<GatewayDocument>;
}

/** The session of a running transaction; undefined outside of one. */
export type Session = ClientSession | undefined;

/** The collections by name. */
export function collectionsOf(db: Db): Collections {
  return {
    resources: db.collection('resources'),
    history: db.collection('history'),
    parts: db.collection('parts'),
    claims: db.collection('claims'),
    documents: db.collection('documents'),
    counters: db.collection('counters'),
    messages: db.collection('messages'),
    gateways: db.collection('gateways'),
  };
}

const searched = { type: 1, deleted: 1 } as const;
const newest = { born: -1 } as const;

/** Every index. A compound index can hold one list only, hence one for each kind of value. */
const INDEXES: { readonly [name in keyof Collections]?: readonly IndexDescription[] } = {
  resources: [
    { name: 'newest', key: { ...searched, ...newest } },
    { name: 'newest-of-all', key: { deleted: 1, ...newest } },
    { name: 'history', key: { seq: -1 } },
    { name: 'history-type', key: { type: 1, seq: -1 } },
    { name: 'updated-first', key: { ...searched, lu: 1, ...newest } },
    { name: 'updated-last', key: { ...searched, lu: -1, ...newest } },
    { name: 'token', key: { ...searched, 'ix.t': 1, ...newest } },
    { name: 'reference', key: { ...searched, 'ix.r': 1, ...newest } },
    { name: 'referrer', key: { 'ix.r': 1, deleted: 1 } },
    { name: 'string', key: { ...searched, 'ix.s': 1 } },
    { name: 'exact', key: { ...searched, 'ix.x': 1 } },
    { name: 'date-low', key: { ...searched, 'ix.d.p': 1, 'ix.d.lo': 1, 'ix.d.hi': 1 } },
    { name: 'date-high', key: { ...searched, 'ix.d.p': 1, 'ix.d.hi': 1 } },
    { name: 'number', key: { ...searched, 'ix.n.p': 1, 'ix.n.v': 1 } },
    { name: 'quantity', key: { ...searched, 'ix.q.p': 1, 'ix.q.v': 1 } },
  ],
  history: [
    { name: 'newest', key: { seq: -1 } },
    { name: 'type', key: { type: 1, seq: -1 } },
    { name: 'instance', key: { type: 1, id: 1, seq: -1 } },
  ],
  parts: [{ name: 'owner', key: { owner: 1 } }],
  documents: [{ name: 'kind', key: { kind: 1, key: 1 } }],
  messages: [
    { name: 'same', key: { sender: 1, controlId: 1, sha256: 1 }, unique: true },
    { name: 'arrival', key: { seq: -1 }, unique: true },
    { name: 'status', key: { status: 1, seq: 1 } },
    { name: 'sender', key: { sender: 1, seq: -1 } },
    { name: 'control-id', key: { controlId: 1, seq: -1 } },
    { name: 'mrn', key: { 'keys.mrn': 1, seq: -1 } },
    { name: 'visit', key: { 'keys.visit': 1, seq: -1 } },
    { name: 'order', key: { 'keys.order': 1, seq: -1 } },
    { name: 'name', key: { names: 1, seq: -1 } },
    { name: 'received', key: { receivedAt: 1 } },
    { name: 'holder', key: { holder: 1, seq: 1 }, sparse: true },
    { name: 'waiting', key: { waiting: 1, seq: 1 }, sparse: true },
    { name: 'emptied', key: { emptied: 1, receivedAt: 1 } },
  ],
};

/** Makes the collections and indexes that are not there. A transaction cannot make a collection on every server. */
export async function createIndexes(db: Db, collections: Collections): Promise<void> {
  const names = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map((found) => found.name));
  for (const [name, collection] of Object.entries(collections) as [keyof Collections, Collection][]) {
    if (!names.has(name)) await db.createCollection(name).catch(alreadyThere);
    const indexes = INDEXES[name];
    if (indexes !== undefined) await collection.createIndexes([...indexes]);
  }
}

/** Two gateways that start at once both make the collections; the second finds them there (NamespaceExists). */
function alreadyThere(error: unknown): void {
  if ((error as { code?: unknown }).code !== 48) throw error;
}
