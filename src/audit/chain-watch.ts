import type { Store } from '../store/store.ts';
import { follows, type Head, keyOf, readLink } from './chain.ts';
import { LINKS, readHead, readStart } from './kept-trail.ts';

/** Goes over the chain again and again, a few links at a time, so that a gateway that runs finds what `audit verify` would. */
export interface ChainWatch {
  /** Looks at the next few links. */
  step(): Promise<void>;
  /** The last link that did not follow the one before, or that is missing; undefined once the whole chain was gone over without one. */
  readonly brokenAt: number | undefined;
}

/** A link of a busy moment has hundreds of records: nobody is to wait for this. */
const AT_ONCE = 10;
const ROUNDS = 5;
const MOST_RECORDS = 1_000;

/** A watch over the chain of a store. */
export function watchChain(store: Store): ChainWatch {
  let last: Head | undefined;
  let found: number | undefined;
  let brokenAt: number | undefined;

  function blame(link: number): void {
    found = link;
    brokenAt = link;
  }

  /** How many records were looked at, and one; 0 at the end of the chain. */
  async function some(): Promise<number> {
    // in this order: what is appended or archived meanwhile is no fault
    const { head } = await readHead(store);
    let at = last ?? (await readStart(store)).start;
    const links = (await store.listDocuments(LINKS, keyOf(at.number), AT_ONCE)).map(readLink);
    const { start } = await readStart(store);
    if (start.number > at.number) {
      last = start;
      return 0;
    }
    for (const link of links) {
      if (!follows(link, at)) blame(link.number);
      at = { number: link.number, hash: link.hash };
    }
    last = at;
    const isMore = links.length === AT_ONCE || (links.length > 0 && at.number > head.number);
    if (isMore) return links.reduce((sum, { records }) => sum + records.length, 1);
    if (at.number !== head.number || at.hash !== head.hash) blame(head.number);
    [brokenAt, found, last] = [found, undefined, undefined];
    return 0;
  }

  return {
    async step() {
      let records = 0;
      for (let round = 0; round < ROUNDS && records < MOST_RECORDS; round += 1) {
        const count = await some();
        if (count === 0) return;
        records += count;
      }
    },
    get brokenAt() {
      return brokenAt;
    },
  };
}
