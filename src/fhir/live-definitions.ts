import type { SearchParameter } from 'fhir/r4.js';
import { withResources } from './compile-definitions.ts';
import type { Definitions } from './definitions.ts';

/** Definitions whose search parameters change while the process runs. */
export interface LiveDefinitions {
  /** What came with the process: what is new is checked against it. */
  readonly base: Definitions;
  /** With the parameters that can be searched by. */
  readonly searchable: Definitions;
  /** With those too whose values are still being taken out of what is stored: what is written now is found by them already. */
  readonly indexed: Definitions;
  /** Takes the place of what was added before. */
  set(active: readonly SearchParameter[], indexing: readonly SearchParameter[]): void;
}

/** Makes definitions able to take up search parameters. Whoever holds `searchable` or `indexed` sees a change at once. */
export function liveDefinitions(base: Definitions): LiveDefinitions {
  let active = base;
  let all = base;
  let indexing: readonly SearchParameter[] = [];
  let revision = 0;
  const following = (current: () => Definitions): Definitions => ({
    get revision() {
      return revision;
    },
    get resourceTypes() {
      return base.resourceTypes;
    },
    find: (kind, canonical) => (kind === 'SearchParameter' ? current() : base).find(kind, canonical),
    every: (kind) => (kind === 'SearchParameter' ? current() : base).every(kind),
    structure: (name) => base.structure(name),
    child: (parent, name) => base.child(parent, name),
    children: (parent) => base.children(parent),
    valueSet: (url) => base.valueSet(url),
    codeSystem: (url) => base.codeSystem(url),
    codes: (url) => base.codes(url),
    expansion: (url) => base.expansion(url),
    searchParameters: (type) => current().searchParameters(type),
    searchParameter: (type, name) => current().searchParameter(type, name),
    isBeingIndexed: (type, name) =>
      indexing.some(({ code }) => code === name) && all.searchParameter(type, name) !== active.searchParameter(type, name),
  });
  return {
    base,
    searchable: following(() => active),
    indexed: following(() => all),
    set(searchable, stillIndexing) {
      indexing = stillIndexing;
      active = searchable.length === 0 ? base : withResources(base, searchable);
      all = stillIndexing.length === 0 ? active : withResources(base, [...searchable, ...stillIndexing]);
      revision += 1;
    },
  };
}
