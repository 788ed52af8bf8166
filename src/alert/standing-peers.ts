/** Peers that keep a connection, and whether they have one. Who connects for each message anew is none of them. */
export interface StandingPeers {
  /** Each of its connections by itself. `peer`: the listener and the address it comes from. Shape: lab 10.1.2.3 */
  connected(peer: string): void;
  /** `openedAt`: UTC ms. */
  disconnected(peer: string, openedAt: number): void;
  /** Those without a connection, and since when. UTC ms. */
  lost(): readonly { readonly peer: string; readonly since: number }[];
}

/** A connection that lasted so long was meant to last. Units: ms */
const STANDING_MS = 600_000;
const MOST_PEERS = 1_000;

/** `now`: UTC ms. */
export function watchPeers(now: () => number): StandingPeers {
  const open = new Map<string, number>();
  const lost = new Map<string, number>();
  return {
    connected(peer) {
      open.set(peer, (open.get(peer) ?? 0) + 1);
      lost.delete(peer);
    },
    disconnected(peer, openedAt) {
      const left = (open.get(peer) ?? 1) - 1;
      if (left > 0) {
        open.set(peer, left);
        return;
      }
      open.delete(peer);
      if (now() - openedAt >= STANDING_MS && lost.size < MOST_PEERS) lost.set(peer, now());
    },
    lost: () => [...lost].map(([peer, since]) => ({ peer, since })),
  };
}
