import type { ElementDefinition } from 'fhir/r4.js';
import type { Definitions } from '../fhir/definitions.ts';
import { fhirTypeOf } from '../fhir/element-index.ts';
import { isPrimitiveType } from '../fhir/primitives.ts';
import { compileBinding, maxValueSetOf } from './binding.ts';
import { isCostly } from './costly-expression.ts';
import type { CompileInvariant } from './invariant.ts';
import { choiceOf, type ProfileNode } from './profile-tree.ts';
import type { Rules, Slicing } from './rules.ts';
import { compileMatches, type SliceContext } from './slice.ts';

/** What rules are compiled with. */
export interface RulesContext extends SliceContext {
  readonly definitions: Definitions;
  readonly compileInvariant: CompileInvariant;
}

function maxOf(definition: ElementDefinition): number {
  return definition.max === undefined || definition.max === '*' ? Number.POSITIVE_INFINITY : Number(definition.max);
}

/** The element of base R4 that a profile's element constrains. */
function baseOf(definition: ElementDefinition, definitions: Definitions): ElementDefinition | undefined {
  const path = definition.base?.path ?? definition.path;
  const dot = path.indexOf('.');
  const structure = definitions.structure(dot < 0 ? path : path.slice(0, dot));
  return structure?.snapshot?.element.find((element) => element.path === path && element.sliceName === undefined);
}

function codesOf(definition: ElementDefinition | undefined): string[] {
  return (definition?.type ?? []).map((type) => fhirTypeOf(type, definition?.base?.path ?? definition?.path));
}

function capitalised(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1);
}

function sameMembers(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item));
}

/** The rules of a node and all under it; undefined when they ask nothing beyond the base. */
export function compileRules(node: ProfileNode, profile: string, context: RulesContext): Rules | undefined {
  const rules = compileAll(node, profile, context);
  return asksSomething(rules) ? rules : undefined;
}

function asksSomething(rules: Rules): boolean {
  return (
    rules.min > 0 ||
    rules.max !== Number.POSITIVE_INFINITY ||
    rules.types !== undefined ||
    rules.targets !== undefined ||
    rules.profiles.length > 0 ||
    rules.fixed !== undefined ||
    rules.pattern !== undefined ||
    rules.minValue !== undefined ||
    rules.maxValue !== undefined ||
    rules.maxLength !== undefined ||
    rules.binding !== undefined ||
    rules.invariants.length > 0 ||
    rules.children.length > 0 ||
    rules.slicing !== undefined
  );
}

function compileAll(node: ProfileNode, profile: string, context: RulesContext): Rules {
  const { definition } = node;
  const { definitions } = context;
  const base = baseOf(definition, definitions);
  const isSlice = definition.sliceName !== undefined;
  const codes = codesOf(definition);
  const baseCodes = codesOf(base);
  const min = definition.min ?? 0;
  const max = maxOf(definition);
  const isRoot = !definition.path.includes('.');
  const type = codes.length === 1 ? (codes[0] ?? '') : '';
  const isPrimitive = isPrimitiveType(type);
  const binding = isNewBinding(definition, base) ? bindingOf(definition) : undefined;
  return {
    profile,
    label: node.label,
    choices: node.isChoice ? new Map((baseCodes.length > 0 ? baseCodes : codes).map((code) => [capitalised(code), code])) : undefined,
    min: !isRoot && (isSlice || min > (base?.min ?? 0)) ? min : 0,
    max: !isRoot && (isSlice || max < (base === undefined ? Number.POSITIVE_INFINITY : maxOf(base))) ? max : Number.POSITIVE_INFINITY,
    types: !isRoot && (node.isChoice || codes.length < baseCodes.length) && !sameMembers(codes, baseCodes) ? new Set(codes) : undefined,
    targets: targetsOf(definition, base),
    profiles: profilesOf(definition, base, profile, definitions),
    fixed: choiceOf(definition, 'fixed'),
    pattern: choiceOf(definition, 'pattern'),
    minValue: choiceOf(definition, 'minValue'),
    maxValue: choiceOf(definition, 'maxValue'),
    maxLength: definition.maxLength,
    binding: binding && compileBinding(binding, type === '' ? 'CodeableConcept' : type, definitions),
    invariants: invariantsOf(node, base, context),
    invariantsOnParent: !isRoot && (node.isChoice || isPrimitive),
    children: node.children.flatMap((child) => compileRules(child, profile, context) ?? []),
    slicing: slicingOf(node, profile, context),
  };
}

