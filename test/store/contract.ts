import { describe } from 'vitest';
import { contractOfHistory } from './contract-history.ts';
import { contractOfJournal } from './contract-journal.ts';
import { contractOfSearch } from './contract-search.ts';
import { contractOfSearchProperties } from './contract-search-properties.ts';
import { contractOfPaging } from './contract-paging.ts';
import { contractOfIncludes } from './contract-includes.ts';
import { contractOfRaces } from './contract-races.ts';
import { contractOfReindex } from './contract-reindex.ts';
import { contractOfRestart } from './contract-restart.ts';
import { contractOfWalks } from './contract-walks.ts';
import { contractOfWrites } from './contract-writes.ts';
import type { Harness } from './harness.ts';

/** What every store promises, as tests. Run it for each: `storeContract('sqlite', harness)`. */
export function storeContract(name: string, harness: Harness): void {
  describe(`a store (${name})`, () => {
    contractOfWrites(harness);
    contractOfRaces(harness);
    contractOfHistory(harness);
    contractOfWalks(harness);
    contractOfJournal(harness);
    contractOfSearch(harness);
    contractOfSearchProperties(harness);
    contractOfPaging(harness);
    contractOfIncludes(harness);
    contractOfReindex(harness);
    contractOfRestart(harness);
  });
}
