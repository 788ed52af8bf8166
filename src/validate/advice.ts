import type { CodeSystemConcept } from 'fhir/r4.js';
import { UCUM } from '../fhir/base-units.ts';
import { type ConceptTree, conceptTree } from '../fhir/concept-tree.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { normaliseString } from '../fhir/index-values.ts';
import { parseReference } from '../fhir/references.ts';
import { isUcumUnit } from './unit.ts';
import type { Walk } from './walk.ts';

type Value = Readonly<Record<string, unknown>>;

/** What is odd about a value of a type without breaking a rule: warnings. */
export type Advise = (type: string, value: Value, walk: Walk) => void;

const QUANTITIES: ReadonlySet<string> = new Set(['Quantity', 'Age', 'Count', 'Distance', 'Duration']);

/** Warns of units that UCUM does not have, of references that lead nowhere by their form, and of displays that are not those of the code. */
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
    if (type === 'Reference') {
      if (typeof value.reference === 'string' && !isReadable(value.reference, definitions.resourceTypes))
        walk.reportAt(walk.location('reference'), 'reference-unreadable', { value: value.reference });
      return;
    }
    const { system, code, display } = value;
    if (typeof system !== 'string' || typeof code !== 'string') return;
    if (QUANTITIES.has(type)) {
      if (system === UCUM && !isUcumUnit(code)) walk.reportAt(walk.location('code'), 'unit-unknown', { value: code });
      return;
    }
    if (type !== 'Coding' || typeof display !== 'string') return;
    const concept = treeOf(system)?.find(code);
    if (concept?.display === undefined || concept.display === display) return;
    const stated = displayMeant(concept, display, walk.frame.resource.language);
    if (stated !== undefined) walk.reportAt(walk.location('display'), 'display-differs', { stated, value: display });
  };
}

/**
 * What a display should have been; undefined where it is one that the code has, in whatever language, or where nothing is known of the
 * language the resource is in. Code systems are in English where they do not say otherwise.
 */
function displayMeant({ display, designation = [] }: CodeSystemConcept, given: string, language: unknown): string | undefined {
  const own = designation.filter((one) => one.value !== undefined);
  if ([display, ...own.map((one) => one.value)].some((one) => one !== undefined && bare(one) === bare(given))) return undefined;
  if (typeof language !== 'string' || languageOf(language) === 'en') return display;
  return own.find((one) => one.language !== undefined && languageOf(one.language) === languageOf(language))?.value;
}

/** Shape: de-CH gives de */
function languageOf(tag: string): string {
  return tag.split('-', 1)[0]?.toLowerCase() ?? '';
}

/** Whether the text of a reference names something in a form that can be followed. */
function isReadable(text: string, resourceTypes: ReadonlySet<string>): boolean {
  const parsed = parseReference(text);
  return parsed !== undefined && (parsed.kind === 'absolute' || !('type' in parsed) || resourceTypes.has(parsed.type));
}

/** Letters and digits: vital-signs and Vital Signs say the same. */
function bare(display: string): string {
  return normaliseString(display).replace(/[^\p{L}\p{N}]/gu, '');
}
