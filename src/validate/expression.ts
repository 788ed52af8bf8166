import { createRequire } from 'node:module';
import type { OptionVariants } from 'fhirpath';
import type { Definitions } from '../fhir/definitions.ts';
import type { Walk } from './walk.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { isCostlyPattern } from './costly-expression.ts';
import { resolveReference } from './reference.ts';

type Value = Readonly<Record<string, unknown>>;

/** What one evaluation may cost, in steps: a few tenths of a second. The rules of a bundle of 1,000 entries take a third of it. */
const MOST_STEPS = 300_000;
/** Where it looks for doubles fhirpath.js holds each item against each other; so many pairs are a step. */
const PAIRS_A_STEP = 100;
const BY_PAIRS = /isDistinct|distinct|subsetOf|supersetOf|intersect|exclude|union|repeat|\|/;
/** What all evaluations of one validation may cost together: a second or two. */
const MOST_STEPS_IN_ALL = 1_000_000;
/** To begin an evaluation costs about as much as so many steps. */
const BEGINNING = 20;
const MOST_CHARACTERS = 1_000_000;

/** Makes a test of a FHIRPath expression on the path `base`: false only where it is false, undefined where it cannot be evaluated. */
export type CompileExpression = (base: string, expression: string) => (value: Value, walk: Walk) => boolean | undefined;

type Evaluate = (value: unknown, environment: Record<string, unknown>) => unknown[];
type Engine = (base: string, expression: string, options: OptionVariants) => Evaluate;

/** The engine takes 90 ms and 28 MB to load, and the rules that what messages become must meet are native: it waits for another. */
function loadEngine(): Engine {
  const load = createRequire(import.meta.url);
  const { compile } = load('fhirpath') as typeof import('fhirpath');
  const r4 = load('fhirpath/fhir-context/r4') as typeof import('fhirpath/fhir-context/r4').default;
  return (base, expression, options) => compile({ base, expression }, r4, options) as Evaluate;
}

/**
 * Expressions by fhirpath.js, each compiled when first evaluated and then kept.
 * References resolve to what is contained or in the same bundle, and value sets to what is loaded: nothing is fetched.
 * An evaluation that takes too many steps is given up, and so is what is left once a validation has taken too many: other requests wait.
 * Nothing at all counts as met: a rule about what is not there says nothing. It happens where dates of unequal precision are compared.
 */
export function expressionCompiler(definitions: Definitions): CompileExpression {
  const compiled = new Map<string, Evaluate>();
  let engine: Engine | undefined;
  let walking: Walk | undefined;
  let steps = 0;
  let byPairs = false;
  const count = (_context: unknown, _focus: unknown, result: unknown) => {
    const items: readonly unknown[] = Array.isArray(result) ? result : [];
    steps += 1 + items.length + (byPairs ? items.length ** 2 / PAIRS_A_STEP : 0);
    const isLong = items.length === 1 && typeof items[0] === 'string' && items[0].length > MOST_CHARACTERS;
    if (steps > MOST_STEPS || isLong) throw tooCostly('it takes too many steps');
  };
  const matcher = (before: string, after: string) => ({
    fn: ([text]: readonly unknown[], pattern: string) => {
      if (typeof text !== 'string' || typeof pattern !== 'string') return [];
      if (isCostlyPattern(pattern, text.length)) throw tooCostly('its pattern may run away on a text so long');
      return [new RegExp(before + pattern + after, 'su').test(text)];
    },
    arity: { 1: ['String' as const] },
  });
  const options = {
    debugger: count,
    // dom-3 and ref-1 call trace(); without a function it writes to the console
    traceFn: () => {},
    userInvocationTable: {
      resolve: {
        fn: (items: readonly unknown[]) =>
          items.flatMap((item) => (walking === undefined ? [] : (resolveReference(item, walking.frame) ?? []))),
        arity: { 0: [] },
      },
      memberOf: {
        fn: (items: readonly unknown[], valueSet: string) => isMember(items, definitions, valueSet),
        arity: { 1: ['String' as const] },
      },
      matches: matcher('', ''),
      matchesFull: matcher('^(?:', ')$'),
      // the narrative is checked where it stands
      htmlChecks: { fn: () => [true], arity: { 0: [] } },
    },
  };
  return (base, expression) => {
    const key = `${base} ${expression}`;
    const comparesPairs = BY_PAIRS.test(expression);
    return (value, walk) => {
      if (walk.cost.steps > MOST_STEPS_IN_ALL) return undefined;
      const outer = walking;
      walking = walk;
      try {
        let evaluate = compiled.get(key);
        if (evaluate === undefined) {
          engine ??= loadEngine();
          evaluate = engine(base, expression, options);
          compiled.set(key, evaluate);
        }
        steps = 0;
        byPairs = comparesPairs;
        const root = walk.frame.root ?? walk.frame;
        const result = evaluate(value, { resource: walk.frame.resource, rootResource: root.resource });
        return result.length === 0 || result[0] !== false;
      } catch {
        return undefined;
      } finally {
        walk.cost.steps += BEGINNING + steps;
        walking = outer;
      }
    };
  };
}

function tooCostly(reason: string): IssueError {
  return new IssueError(issue('too-costly', { reason }));
}

function isMember(items: readonly unknown[], definitions: Definitions, valueSet: string): boolean[] {
  const codes = definitions.codes(valueSet);
  const [item] = items;
  if (codes === undefined || item === undefined) return [];
  if (typeof item === 'string') return [codes.has(undefined, item)];
  const { coding, system, code } = item as { coding?: { system?: string; code?: string }[]; system?: string; code?: string };
  const codings = Array.isArray(coding) ? coding : [{ system, code }];
  return [codings.some((one) => typeof one.code === 'string' && one.system !== undefined && codes.has(one.system, one.code))];
}
