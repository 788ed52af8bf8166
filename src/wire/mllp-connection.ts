import type { Socket } from 'node:net';
import type { Answer, Channel, Intake } from '../intake/intake.ts';
import { issue } from '../issue/issue.ts';
import type { ByteBudget, ByteHolder } from './byte-budget.ts';
import type { Clock } from './clock.ts';
import { type FrameEvent, createFrameDecoder, encodeFrame } from './frame.ts';
import { receiveBody } from './receive-body.ts';
import { refuse } from './refusal.ts';

/** After an FS and this much silence the CR is not coming: the sender waits for its answer. Units: ms */
const MISSING_CR_MS = 200;
/** A closing connection is read and discarded so long, that its last answer is not lost to a reset. Units: ms */
const LINGER_MS = 2000;
/** A message of which more has come is read a piece at a time. Units: bytes */
const PIECE_BYTES = 65_536;
/** Application acknowledgments of accepted messages that may be outstanding on one connection. */
const MOST_OUTSTANDING = 256;

/** What happens on a connection, for counters and alerts. */
export type ConnectionEvent =
  | { readonly kind: 'frame' }
  /** A frame that was begun and never ended, as far as it came. */
  | { readonly kind: 'partial'; readonly bytes: Uint8Array }
  | { readonly kind: 'oversize' }
  | { readonly kind: 'silence' }
  | { readonly kind: 'fault'; readonly error: unknown };

/** What a connection is served with. */
export interface ConnectionContext {
  readonly channel: Channel;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly budget: ByteBudget;
  /** Units: bytes */
  readonly maxFrameBytes: number;
  /** Units: ms */
  readonly frameSilenceMs: number;
  readonly strict: boolean;
  readonly onEvent: (event: ConnectionEvent) => void;
}

/** One sender's connection. */
export interface MllpConnection {
  readonly junkBytes: number;
  /** Of the frame that is being read. */
  readonly partialBytes: number;
  /** Of messages that are not answered, whole and partial. */
  readonly heldBytes: number;
  /** When the frame that is being read was begun. UTC ms; undefined when none is. */
  readonly frameSince: number | undefined;
  /** Answers the whole frames that were read, drops a half one, then closes. */
  drain(): void;
}

/**
 * Serves one connection: frames are answered in order, and while one is worked on nothing more is read, so a fast sender waits in its socket.
 * Once an accept acknowledgment is sent the next message may begin; application acknowledgments keep their own order.
 */
