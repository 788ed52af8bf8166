import type { SearchParameter, StructureDefinition } from 'fhir/r4.js';
import { Bug } from '../issue/issue-error.ts';
import { conceptTree, type ConceptTree } from './concept-tree.ts';
import { type Definition, type KeptDefinitions, type Shelf, type ShelfRow, shelfFromKept, shelfFromResources } from './definition-shelf.ts';
import type { DefinitionKind, DefinitionKinds, Definitions, ElementInfo, Expansion } from './definitions.ts';
import { type ElementIndex, indexElements } from './element-index.ts';
import { expand, type Terminology } from './value-set.ts';

const TYPE_BASE = 'http://hl7.org/fhir/StructureDefinition/';
const TERMINOLOGY: ReadonlySet<DefinitionKind> = new Set(['CodeSystem', 'ValueSet', 'ConceptMap']);
const NONE: readonly never[] = [];

/** Where definitions come from: shelves, the first that has an address wins. */
type ShelvesOf = (kind: DefinitionKind) => readonly Shelf[];

/** Keeps what a function gave for a key. What it gave nothing for is asked again: names from outside are without number. */
function remembered<T>(make: (key: string) => T | undefined): (key: string) => T | undefined {
  const known = new Map<string, T>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      value = make(key);
      if (value !== undefined) known.set(key, value);
    }
    return value;
  };
}

class CompiledDefinitions implements Definitions {
  readonly #shelvesOf: ShelvesOf;
  readonly #elements: (type: string) => ElementIndex | undefined;
  readonly #lists: (parent: string) => readonly ElementInfo[] | undefined;
  readonly #expansions: (canonical: string) => Expansion | undefined;
  readonly #parameters: (type: string) => ReadonlyMap<string, SearchParameter> | undefined;
  #byBase: Map<string, SearchParameter[]> | undefined;
  readonly resourceTypes: ReadonlySet<string>;

  constructor(shelvesOf: ShelvesOf) {
    this.#shelvesOf = shelvesOf;
    const types = this.#rows('StructureDefinition').filter((row) => row.resource === true);
    this.resourceTypes = new Set(types.map((row) => row.type as string).sort());
    this.#elements = remembered((type) => {
      const structure = this.structure(type);
      return structure === undefined ? undefined : indexElements(structure);
    });
    this.#lists = remembered((parent) => {
      const children = this.#under(parent);
      return children === undefined ? undefined : [...children.values()];
    });
    const trees = remembered((canonical): ConceptTree | undefined => {
      const codeSystem = this.codeSystem(canonical);
      return codeSystem === undefined ? undefined : conceptTree(codeSystem);
    });
    const terminology: Terminology = {
      valueSet: (canonical) => this.valueSet(canonical),
      tree: (system, version) => (version === undefined ? undefined : trees(`${system}|${version}`)) ?? trees(system),
    };
    this.#expansions = remembered((canonical) => (this.valueSet(canonical) === undefined ? undefined : expand(canonical, terminology)));
    this.#parameters = remembered((type) => this.#parametersOf(type));
  }

  /** A library that looks into the resources before this one. */
  with(resources: readonly Definition[]): Definitions {
    const shelf = shelfFromResources(resources);
    return new CompiledDefinitions((kind) => [shelf, ...this.#shelvesOf(kind)]);
  }

  #rows(kind: DefinitionKind): ShelfRow[] {
    return this.#shelvesOf(kind).flatMap((shelf) => shelf.rows.filter((row) => row.kind === kind));
  }

  find<K extends DefinitionKind>(kind: K, canonical: string): DefinitionKinds[K] | undefined {
    for (const shelf of this.#shelvesOf(kind)) {
      const found = shelf.find(kind, canonical);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  *every<K extends DefinitionKind>(kind: K): Iterable<DefinitionKinds[K]> {
    for (const url of new Set(this.#rows(kind).map((row) => row.url))) {
      const found = this.find(kind, url);
      if (found !== undefined) yield found;
    }
  }

  structure(typeOrUrl: string): StructureDefinition | undefined {
    return this.find('StructureDefinition', typeOrUrl.includes(':') ? typeOrUrl : TYPE_BASE + typeOrUrl);
  }

  valueSet(url: string) {
    return this.find('ValueSet', url);
  }

  codeSystem(url: string) {
    return this.find('CodeSystem', url);
  }

  #under(parent: string): ReadonlyMap<string, ElementInfo> | undefined {
    const end = parent.indexOf('.');
    return this.#elements(end === -1 ? parent : parent.slice(0, end))?.get(parent);
  }

  child(parent: string, name: string) {
    return this.#under(parent)?.get(name);
  }

  children(parent: string) {
    return this.#lists(parent) ?? NONE;
  }

  expansion(valueSetUrl: string) {
    return this.#expansions(valueSetUrl);
  }

  codes(valueSetUrl: string) {
    const expansion = this.#expansions(valueSetUrl);
    return expansion?.missing.length === 0 ? expansion.codes : undefined;
  }

  #parametersOf(type: string): ReadonlyMap<string, SearchParameter> | undefined {
    const structure = this.structure(type);
    if (structure === undefined) return undefined;
    if (this.#byBase === undefined) {
      this.#byBase = new Map();
      for (const parameter of this.every('SearchParameter')) {
        for (const base of parameter.base) this.#byBase.set(base, [...(this.#byBase.get(base) ?? []), parameter]);
      }
    }
    const found = new Map<string, SearchParameter>();
    for (const base of ['Resource', 'DomainResource', type]) {
      if (base === 'DomainResource' && structure.baseDefinition !== `${TYPE_BASE}DomainResource`) continue;
      for (const parameter of this.#byBase.get(base) ?? []) found.set(parameter.code, parameter);
    }
    return found;
  }

  searchParameters(type: string) {
    return [...(this.#parameters(type)?.values() ?? NONE)];
  }

  searchParameter(type: string, name: string) {
    return this.#parameters(type)?.get(name);
  }
}

/** Definitions out of the generated files. The terminology is opened when first asked for. */
export function compileDefinitions(definitions: KeptDefinitions, terminology: () => KeptDefinitions): Definitions {
  const core = [shelfFromKept(definitions)];
  let terms: readonly Shelf[] | undefined;
  return new CompiledDefinitions((kind) => {
    if (!TERMINOLOGY.has(kind)) return core;
    terms ??= [shelfFromKept(terminology())];
    return terms;
  });
}

/** The definitions with more of them, which win over those of the same address: profile packages, or a search parameter made at run time. */
export function withResources(base: Definitions, resources: readonly Definition[]): Definitions {
  if (!(base instanceof CompiledDefinitions)) throw new Bug('these definitions were not made by compileDefinitions');
  return base.with(resources);
}
