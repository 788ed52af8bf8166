import type { CodeSystem, CodeSystemConcept } from 'fhir/r4.js';

/** The concepts of one code system, and which stand under which. */
export interface ConceptTree {
  readonly system: string;
  /** Whether the system lists all its codes. */
  readonly complete: boolean;
  /** By code, or by the code in lower case where case does not count. */
  find(code: string): CodeSystemConcept | undefined;
  readonly concepts: ReadonlyMap<string, CodeSystemConcept>;
  /** The code and every code under it, at any depth. */
  under(code: string): ReadonlySet<string>;
  parentsOf(code: string): ReadonlySet<string>;
  childrenOf(code: string): ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}

/** Reads a code system into a tree. A code stands under another by nesting or by the properties parent, child and subsumedBy. */
export function conceptTree(codeSystem: CodeSystem): ConceptTree {
  const concepts = new Map<string, CodeSystemConcept>();
  const parents = new Map<string, Set<string>>();
  const children = new Map<string, Set<string>>();
  const link = (parent: string, child: string) => {
    addTo(children, parent, child);
    addTo(parents, child, parent);
  };
  const walk = (concept: CodeSystemConcept, parent: string | undefined) => {
    concepts.set(concept.code, concept);
    if (parent !== undefined) link(parent, concept.code);
    for (const { code, valueCode } of concept.property ?? []) {
      if (valueCode === undefined) continue;
      if (code === 'parent' || code === 'subsumedBy') link(valueCode, concept.code);
      else if (code === 'child') link(concept.code, valueCode);
    }
    for (const child of concept.concept ?? []) walk(child, concept.code);
  };
  for (const concept of codeSystem.concept ?? []) walk(concept, undefined);

  const folded = new Map<string, CodeSystemConcept>();
  if (codeSystem.caseSensitive === false) for (const [code, concept] of concepts) folded.set(code.toLowerCase(), concept);

  return {
    system: codeSystem.url ?? '',
    complete: codeSystem.content === 'complete',
    concepts,
    find: (code) => concepts.get(code) ?? folded.get(code.toLowerCase()),
    under(code) {
      const found = new Set([code]);
      for (const one of found) for (const child of children.get(one) ?? NONE) found.add(child);
      return found;
    },
    parentsOf: (code) => parents.get(code) ?? NONE,
    childrenOf: (code) => children.get(code) ?? NONE,
  };
}
