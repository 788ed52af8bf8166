import { connect, type Socket } from 'node:net';
import { createFrameDecoder, encodeFrame } from '../../src/wire/frame.ts';

/** One connection of a sender that waits for each answer before it sends the next message. */
export interface Sender {
  /** The next answer on the connection. Rejects when the connection is cut first, or nothing came in time. */
  send(message: string | Uint8Array): Promise<string>;
  close(): void;
}

const PATIENCE_MS = 60_000;

/** A sender over MLLP. Rejects when nobody listens. */
export async function mllpSender(host: string, port: number): Promise<Sender> {
  const socket: Socket = connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const decoder = createFrameDecoder({ maxFrameBytes: 16_000_000, strict: false });
  const answers: string[] = [];
  let waiting: { resolve(answer: string): void; reject(error: Error): void } | undefined;
  let cut = false;
  socket.on('data', (chunk) => {
    for (const event of decoder.push(chunk)) if (event.kind === 'frame') answers.push(Buffer.from(event.bytes).toString());
    const answer = waiting === undefined ? undefined : answers.shift();
    if (answer !== undefined) waiting?.resolve(answer);
  });
  const end = (): void => {
    cut = true;
    waiting?.reject(new RangeError('the connection was cut'));
  };
  socket.on('error', end);
  socket.on('close', end);
  return {
    async send(message) {
      if (cut) throw new RangeError('the connection was cut');
      const answer = new Promise<string>((resolve, reject) => (waiting = { resolve, reject }));
      const late = setTimeout(() => waiting?.reject(new RangeError('no answer in time')), PATIENCE_MS);
      socket.write(encodeFrame(Buffer.from(message)));
      try {
        return await answer;
      } finally {
        clearTimeout(late);
        waiting = undefined;
      }
    },
    close: () => void socket.destroy(),
  };
}

/** A sender over HTTP. */
export function httpSender(http: string): Sender {
  return {
    async send(message) {
      const response = await fetch(`${http}/hl7v2`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/hl7-v2' },
        body: Buffer.from(message),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      return response.text();
    },
    close: () => undefined,
  };
}

/** MSA-1 and MSA-2 of an answer. Shape: ['AA', 'C1-2'] */
export function saidOf(answer: string): [string | undefined, string | undefined] {
  const [, code, controlId] = /(?:^|\r)MSA\|([A-Z]{2})\|([^|\r]*)/.exec(answer) ?? [];
  return [code, controlId];
}

/** Numbers in [0, 1) that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
