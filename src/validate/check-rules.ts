import type { IssueId } from '../issue/catalogue.ts';
import { missedBinding } from './binding.ts';
import { instancesOf, objectOf } from './instance.ts';
import { isSame, meetsPattern } from './pattern.ts';
import { targetTypeOf, resolveReference } from './reference.ts';
import type { Instance, ProfileCheck, Rules, Slicing } from './rules.ts';
import { shown, type Walk } from './walk.ts';

type Value = Readonly<Record<string, unknown>>;

function fail(
  walk: Walk,
  expression: string,
  profile: string,
  rule: string,
  details: { severity?: 'error' | 'warning'; value?: string } = {},
): void {
  walk.reportNew(expression, 'profile-not-met', { profile, rule, ...details });
}

/** Holds the children of an object against rules. */
function checkChildren(rules: Rules, parent: Value, walk: Walk, profiles: ProfileCheck): void {
  for (const child of rules.children) {
    const instances = instancesOf(parent, child);
    checkCount(child, instances.length, child.label, walk);
    for (const instance of instances) checkInstance(child, instance, parent, walk, profiles);
    if (child.slicing !== undefined) checkSlices(child, child.slicing, instances, parent, walk, profiles);
    if (walk.stopped) return;
  }
}

function checkCount(rules: Rules, count: number, what: string, walk: Walk): void {
  if (count < rules.min) fail(walk, walk.location(rules.label), rules.profile, `${what}: at least ${rules.min} of them, not ${count}`);
  if (count > rules.max) fail(walk, walk.location(rules.label), rules.profile, `${what}: at most ${rules.max} of them, not ${count}`);
}

function checkInstance(rules: Rules, instance: Instance, parent: Value, walk: Walk, profiles: ProfileCheck): void {
  if (walk.enter(rules.label, instance.index)) checkValue(rules, instance, walk, profiles, parent);
  walk.leave();
}

/** Holds one value against rules. The caller has entered its place. */
export function checkValue(rules: Rules, instance: Instance, walk: Walk, profiles: ProfileCheck, parent: Value | undefined): void {
  const { value } = instance;
  const { profile } = rules;
  const object = objectOf(instance);
  if (rules.types !== undefined && !isOfType(rules.types, instance, object)) {
    fail(walk, walk.location(), profile, `the type is one of ${[...rules.types].join(', ')}`);
    return;
  }
  if (rules.fixed !== undefined && value !== undefined && !isSame(value, rules.fixed))
    fail(walk, walk.location(), profile, 'the value is fixed', { value: shown(value) });
  if (rules.pattern !== undefined && value !== undefined && !meetsPattern(value, rules.pattern)) {
    fail(walk, walk.location(), profile, 'the value has a pattern that it does not meet', { value: shown(value) });
  }
  checkLimits(rules, value, walk);
  if (rules.binding !== undefined && value !== undefined) checkBinding(rules, value, walk);
  if (rules.targets !== undefined) checkTargets(rules, rules.targets, object, walk, profiles);
  if (rules.profiles.length > 0) checkProfiles(rules, instance, walk, profiles);
  checkChildren(rules, object, walk, profiles);
  checkInvariants(rules, rules.invariantsOnParent ? parent : object, walk);
}

function isOfType(types: ReadonlySet<string>, instance: Instance, object: Value): boolean {
  const type = instance.type ?? object.resourceType;
  return typeof type !== 'string' || types.has(type) || types.has('Resource');
}

function checkLimits(rules: Rules, value: unknown, walk: Walk): void {
  const { minValue, maxValue, maxLength, profile } = rules;
  if (maxLength !== undefined && typeof value === 'string' && value.length > maxLength) {
    fail(walk, walk.location(), profile, `at most ${maxLength} characters, not ${value.length}`);
  }
  if (minValue !== undefined && compare(value, minValue) === -1)
    fail(walk, walk.location(), profile, 'the value is below the least allowed', { value: shown(value) });
  if (maxValue !== undefined && compare(value, maxValue) === 1)
    fail(walk, walk.location(), profile, 'the value is above the greatest allowed', { value: shown(value) });
}