export function serveConnection(socket: Socket, context: ConnectionContext): MllpConnection {
  const { budget, channel, clock, intake, onEvent } = context;
  const decoder = createFrameDecoder(context);
  const queue: Uint8Array[] = [];
  let oversizeHead: Uint8Array | undefined;
  /** Bytes of whole frames that are not answered. */
  let unanswered = 0;
  let held = 0;
  let overBudget = false;
  let betweenPieces = false;
  let working = false;
  let draining = false;
  let closing = false;
  let frameSince: number | undefined;
  let silence: NodeJS.Timeout | undefined;
  let missingCr: NodeJS.Timeout | undefined;
  const outstanding = new Set<Promise<void>>();
  let lastApplication: Promise<void> = Promise.resolve();

  const onFault = (error: unknown): void => onEvent({ kind: 'fault', error });
  const holder: ByteHolder = {
    pauseReading: () => {
      overBudget = true;
      regulate();
    },
    resumeReading: () => {
      overBudget = false;
      regulate();
    },
    cutOff: () => {
      if (decoder.isInside && !working && !closing) onSilence();
    },
  };

  /** Reads on, or does not. Silence counts against the sender only while it is read from. */
  function regulate(): void {
    clearTimeout(silence);
    if (socket.destroyed) return;
    const mayRead = !betweenPieces && (closing || (!working && !overBudget));
    if (mayRead) socket.resume();
    else socket.pause();
    if (mayRead && !closing && decoder.isInside) silence = setTimeout(onSilence, context.frameSilenceMs);
  }

  async function readInPieces(): Promise<void> {
    betweenPieces = true;
    await budget.nextPiece();
    betweenPieces = false;
    regulate();
  }

  function account(): void {
    const bytes = socket.destroyed ? 0 : decoder.bufferedBytes + unanswered;
    if (bytes === held) return;
    held = bytes;
    budget.hold(holder, bytes);
  }

  function onSilence(): void {
    onEvent({ kind: 'silence' });
    take(decoder.end());
    socket.destroy();
  }

  function take(events: readonly FrameEvent[]): void {
    for (const event of events) {
      if (event.kind === 'frame') {
        queue.push(event.bytes);
        unanswered += event.bytes.length;
        onEvent({ kind: 'frame' });
      } else if (event.kind === 'partial') onEvent(event);
      else {
        oversizeHead = event.head;
        onEvent({ kind: 'oversize' });
      }
    }
    frameSince = decoder.isInside ? (frameSince === undefined || events.length > 0 ? clock.now() : frameSince) : undefined;
    account();
    if (!working && !closing && !socket.destroyed && (queue.length > 0 || oversizeHead !== undefined)) void work();
  }

  /** Answers what was read, frame by frame; it catches everything, so that no fault of one message ends the process. */
  async function work(): Promise<void> {
    working = true;
    regulate();
    try {
      for (let frame = nextFrame(); frame !== undefined; frame = nextFrame()) await answer(frame);
      if (oversizeHead !== undefined && !closing) {
        await lastApplication;
        const cause = issue('message-too-long', { limit: context.maxFrameBytes });
        await send(refuse(oversizeHead, cause, clock, { close: true, resend: false }));
      }
      if (draining) {
        await lastApplication;
        close();
      }
    } catch (error) {
      onFault(error);
      socket.destroy();
    }
    working = false;
    regulate();
  }

  function nextFrame(): Uint8Array | undefined {
    return closing || socket.destroyed ? undefined : queue.shift();
  }

  async function answer(frame: Uint8Array): Promise<void> {
    // The journal may take the bytes away.
    const { length } = frame;
    const reception = await receiveBody(frame, { channel, intake, clock, onFault });
    if (reception.accept === undefined) {
      await lastApplication;
      await send(await reception.application);
      release(length);
      return;
    }
    await write(reception.accept);
    const later = answerLater(length, reception.application, lastApplication).finally(() => outstanding.delete(later));
    lastApplication = later;
    outstanding.add(later);
    // They end in order: when the first has ended there is room for one.
    if (outstanding.size >= MOST_OUTSTANDING) await outstanding.values().next().value;
  }

  async function answerLater(length: number, application: Promise<Answer | undefined>, before: Promise<void>): Promise<void> {
    const [later] = await Promise.all([application, before]);
    await send(later);
    release(length);
  }

  function release(length: number): void {
    unanswered -= length;
    account();
  }

  async function send(answered: Answer | undefined): Promise<void> {
    if (answered === undefined || closing) return;
    if (answered.bytes.length > 0) await write(answered.bytes);
    if (answered.close || answered.resend) close();
  }

  /** Resolves when the system has the bytes; a sender that does not take its answers is not read from, and in the end cut off. */
  function write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (socket.destroyed || socket.writableEnded) {
        resolve();
        return;
      }
      const stuck = setTimeout(() => socket.destroy(), context.frameSilenceMs);
      socket.write(encodeFrame(bytes), () => {
        clearTimeout(stuck);
        resolve();
      });
    });
  }

  /** After the last word reads and discards for a while: closing over unread bytes would reset the connection and lose the answer. */
  function close(): void {
    if (closing) return;
    closing = true;
    socket.end();
    regulate();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  function drain(): void {
    if (draining) return;
    draining = true;
    take(decoder.end());
    if (!working) void work();
  }

  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    if (socket.destroyed) return;
    if (!closing) {
      clearTimeout(missingCr);
      take(decoder.push(chunk));
      if (decoder.awaitsCr) missingCr = setTimeout(() => take(decoder.flush()), MISSING_CR_MS);
    }
    if (closing || decoder.bufferedBytes > PIECE_BYTES) void readInPieces();
    regulate();
  });
  socket.on('end', drain);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(silence);
    clearTimeout(missingCr);
    take(decoder.end());
  });

  return {
    get junkBytes() {
      return decoder.junkBytes;
    },
    get partialBytes() {
      return decoder.isInside ? decoder.bufferedBytes : 0;
    },
    get heldBytes() {
      return held;
    },
    get frameSince() {
      return frameSince;
    },
    drain,
  };
}
