import type { StructureDefinition } from 'fhir/r4.js';
import type { Definitions } from '../fhir/definitions.ts';
import { checkSlices, checkValue } from './check-rules.ts';
import { compileRules, type RulesContext } from './compile-rules.ts';
import type { CompileInvariant } from './invariant.ts';
import { type ProfileNode, profileTree } from './profile-tree.ts';
import type { Instance, ProfileCheck, Rules } from './rules.ts';
import { frameWithin } from './frame.ts';
import type { Walk } from './walk.ts';

/** How many references one after another are followed to see whether their targets meet a profile. */
const MOST_NESTING = 16;

interface Compiled {
  readonly structure: StructureDefinition;
  readonly tree: ProfileNode;
  /** Undefined: it asks nothing beyond its type. */
  readonly rules: Rules | undefined;
}

/** The profiles of the definitions, each compiled when first met. */
export class Profiles implements ProfileCheck {
  readonly #context: RulesContext;
  readonly #compiled = new Map<string, Compiled>();
  readonly #nodes = new Map<ProfileNode, Rules | undefined>();
  /** What is being tried right now: a profile that leads back to the same value is taken as met there. */
  readonly #trying = new Map<unknown, Set<string>>();

  constructor(definitions: Definitions, compileInvariant: CompileInvariant) {
    this.#context = {
      definitions,
      compileInvariant,
      profiles: this,
      treeOf: (profile) => this.#treeOf(profile),
      meetsNode: (node, instance, walk) => this.#meetsNode(node, instance, walk),
    };
  }

  typeOf(profile: string): string | undefined {
    return this.#context.definitions.structure(profile)?.type;
  }

  meets(profile: string, value: unknown, walk: Walk): boolean | undefined {
    const known = walk.verdicts.get(value)?.get(profile);
    if (known !== undefined) return known;
    // Resources that point to each other without end are not followed without end.
    if (walk.nesting >= MOST_NESTING) return undefined;
    const trial = walk.scratch();
    if (!this.check(profile, value, trial)) return undefined;
    const verdict = !trial.issues.some((item) => item.severity === 'error');
    const verdicts = walk.verdicts.get(value) ?? new Map<string, boolean>();
    walk.verdicts.set(value, verdicts.set(profile, verdict));
    return verdict;
  }

  check(profile: string, value: unknown, walk: Walk): boolean {
    const compiled = this.#of(profile);
    if (compiled === undefined) return false;
    const { structure, rules } = compiled;
    if (isResource(value) && structure.kind === 'resource' && value.resourceType !== structure.type && structure.type !== 'Resource') {
      walk.reportNew(walk.location(), 'profile-not-met', { profile: structure.url, rule: `the type is ${structure.type}` });
      return true;
    }
    if (rules === undefined) return true;
    const trying = this.#trying.get(value) ?? new Set<string>();
    if (trying.has(structure.url)) return true;
    trying.add(structure.url);
    this.#trying.set(value, trying);
    const outer = walk.frame;
    walk.frame = frameWithin(value, outer);
    checkValue(rules, { value, sibling: undefined, index: -1, type: undefined }, walk, this, undefined);
    walk.frame = outer;
    trying.delete(structure.url);
    if (trying.size === 0) this.#trying.delete(value);
    return true;
  }

  #treeOf(profile: string): ProfileNode | undefined {
    const elements = this.#context.definitions.structure(profile)?.snapshot?.element;
    return elements && profileTree(elements);
  }

  #of(profile: string): Compiled | undefined {
    const known = this.#compiled.get(profile);
    if (known !== undefined) return known;
    const structure = this.#context.definitions.structure(profile);
    const tree = structure?.snapshot && profileTree(structure.snapshot.element);
    if (structure === undefined || tree === undefined) return undefined;
    // The base walk has held the value against a type of R4 already.
    const rules = structure.derivation === 'constraint' ? compileRules(tree, structure.url, this.#context) : undefined;
    const compiled = { structure, tree, rules };
    this.#compiled.set(profile, compiled);
    return compiled;
  }

  #meetsNode(node: ProfileNode, instance: Instance, walk: Walk): boolean {
    if (!this.#nodes.has(node)) this.#nodes.set(node, compileRules(node, '', this.#context));
    const rules = this.#nodes.get(node);
    if (rules === undefined) return true;
    const trial = walk.scratch();
    checkValue(rules, instance, trial, this, undefined);
    if (rules.slicing !== undefined) checkSlices(rules, rules.slicing, [instance], {}, trial, this);
    return !trial.issues.some((item) => item.severity === 'error');
  }
}

function isResource(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && 'resourceType' in value;
}
