import { connect } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { headerOfBytes } from '../hl7v2/decode-message.ts';
import { parseMessage } from '../hl7v2/parse-message.ts';
import { createFrameDecoder, encodeFrame } from './frame.ts';

/** How messages are sent. */
export interface SendOptions {
  /** At most so many a second; as fast as they are answered where it is left out. */
  readonly rate?: number;
  /** How long an answer is waited for. Units: ms */
  readonly timeoutMs?: number;
  /** Over TLS, and how: whose certificates are believed, which one is shown. */
  readonly tls?: ConnectionOptions;
  /** Hears of every message as it is settled. */
  readonly onSent?: (sent: SentMessage) => void;
}

/** One message that was sent, and its answer. */
export interface SentMessage {
  /** MSH-10. */
  readonly controlId: string;
  /** MSA-1; undefined when no answer came, or none was asked for. */
  readonly code?: string;
  /** The answer as it came. */
  readonly answer?: string;
  /** From sending to the answer. Units: ms */
  readonly tookMs: number;
  /** Why there is no answer: none in time, a connection closed, the answer to another message, none asked for. */
  readonly failure?: 'timeout' | 'closed' | 'mismatch' | 'not-asked';
}

/** What became of the messages. */
export interface SendReport {
  readonly sent: readonly SentMessage[];
  /** How many got each MSA-1. Shape: { AA: 12, AE: 1 } */
  readonly codes: Readonly<Record<string, number>>;
  /** Messages that were not sent, the connection being gone. */
  readonly unsent: number;
}

/**
 * Sends messages over one MLLP connection, one at a time, each after the answer to the one before.
 * An answer counts only when its MSA-2 is the message's MSH-10; after another's, or none in time, the connection is closed:
 * a late answer must never be taken for the next message's.
 *
 * Fails by rejecting with the system's error when no connection can be made
 */
export async function sendMessages(
  host: string,
  port: number,
  messages: readonly Uint8Array[],
  options: SendOptions = {},
): Promise<SendReport> {
  const { rate, timeoutMs = 30_000, tls, onSent } = options;
  const connection = await open(host, port, tls);
  const sent: SentMessage[] = [];
  const start = performance.now();
  for (const [index, message] of messages.entries()) {
    if (rate !== undefined) await until(start + (index * 1000) / rate);
    const settled = await sendOne(connection, message, timeoutMs);
    sent.push(settled);
    onSent?.(settled);
    if (settled.failure !== undefined && settled.failure !== 'not-asked') break;
  }
  connection.close();
  const codes: Record<string, number> = {};
  for (const { code } of sent) if (code !== undefined) codes[code] = (codes[code] ?? 0) + 1;
  return { sent, codes, unsent: messages.length - sent.length };
}

/** Sends one message and waits for the answer it asks for: the application's where MSH-16 wants one, else the accept acknowledgment. */
async function sendOne(connection: Connection, message: Uint8Array, timeoutMs: number): Promise<SentMessage> {
  const header = headerOfBytes(message);
  const { controlId } = header;
  const accept = header.acceptAcknowledgment;
  const application = header.applicationAcknowledgment;
  const start = performance.now();
  const took = () => performance.now() - start;
  connection.write(encodeFrame(message));
  if ((accept === 'NE' && application === 'NE') || (accept === 'NE' && application === '') || (accept === '' && application === 'NE')) {
    return { controlId, tookMs: took(), failure: 'not-asked' };
  }
  const acceptIsAll = (accept !== '' || application !== '') && application !== 'AL';
  for (;;) {
    const frame = await connection.next(timeoutMs - took());
    if (typeof frame === 'string') return { controlId, tookMs: took(), failure: frame };
    const text = Buffer.from(frame).toString('utf8');
    // Byte by byte, as the header was read: whatever the character set, equal bytes are equal ids.
    const parsed = parseMessage(Buffer.from(frame).toString('latin1'));
    const msa = parsed.ok ? parsed.value.segments.find((segment) => segment.name === 'MSA') : undefined;
    const code = msa?.value(1) ?? '';
    if (msa?.field(2)[0]?.text().trim() !== controlId && controlId !== '')
      return { controlId, tookMs: took(), failure: 'mismatch', answer: text };
    if (code === 'CA' && !acceptIsAll) continue;
    return { controlId, code, answer: text, tookMs: took() };
  }
}

/** A connection seen from the sending side. */
interface Connection {
  write(bytes: Uint8Array): void;
  /** The next frame, or why there is none. */
  next(timeoutMs: number): Promise<Uint8Array | 'timeout' | 'closed'>;
  close(): void;
}

function open(host: string, port: number, tls: ConnectionOptions | undefined): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = tls === undefined ? connect(port, host) : connectTls({ ...tls, host, port });
    const decoder = createFrameDecoder({ maxFrameBytes: 64 * 1024 * 1024 });
    const frames: Uint8Array[] = [];
    let wake: (() => void) | undefined;
    let closed = false;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      for (const event of decoder.push(chunk)) if (event.kind === 'frame') frames.push(event.bytes);
      wake?.();
    });
    socket.on('close', () => {
      closed = true;
      wake?.();
    });
    socket.on('error', reject);
    socket.on(tls === undefined ? 'connect' : 'secureConnect', () =>
      resolve({
        write: (bytes) => void socket.write(bytes),
        next: (timeoutMs) =>
          new Promise((answer) => {
            const timer = setTimeout(() => settle('timeout'), Math.max(0, timeoutMs));
            const settle = (frame: Uint8Array | 'timeout' | 'closed') => {
              clearTimeout(timer);
              wake = undefined;
              answer(frame);
            };
            wake = () => {
              const frame = frames.shift();
              if (frame !== undefined) settle(frame);
              else if (closed) settle('closed');
            };
            wake();
          }),
        close: () => socket.destroySoon(),
      }),
    );
  });
}

function until(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));
}
