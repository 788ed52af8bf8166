import type { Counted, FeedTally } from './feed-tally.ts';

/**
 * Every message as it arrived, durable before anything is done with it.
 */
export interface Journal {
  /**
   * Keeps a message; durable when the promise resolves.
   * The same sender, control id and bytes again gives the row that is there, with its repeat counter raised.
   */
  receive(message: Arrival): Promise<Received>;
  get(id: string): Promise<MessageRow | undefined>;
  /** The bytes as they came; undefined when they are forgotten. */
  raw(id: string): Promise<Uint8Array | undefined>;
  search(query: MessageQuery): Promise<MessagePage>;
  /** Messages that were received or queued and not finished, in the order of arrival, from `after` on. */
  pending(after: number, count: number): Promise<MessageRow[]>;
  /** Messages whatever became of them, in the order of arrival, from `after` on. */
  list(after: number, count: number): Promise<MessageRow[]>;
  /** How many rows have each status. */
  counts(): Promise<Record<MessageStatus, number>>;
  /** What is counted of each sender over all starts; senders by name. */
  feeds(): Promise<FeedTally[]>;
  /** Messages that have ended, the oldest first, of which there is something left to forget: none that is received, queued or in error. */
  forgettable(query: ForgettableQuery): Promise<Forgettable[]>;
  /** What the bytes of the messages that arrived after one weigh, so many messages at most. */
  weigh(after: number, count: number): Promise<Weight>;
  /** Who works on which message, where several gateways share the journal. Left out: this gateway has it to itself. */
  readonly sharing?: Sharing;
}

/**
 * Gateways over one journal. Each unfinished message is held by the gateway that received it, as long as that one shows that it lives; then
 * by the one that took it over. Only the holder's commit can end a message, so whoever was taken for dead and was not does no harm.
 */
export interface Sharing {
  /**
   * Shows that this gateway lives, and makes its own the unfinished messages that no gateway that lives holds. Gives what it holds and does
   * not work on, in the order of arrival, so many at most.
   */
  takeOver(count: number, isAtWork: (id: string) => boolean): Promise<MessageRow[]>;
  /** How often that is to be asked. Units: ms */
  readonly everyMs: number;
  /**
   * The first of the messages that must end before this one is worked on here: itself while another gateway holds it, and whatever arrived
   * before it in its lanes. `here`: held by this gateway.
   */
  before(row: MessageRow): Promise<{ readonly id: string; readonly here: boolean } | undefined>;
}

/** What interface engines call the states of a message. */
export type MessageStatus = 'received' | 'queued' | 'processed' | 'filtered' | 'error' | 'rejected';

/** The states of a message that is not finished. */
export const UNFINISHED: readonly MessageStatus[] = ['received', 'queued'];

/** A message on its way in. */
export interface Arrival {
  /** Unique, made by the caller. */
  readonly id: string;
  /** The journal may take them away: they are not to be used afterwards. Left out only with `kept`, of a message whose bytes are forgotten. */
  readonly raw?: Uint8Array | undefined;
  /** Hex. */
  readonly sha256: string;
  /** MSH-3 and MSH-4 as sent. Shape: LABSYS|GENHOSP */
  readonly sender: string;
  readonly controlId: string;
  /** Shape: ADT^A01 */
  readonly messageType: string;
  /** Where it came in. Shape: mllp 127.0.0.1:53124, http 127.0.0.1 */
  readonly channel: string;
  /** UTC ms. */
  readonly receivedAt: number;
  /** What operators look for. */
  readonly keys: MessageKeys;
  /** Rejected when the message cannot go on from the start; its answer is then kept with it. */
  readonly status: 'received' | 'rejected';
  readonly ack?: string;
  readonly issues?: string;
  /** Counted of its sender with it; of a repeat only where the message stands where it would be put. */
  readonly counted?: readonly Counted[];
  /** The row as another store keeps it, its place and all that became of it. Its place must be behind every other. It is not counted. */
  readonly kept?: MessageRow;
}

/** The keys operators search by, as sent. */
export interface MessageKeys {
  readonly mrn: readonly string[];
  readonly visit: readonly string[];
  readonly order: readonly string[];
  /** Family and given, for a search by name. */
  readonly name: readonly string[];
}

/** What `receive` found. `reused` is a row of the same sender and control id with other bytes. */
export type Received =
  | { readonly kind: 'new'; readonly row: MessageRow; readonly reused: boolean }
  | { readonly kind: 'repeat'; readonly row: MessageRow };

/** A message and what became of it. */
export interface MessageRow {
  readonly id: string;
  /** The order of arrival. */
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
  /** How often the same bytes came again. */
  readonly repeats: number;
  readonly attempts: number;
  /** Not to be tried before. UTC ms. */
  readonly nextTryAt?: number;
  /** The application acknowledgment as it was, or will be, sent. */
  readonly ack?: string;
  /** JSON: an array of Issue. */
  readonly issues?: string;
  /** JSON: what was made, and what was not and why. */
  readonly trace?: string;
}

/** A step in a message's life, applied with the change it belongs to. */
export interface MessageUpdate {
  readonly id: string;
  /** The states it may be in; another state is a conflict. */
  readonly from: readonly MessageStatus[];
  readonly status: MessageStatus;
  readonly processedAt?: number;
  readonly attempts?: number;
  /** Belongs to this step alone: left out, the message may be tried at once. The other fields, left out, stay as they are. */
  readonly nextTryAt?: number;
  readonly ack?: string;
  readonly issues?: string;
  readonly trace?: string;
  /** Counted of its sender with this step. */
  readonly counted?: readonly Counted[];
  /** Whose message it is, for who takes note of its end; the store knows it. */
  readonly of?: Pick<MessageRow, 'sender' | 'channel'>;
  /** The end of it: the other fields count for nothing then. */
  readonly forget?: Forgetting;
}

/**
 * `content`: bytes and trace go; what is left recognises the same bytes and gives them their answer. `row`: all of it goes, and the same bytes
 * would be a new message.
 */
export type Forgetting = 'content' | 'row';

/** Which messages are to be forgotten. */
export interface ForgettableQuery {
  readonly what: Forgetting;
  /** Received before. UTC ms. */
  readonly before: number;
  readonly count: number;
}

/** A message that may be forgotten. */
export interface Forgettable {
  readonly id: string;
  readonly status: MessageStatus;
  /** UTC ms. */
  readonly receivedAt: number;
  /** Of its bytes as they came. */
  readonly bytes: number;
}

/** What some messages weigh. */
export interface Weight {
  readonly bytes: number;
  /** The seq of the last of them; that after which they were looked for where there is none. */
  readonly last: number;
}

/** What to look for; what is left out does not matter. Newest first. */
export interface MessageQuery {
  readonly status?: MessageStatus;
  readonly sender?: string;
  readonly controlId?: string;
  readonly mrn?: string;
  readonly visit?: string;
  readonly order?: string;
  /** The beginning of a name, compared as normaliseString has it; the other keys compare to the letter. */
  readonly name?: string;
  /** UTC ms: received at or after. */
  readonly from?: number;
  /** UTC ms: received before. */
  readonly to?: number;
  readonly count: number;
  /** The seq the page before ended at. */
  readonly before?: number;
}

/** A page of messages. */
export interface MessagePage {
  readonly rows: readonly MessageRow[];
  readonly next?: number;
}
