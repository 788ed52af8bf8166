import type { Store } from '../store/store.ts';
import { follows, type Head, keyOf, type Link } from './chain.ts';
import { LINKS, readHead, readStart } from './kept-trail.ts';

/** Goes over the chain again and again, a few links at a time, so that a gateway that runs finds what `audit verify` would. */
export interface ChainWatch {
  /** Looks at the next few links. */
  step(): Promise<void>;
  /** The last link that did not follow the one before, or that is missing; undefined once the whole chain was gone over without one. */
  readonly brokenAt: number | undefined;
}

const AT_ONCE = 50;

/** A watch over the chain of a store. */
export function watchChain(store: Store): ChainWatch {
  let last: Head | undefined;
  let found: number | undefined;
  let brokenAt: number | undefined;

  function blame(link: number): void {
    found = link;
    brokenAt = link;
  }

  return {
    async step() {
      // in this order: what is appended or archived meanwhile is no fault
      const { head } = await readHead(store);
      let at = last ?? (await readStart(store)).start;
      const links = (await store.listDocuments(LINKS, keyOf(at.number), AT_ONCE)).map(({ json }) => JSON.parse(json) as Link);
      const { start } = await readStart(store);
      if (start.number > at.number) {
        last = start;
        return;
      }
      for (const link of links) {
        if (!follows(link, at)) blame(link.number);
        at = { number: link.number, hash: link.hash };
      }
      last = at;
      if (links.length === AT_ONCE || at.number > head.number) return;
      if (at.number < head.number || at.hash !== head.hash) blame(head.number);
      [brokenAt, found, last] = [found, undefined, undefined];
    },
    get brokenAt() {
      return brokenAt;
    },
  };
}