/** -1, 0 or 1; undefined where two values cannot be compared: dates of unequal precision, quantities of different units. */
function compare(value: unknown, limit: unknown): number | undefined {
  if (typeof value === 'number' && typeof limit === 'number') return Math.sign(value - limit);
  if (typeof value === 'string' && typeof limit === 'string') {
    if (value.includes('T') && limit.includes('T')) return Math.sign(Date.parse(value) - Date.parse(limit));
    const length = Math.min(value.length, limit.length);
    const [one, other] = [value.slice(0, length), limit.slice(0, length)];
    return one < other ? -1 : one > other ? 1 : undefined;
  }
  const [one, other] = [value as { value?: unknown; code?: unknown } | null, limit as { value?: unknown; code?: unknown } | null];
  return typeof one === 'object' && typeof other === 'object' && one?.code === other?.code ? compare(one?.value, other?.value) : undefined;
}

function checkBinding(rules: Rules, value: unknown, walk: Walk): void {
  const missed = missedBinding(rules.binding, value, walk);
  if (missed === undefined) return;
  const { valueSet, ...details } = missed;
  fail(walk, walk.location(), rules.profile, `the code is in the value set ${valueSet}`, details);
}

/** A target at hand must meet one of the profiles; one that is not is told by its type alone. */
function checkTargets(rules: Rules, targets: readonly string[], reference: Value, walk: Walk, profiles: ProfileCheck): void {
  const type = targetTypeOf(reference, walk.frame);
  if (type === undefined) return;
  const known = targets.map((target) => ({ target, type: profiles.typeOf(target) }));
  const candidates = known.filter((one) => one.type === undefined || one.type === type || one.type === 'Resource');
  if (candidates.length === 0) {
    fail(walk, walk.location(), rules.profile, `the reference is to ${[...new Set(known.map((one) => one.type))].join(' or ')}`, {
      value: type,
    });
    return;
  }
  const resolved = resolveReference(reference, walk.frame);
  if (resolved === undefined || resolved === walk.frame.resource) return;
  if (candidates.every((one) => profiles.meets(one.target, resolved, walk) === false)) {
    fail(walk, walk.location(), rules.profile, `the reference is to what meets ${candidates.map((one) => one.target).join(' or ')}`);
  }
}

function checkProfiles(rules: Rules, instance: Instance, walk: Walk, profiles: ProfileCheck): void {
  const value = objectOf(instance);
  const type = instance.type ?? value.resourceType;
  const candidates = rules.profiles.filter((profile) => {
    const on = profiles.typeOf(profile);
    return on === undefined || typeof type !== 'string' || on === type;
  });
  const [only] = candidates;
  if (only === undefined) return;
  if (candidates.length === 1) {
    if (!profiles.check(only, value, walk)) walk.reportOnce(`unknown ${only}`, 'profile-unknown', { profile: only });
  } else if (candidates.every((profile) => profiles.meets(profile, value, walk) === false)) {
    fail(walk, walk.location(), rules.profile, `it meets one of ${candidates.join(', ')}`);
  }
}

function checkInvariants(rules: Rules, value: Value | undefined, walk: Walk): void {
  if (value === undefined) return;
  for (const { key, rule, severity, holds } of rules.invariants) {
    const met = holds(value, walk);
    if (met === false) fail(walk, walk.location(), rules.profile, `${key}: ${rule}`, { severity });
    else if (met === undefined) walk.reportOnce(`unchecked ${key}`, 'invariant-not-checked' satisfies IssueId, { key, rule });
  }
}

/** Sorts values into slices and holds each against its own. A value that fits no slice is wrong only where the slicing is closed. */
export function checkSlices(
  rules: Rules,
  slicing: Slicing,
  instances: readonly Instance[],
  parent: Value,
  walk: Walk,
  profiles: ProfileCheck,
): void {
  const groups: Instance[][] = slicing.slices.map(() => []);
  let last = -1;
  let outside = false;
  for (const instance of instances) {
    const at = slicing.slices.findIndex((slice) => slice.matches(instance, walk));
    const place = walk.location(rules.label, instance.index);
    if (at < 0) {
      outside = true;
      if (slicing.rules === 'closed') fail(walk, place, rules.profile, 'it fits none of the slices, and there may be no others');
      continue;
    }
    if (slicing.rules === 'openAtEnd' && outside) fail(walk, place, rules.profile, 'what fits no slice comes after all slices');
    if (slicing.ordered && at < last) fail(walk, place, rules.profile, 'the slices are in order');
    last = Math.max(last, at);
    groups[at]?.push(instance);
  }
  slicing.slices.forEach((slice, at) => {
    const group = groups[at] ?? [];
    checkCount(slice.rules, group.length, `${rules.label}:${slice.name}`, walk);
    for (const instance of group) checkInstance(slice.rules, instance, parent, walk, profiles);
    if (slice.rules.slicing !== undefined) checkSlices(slice.rules, slice.rules.slicing, group, parent, walk, profiles);
  });
}
