import { shown, type Walk } from './walk.ts';
import type { ElementShape, Invariant, Shape } from './shape.ts';
import type { Advise } from './advice.ts';
import { missedBinding } from './binding.ts';
import { checkBundle } from './bundle-check.ts';
import type { CheckExtension } from './extension-check.ts';
import { frameOf } from './frame.ts';
import { targetTypeOf } from './reference.ts';

type Value = Readonly<Record<string, unknown>>;

/** What the walk over base R4 asks of the rest of the validator. */
export interface WalkContext {
  readonly resourceTypes: ReadonlySet<string>;
  shapeOf(type: string): Shape | undefined;
  /** The shape of Element: what stands beside a primitive. */
  readonly sibling: Shape;
  readonly advise: Advise;
  readonly checkExtension: CheckExtension;
  /** Called for every resource, contained and in bundles too, when its own walk is done. */
  afterResource(resource: Value, walk: Walk): void;
}

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Walks a resource of any type and whatever it holds. The caller has entered its place. */
export function walkResource(value: unknown, walk: Walk, context: WalkContext): void {
  if (!isObject(value)) {
    walk.report('element-type-wrong', { type: 'a resource', value: shown(value) });
    return;
  }
  const type = value.resourceType;
  if (type === undefined) {
    walk.reportAt(walk.location('resourceType'), 'element-missing', { min: 1 });
    return;
  }
  const shape = typeof type === 'string' && context.resourceTypes.has(type) ? context.shapeOf(type) : undefined;
  if (shape === undefined) {
    walk.reportAt(walk.location('resourceType'), 'value-invalid', { type: 'resource type of R4', value: shown(type) });
    return;
  }
  walkObject(shape, value, walk, context);
  if (type === 'Bundle') checkBundle(value, walk);
  if (!walk.stopped) context.afterResource(value, walk);
}

/** Walks a resource that stands inside another: contained, or in a bundle's entry or a parameter. */
function walkInner(value: unknown, element: ElementShape, walk: Walk, context: WalkContext): void {
  const outer = walk.frame;
  const root = element.name === 'contained' ? (outer.root ?? outer) : undefined;
  walk.frame = frameOf(value, root, outer);
  walkResource(value, walk, context);
  walk.frame = outer;
}

function walkObject(shape: Shape, value: Value, walk: Walk, context: WalkContext, own: readonly Invariant[] = []): void {
  let seen = 0;
  let filled = 0;
  for (const key in value) {
    const slot = shape.slots.get(key);
    if (slot === undefined) {
      if (key === 'resourceType' && shape.isResource) continue;
      walk.reportAt(walk.location(key), 'element-unknown', { element: key, type: shape.path });
      filled++;
      continue;
    }
    const element = slot.element;
    const item = value[key];
    if (element.name !== 'id') filled++;
    if (slot.isSibling) {
      if (element.isList) walkSiblings(element, item, value[element.name], walk, context);
      else walkSibling(element, item, value[element.name] !== undefined, -1, walk, context);
    } else if (element.isList) walkList(element, item, value, walk, context);
    else walkValue(element, item, -1, walk, context);
    if (walk.stopped) return;
    if (element.isChoice && (seen & element.bit) !== 0) checkChoice(shape, element, value, walk);
    seen |= element.bit;
  }
  if ((seen & shape.requiredBits) !== shape.requiredBits) {
    for (const { bit, label, min } of shape.required) {
      if ((seen & bit) === 0) walk.reportAt(walk.location(label), 'element-missing', { min });
    }
  }
  if (filled === 0 && !shape.isResource)
    walk.report('invariant-not-met', { key: 'ele-1', rule: 'All FHIR elements must have a @value or children' });
  if (shape.invariants.length > 0) checkInvariants(shape.invariants, value, walk);
  if (own.length > 0) checkInvariants(own, value, walk);
}

/** An extension is held against its definition after its own walk; what is inside it knows its url. */
function walkExtension(element: ElementShape, shape: Shape, value: Value, walk: Walk, context: WalkContext): void {
  const outer = walk.outerExtensionUrl;
  walk.outerExtensionUrl = value.url;
  walkObject(shape, value, walk, context, element.invariants);
  walk.outerExtensionUrl = outer;
  if (!walk.stopped) context.checkExtension(value, element.name === 'modifierExtension', walk);
}

/** Holds a value against invariants and notes those it does not meet. */
function checkInvariants(invariants: readonly Invariant[], value: Value, walk: Walk): void {
  for (const invariant of invariants) {
    const holds = invariant.holds(value, walk);
    if (holds === true) continue;
    const { key, rule, severity } = invariant;
    if (holds === false) walk.report('invariant-not-met', { key, rule, severity });
    else if (!walk.issues.some((item) => item.severity === 'error')) walk.report('invariant-not-checked', { key, rule });
  }
}

