import type { IncomingMessage } from 'node:http';
import { createGatheredBytes } from './gathered-bytes.ts';

/** A request's body, or why there is none. */
export type Body = { readonly kind: 'whole'; readonly bytes: Uint8Array } | { readonly kind: 'too-long' | 'no-room' | 'gone' };

/**
 * Reads a body up to a limit. `mayHold` hears with every chunk how long it is by now, and says whether there is room for it.
 * The rest of a body that is refused is discarded as it comes, so that the sender reads its answer instead of a reset.
 */
export async function readBody(request: IncomingMessage, limitBytes: number, mayHold: (bytes: number) => boolean): Promise<Body> {
  const content = createGatheredBytes();
  const refused = (kind: 'too-long' | 'no-room'): Body => {
    request.resume();
    return { kind };
  };
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return refused('too-long');
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const bytes = content.length + chunk.length;
      if (bytes > limitBytes) return refused('too-long');
      if (!mayHold(bytes)) return refused('no-room');
      content.add(chunk);
    }
  } catch {
    // The sender went away in the middle: nobody is left to be told.
    return { kind: 'gone' };
  }
  return { kind: 'whole', bytes: content.take() };
}
