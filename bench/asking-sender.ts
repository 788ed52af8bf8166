import { connect } from 'node:net';
import { createFrameDecoder, encodeFrame } from '../src/wire/frame.ts';

/** When each of a message's answers came. Units: ms from its sending */
export interface Answered {
  readonly acceptMs: number;
  readonly applicationMs: number;
}

/** A connection over which messages go out when they are due, whether or not those before them are answered. */
export interface AskingSender {
  /** Resolves with the answers, both where MSH-15 and MSH-16 ask for both; rejects at any other answer than CA and AA. */
  send(controlId: string, message: string, asks: 'accept' | 'both'): Promise<Answered>;
  close(): void;
}

interface Waiting {
  readonly sentAt: number;
  readonly asks: 'accept' | 'both';
  acceptMs: number;
  resolve(answered: Answered): void;
  reject(error: Error): void;
}

/** Opens a connection to a listener. */
export async function askingSender(host: string, port: number): Promise<AskingSender> {
  const socket = connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const decoder = createFrameDecoder({ maxFrameBytes: 1_000_000 });
  const waiting = new Map<string, Waiting>();
  const hear = (answer: string): void => {
    const [, code = '', controlId = ''] = /\rMSA\|(\w+)\|([^|\r]*)/.exec(answer) ?? [];
    const one = waiting.get(controlId);
    if (one === undefined) return;
    const tookMs = performance.now() - one.sentAt;
    if (code === 'CA') one.acceptMs = tookMs;
    if (code === 'CA' && one.asks === 'both') return;
    waiting.delete(controlId);
    if (code === 'CA' || code === 'AA') one.resolve({ acceptMs: one.acceptMs, applicationMs: tookMs });
    else one.reject(new RangeError(`${controlId} is answered ${code}`));
  };
  socket.on('data', (chunk) => {
    for (const event of decoder.push(chunk)) if (event.kind === 'frame') hear(Buffer.from(event.bytes).toString());
  });
  socket.on('close', () => {
    for (const one of waiting.values()) one.reject(new RangeError('the connection was closed'));
  });
  return {
    send: (controlId, message, asks) =>
      new Promise((resolve, reject) => {
        waiting.set(controlId, { sentAt: performance.now(), asks, acceptMs: Number.NaN, resolve, reject });
        socket.write(encodeFrame(Buffer.from(message)));
      }),
    close: () => void socket.destroy(),
  };
}
