import type { Issue } from '../issue/issue.ts';

/**
 * What a listener hands a message to. It owns the order of everything: journal, parse, map, identify, validate, store, answer.
 */
export interface Intake {
  /**
   * One message as its bytes came, without framing.
   *
   * Fails: nothing by throwing; whatever is wrong is in the answer
   */
  receive(raw: Uint8Array, channel: Channel): Promise<Reception>;
}

/** Where a message came in. */
export interface Channel {
  /** Shape: mllp 127.0.0.1:53124, http 127.0.0.1 */
  readonly name: string;
  /** HTTP is synchronous: the application acknowledgment is always made, whatever MSH-16 says. */
  readonly synchronous: boolean;
  /** The character set the transport declares, where it does (HTTP's charset parameter). */
  readonly charset?: string;
  /** Why a sender (MSH-3|MSH-4) may not send over it; left out, everybody may. */
  readonly refuses?: (sender: string) => Issue | undefined;
}

/** The answers to one message, encoded in the sender's character set, to be sent in this order. */
export interface Reception {
  /** Enhanced mode: the accept acknowledgment, when MSH-15 asks for it. */
  readonly accept?: Uint8Array;
  /** The application acknowledgment once the message is applied; undefined when none is to be sent. It never rejects. */
  readonly application: Promise<Answer | undefined>;
}

/** An application acknowledgment. */
export interface Answer {
  /** Empty when no acknowledgment can be built: there was no MSH to answer. */
  readonly bytes: Uint8Array;
  /** MSA-1, or what it would be. */
  readonly code: 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';
  /** The message was not stored and may be sent again: HTTP adds Retry-After, MLLP closes. */
  readonly resend: boolean;
  /** The connection is to be closed after this answer. */
  readonly close: boolean;
  /** Whoever sent it may not send as whom it names: over HTTP that is 403. */
  readonly forbidden?: boolean;
}