/** Two types of one choice are one too many; the `_name` of the same type is not a second one. */
function checkChoice(shape: Shape, element: ElementShape, value: Value, walk: Walk): void {
  const names = new Set<string>();
  for (const key in value) {
    const other = shape.slots.get(key)?.element;
    if (other?.isChoice === true && other.bit === element.bit) names.add(other.name);
  }
  const location = walk.location(element.label);
  if (names.size > 1 && !walk.issues.some((item) => item.id === 'element-repeats' && item.expression === location)) {
    walk.reportAt(location, 'element-repeats', { count: names.size, max: 1 });
  }
}

function walkList(element: ElementShape, item: unknown, parent: Value, walk: Walk, context: WalkContext): void {
  if (!Array.isArray(item)) {
    walk.reportAt(walk.location(element.label), 'element-type-wrong', { type: `a list of ${element.type}` });
    return;
  }
  if (item.length === 0) walk.reportAt(walk.location(element.label), 'element-type-wrong', { type: 'a list of at least one' });
  for (let at = 0; at < item.length; at++) {
    const value: unknown = item[at];
    if (value === null && element.primitive !== undefined) {
      const beside: unknown = parent[`_${element.name}`];
      if (Array.isArray(beside) && isObject(beside[at])) continue;
    }
    walkValue(element, value, at, walk, context);
    if (walk.stopped) return;
  }
}

function walkValue(element: ElementShape, value: unknown, index: number, walk: Walk, context: WalkContext): void {
  if (element.primitive !== undefined) {
    walkPrimitive(element, value, index, walk);
    return;
  }
  const type = element.isResource ? (value as { resourceType?: unknown } | null)?.resourceType : element.type;
  if (!walk.enter(element.label, index, typeof type === 'string' ? type : '')) return;
  if (element.isResource) walkInner(value, element, walk, context);
  else {
    const shape = element.shape();
    if (!isObject(value)) walk.report('element-type-wrong', { type: element.type, value: shown(value) });
    else if (shape !== undefined) {
      if (element.type === 'Extension') walkExtension(element, shape, value, walk, context);
      else walkObject(shape, value, walk, context, element.invariants);
      context.advise(element.type, value, walk);
      if (element.targets !== undefined) checkTarget(element.targets, value, walk);
      if (element.binding !== undefined) checkBinding(element, value, walk);
    }
  }
  walk.leave();
}

function walkPrimitive(element: ElementShape, value: unknown, index: number, walk: Walk): void {
  const verdict = element.primitive?.(value);
  if (verdict !== 'ok') {
    const id = verdict === 'json-type' ? 'element-type-wrong' : 'value-invalid';
    walk.reportAt(walk.location(element.label, index), id, { type: element.type, value: shown(value) });
    return;
  }
  if (element.isAddress && (value as string).charCodeAt(0) === 35) {
    const root = walk.frame.root ?? walk.frame;
    (root.localReferences ??= new Set()).add(value as string);
  }
  if (element.binding === undefined || !walk.enter(element.label, index)) return;
  checkBinding(element, value, walk);
  walk.leave();
}

function checkTarget(targets: ReadonlySet<string>, value: Value, walk: Walk): void {
  const type = targetTypeOf(value, walk.frame);
  if (type === undefined || targets.has(type)) return;
  walk.report('element-type-wrong', { type: `a reference to ${[...targets].join(' or ')}`, value: type });
}

function checkBinding(element: ElementShape, value: unknown, walk: Walk): void {
  const missed = missedBinding(element.binding, value, walk);
  if (missed !== undefined) walk.report('code-not-in-value-set', { ...missed });
}

function walkSiblings(element: ElementShape, item: unknown, values: unknown, walk: Walk, context: WalkContext): void {
  if (!Array.isArray(item)) {
    walk.reportAt(walk.location(element.label), 'element-type-wrong', { type: 'a list of what stands beside the values' });
    return;
  }
  if (item.length === 0) walk.reportAt(walk.location(element.label), 'element-type-wrong', { type: 'a list of at least one' });
  for (let at = 0; at < item.length; at++) {
    const value: unknown = Array.isArray(values) ? values[at] : undefined;
    const hasValue = value !== undefined && value !== null;
    if (item[at] === null && hasValue) continue;
    walkSibling(element, item[at], hasValue, at, walk, context);
  }
}

/** The id and the extensions beside a primitive. Without a value there must be an extension. */
function walkSibling(element: ElementShape, item: unknown, hasValue: boolean, index: number, walk: Walk, context: WalkContext): void {
  if (!isObject(item)) {
    walk.reportAt(walk.location(element.label, index), 'element-type-wrong', {
      type: 'an object with id or extension',
      value: shown(item),
    });
    return;
  }
  if (!walk.enter(element.label, index, element.type)) return;
  // An id alone is enough beside a value.
  if (hasValue && Object.keys(item).length === 1 && typeof item.id === 'string') {
    if (item.id === '') walk.reportAt(walk.location('id'), 'value-invalid', { type: 'string', value: '' });
  } else walkObject(context.sibling, item, walk, context);
  walk.leave();
}
