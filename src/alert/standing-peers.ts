/** Peers that keep a connection, and whether they have one. Who connects for each message anew is none of them. */
export interface StandingPeers {
  /** Of an address; each of its connections by itself. */
  connected(address: string): void;
  /** `openedAt`: UTC ms. */
  disconnected(address: string, openedAt: number): void;
  /** Those without a connection, and since when. UTC ms. */
  lost(): readonly { readonly address: string; readonly since: number }[];
}

/** A connection that lasted so long was meant to last. Units: ms */
const STANDING_MS = 600_000;
const MOST_PEERS = 1_000;

/** `now`: UTC ms. */
export function watchPeers(now: () => number): StandingPeers {
  const open = new Map<string, number>();
  const lost = new Map<string, number>();
  return {
    connected(address) {
      open.set(address, (open.get(address) ?? 0) + 1);
      lost.delete(address);
    },
    disconnected(address, openedAt) {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) {
        open.set(address, left);
        return;
      }
      open.delete(address);
      if (now() - openedAt >= STANDING_MS && lost.size < MOST_PEERS) lost.set(address, now());
    },
    lost: () => [...lost].map(([address, since]) => ({ address, since })),
  };
}
