import type { IncomingMessage } from 'node:http';
import { createGatheredBytes } from './gathered-bytes.ts';

/** A request's body, or why there is none. `countedBytes` were reported to `mayHold`, whatever became of them. */
export type Body = { readonly countedBytes: number } & (
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-long' | 'no-room' | 'gone' }
);

/**
 * Reads a body up to a limit. `mayHold` hears of every chunk and says whether there is room for it.
 * The rest of a body that is refused is discarded as it comes, so that the sender reads its answer instead of a reset.
 */
export async function readBody(request: IncomingMessage, limitBytes: number, mayHold: (bytes: number) => boolean): Promise<Body> {
  const content = createGatheredBytes();
  let countedBytes = 0;
  const refused = (kind: 'too-long' | 'no-room'): Body => {
    request.resume();
    return { kind, countedBytes };
  };
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return refused('too-long');
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      countedBytes += chunk.length;
      const room = mayHold(chunk.length);
      if (countedBytes > limitBytes) return refused('too-long');
      if (!room) return refused('no-room');
      content.add(chunk);
    }
  } catch {
    // The sender went away in the middle: nobody is left to be told.
    return { kind: 'gone', countedBytes };
  }
  return { kind: 'whole', bytes: content.take(), countedBytes };
}
