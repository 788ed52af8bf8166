import { UCUM } from '../fhir/base-units.ts';
import { type ConceptTree, conceptTree } from '../fhir/concept-tree.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { normaliseString } from '../fhir/index-values.ts';
import { isUcumUnit } from './unit.ts';
import type { Walk } from './walk.ts';

type Value = Readonly<Record<string, unknown>>;

/** What is odd about a value of a type without breaking a rule: warnings. */
export type Advise = (type: string, value: Value, walk: Walk) => void;

const QUANTITIES: ReadonlySet<string> = new Set(['Quantity', 'Age', 'Count', 'Distance', 'Duration']);

/** Warns of units that UCUM does not have, and of displays that are not those of the code. */
export function compileAdvice(definitions: Definitions): Advise {
  const trees = new Map<string, ConceptTree>();
  const treeOf = (system: string): ConceptTree | undefined => {
    const known = trees.get(system);
    if (known !== undefined) return known;
    const codeSystem = definitions.codeSystem(system);
    // Only what is loaded is remembered: systems come from outside.
    if (codeSystem === undefined) return undefined;
    const tree = conceptTree(codeSystem);
    trees.set(system, tree);
    return tree;
  };
  return (type, value, walk) => {
    const { system, code, display } = value;
    if (typeof system !== 'string' || typeof code !== 'string') return;
    if (QUANTITIES.has(type)) {
      if (system === UCUM && !isUcumUnit(code)) walk.reportAt(walk.location('code'), 'unit-unknown', { value: code });
      return;
    }
    if (type !== 'Coding' || typeof display !== 'string' || !isEnglish(walk.frame.resource.language)) return;
    const stated = treeOf(system)?.find(code)?.display;
    if (stated !== undefined && stated !== display && bare(stated) !== bare(display)) {
      walk.reportAt(walk.location('display'), 'display-differs', { stated, value: display });
    }
  };
}

/** Letters and digits: vital-signs and Vital Signs say the same. */
function bare(display: string): string {
  return normaliseString(display).replace(/[^\p{L}\p{N}]/gu, '');
}

/** The code systems we have are in English; of other languages they say nothing. */
function isEnglish(language: unknown): boolean {
  return typeof language !== 'string' || language.toLowerCase().startsWith('en');
}