function bindingOf(definition: ElementDefinition) {
  const maxValueSet = maxValueSetOf(definition);
  return maxValueSet === undefined ? definition.binding : { strength: 'required', valueSet: maxValueSet };
}

function isNewBinding(definition: ElementDefinition, base: ElementDefinition | undefined): boolean {
  const own = bindingOf(definition);
  const old = base && bindingOf(base);
  return own?.valueSet !== undefined && (own.strength !== old?.strength || own.valueSet.split('|')[0] !== old?.valueSet?.split('|')[0]);
}

function targetsOf(definition: ElementDefinition, base: ElementDefinition | undefined): readonly string[] | undefined {
  const targets = (definition.type ?? []).flatMap((type) => (type.code === 'Reference' ? (type.targetProfile ?? []) : []));
  const old = (base?.type ?? []).flatMap((type) => type.targetProfile ?? []);
  return targets.length === 0 || sameMembers(targets, old) ? undefined : targets;
}

function profilesOf(
  definition: ElementDefinition,
  base: ElementDefinition | undefined,
  profile: string,
  definitions: Definitions,
): readonly string[] {
  const old = new Set((base?.type ?? []).flatMap((type) => type.profile ?? []));
  const own = (definition.type ?? []).flatMap((type) => type.profile ?? []);
  return own.filter((url) => !old.has(url) && url !== profile && definitions.structure(url)?.derivation !== 'specialization');
}

/** The constraints that neither the base element nor its type states. */
function invariantsOf(node: ProfileNode, base: ElementDefinition | undefined, context: RulesContext) {
  const { definition } = node;
  const codes = codesOf(definition);
  const known = new Set((base?.constraint ?? []).map((constraint) => constraint.key));
  for (const code of codes) {
    for (const constraint of context.definitions.structure(code)?.snapshot?.element[0]?.constraint ?? []) known.add(constraint.key);
  }
  const isRoot = !definition.path.includes('.');
  const onParent = !isRoot && (node.isChoice || isPrimitiveType(codes[0] ?? ''));
  const isBackbone = codes[0] === 'BackboneElement' || codes[0] === 'Element';
  const root = definition.base?.path ?? definition.path;
  const path = isRoot || isBackbone || codes.length === 0 ? root : (codes[0] ?? root);
  return (definition.constraint ?? []).flatMap((constraint) => {
    if (known.has(constraint.key) || constraint.expression === undefined) return [];
    // False is what fails; of a value of another type of the choice many a rule says nothing.
    const own = onParent ? { ...constraint, expression: `${node.label}.where((${constraint.expression}).not()).empty()` } : constraint;
    const invariant = context.compileInvariant(own, onParent ? root.slice(0, root.lastIndexOf('.')) : path);
    if (invariant === undefined) return [];
    // A profile may come from anywhere; what R4 itself states never comes this way.
    return isCostly(constraint.expression) ? { ...invariant, holds: () => undefined } : invariant;
  });
}

function slicingOf(node: ProfileNode, profile: string, context: RulesContext): Slicing | undefined {
  if (node.slices.length === 0) return undefined;
  const { slicing } = node.definition;
  return {
    rules: slicing?.rules ?? 'open',
    ordered: slicing?.ordered === true,
    slices: node.slices.map((slice) => ({
      name: slice.definition.sliceName ?? '',
      matches: compileMatches(node, slice, context),
      rules: compileAll(slice, profile, context),
    })),
  };
}
