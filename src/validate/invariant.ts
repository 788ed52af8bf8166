import type { ElementDefinition, ElementDefinitionConstraint } from 'fhir/r4.js';
import { nativeInvariants } from './native-invariant.ts';
import { nativeByExpression } from './native-profile-invariant.ts';
import type { CompileExpression } from './expression.ts';
import type { Invariant } from './shape.ts';

/** Makes an invariant of a constraint on the path `base`; undefined for what is checked elsewhere or only advised. */
export type CompileInvariant = (constraint: ElementDefinitionConstraint, base: string) => Invariant | undefined;

const BEST_PRACTICE = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice';
/** Held by the walk itself: ele-1 at every element, the narrative's in its primitive check. */
const BY_THE_WALK = new Set(['ele-1', 'txt-1', 'txt-2']);

function isAdvice(constraint: ElementDefinitionConstraint): boolean {
  return (
    constraint.key === 'dom-6' ||
    constraint.extension?.some((extension) => extension.url === BEST_PRACTICE && extension.valueBoolean === true) === true
  );
}

/** Invariants by our own code where we have it and the definition says what we mean, else by their expression. */
export function invariantCompiler(compileExpression: CompileExpression): CompileInvariant {
  return (constraint, base) => {
    const { expression, key } = constraint;
    if (expression === undefined || BY_THE_WALK.has(key) || isAdvice(constraint)) return undefined;
    const evaluate = compileExpression(base, expression);
    const native = nativeInvariants.get(key);
    const own = native?.expression === expression ? native.holds : nativeByExpression(expression);
    return {
      key,
      rule: constraint.human ?? expression,
      severity: constraint.severity === 'warning' ? 'warning' : 'error',
      holds: own === undefined ? evaluate : (value, walk) => own(value, walk) ?? evaluate(value, walk),
    };
  };
}

/** The invariants of an element: its own constraints, on the base they are written for. */
export function invariantsOf(element: ElementDefinition, base: string, compile: CompileInvariant): Invariant[] {
  return (element.constraint ?? []).flatMap((constraint) => compile(constraint, base) ?? []);
}
