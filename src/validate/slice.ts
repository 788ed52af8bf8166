import type { ElementDefinition, ElementDefinitionSlicingDiscriminator } from 'fhir/r4.js';
import { follow, parseDiscriminatorPath, type Step } from './discriminator-path.ts';
import { objectOf } from './instance.ts';
import { isSame, meetsPattern } from './pattern.ts';
import { choiceOf, type ProfileNode } from './profile-tree.ts';
import { targetTypeOf } from './reference.ts';
import type { Instance, ProfileCheck } from './rules.ts';
import type { Walk } from './walk.ts';

type Matches = (instance: Instance, walk: Walk) => boolean;

/** What the slices of a profile are told apart with. */
export interface SliceContext {
  readonly profiles: ProfileCheck;
  /** The tree of another profile, for what a slice says only by naming one. */
  treeOf(profile: string): ProfileNode | undefined;
  /** Whether a value meets all that a node asks of it. */
  meetsNode(node: ProfileNode, instance: Instance, walk: Walk): boolean;
}

/** Where a path leads in a definition: a node, or a part of a fixed or pattern value met on the way. */
type Place = { readonly node: ProfileNode } | { readonly part: unknown; readonly exact: boolean };

function valueIn(value: unknown, steps: readonly Step[]): unknown {
  let found = value;
  for (const step of steps) {
    if (step.kind !== 'child') continue;
    if (Array.isArray(found)) found = (found as unknown[])[0];
    found = (found as Record<string, unknown> | undefined)?.[step.name];
  }
  return Array.isArray(found) ? (found as unknown[])[0] : found;
}

function childNode(node: ProfileNode, step: Step, context: SliceContext): ProfileNode | undefined {
  if (step.kind === 'resolve' || step.kind === 'type') return node;
  const name = step.kind === 'extension' ? 'extension' : step.name;
  const own = node.children.find((child) => child.label === name);
  if (own !== undefined && step.kind === 'child') return own;
  const slice = own?.slices.find((one) => step.kind === 'extension' && extensionUrl(one) === step.url);
  if (slice !== undefined) return slice;
  for (const profile of node.definition.type?.flatMap((type) => type.profile ?? []) ?? []) {
    const tree = context.treeOf(profile);
    const found = tree === undefined || tree === node ? undefined : childNode(tree, step, context);
    if (found !== undefined) return found;
  }
  return undefined;
}

function place(slice: ProfileNode, steps: readonly Step[], context: SliceContext): Place | undefined {
  let node = slice;
  for (let at = 0; at <= steps.length; at++) {
    const fixed = choiceOf(node.definition, 'fixed');
    const pattern = choiceOf(node.definition, 'pattern');
    const rest = steps.slice(at);
    const part = valueIn(fixed ?? pattern, rest);
    if (part !== undefined) return { part, exact: fixed !== undefined };
    const step = steps[at];
    if (step === undefined) return { node };
    const found = childNode(node, step, context);
    if (found === undefined) return undefined;
    node = found;
  }
  return { node };
}

/** The url of an extension slice: the one its url element is fixed to, else the address of its profile. */
function extensionUrl(slice: ProfileNode): string | undefined {
  const url = slice.children.find((child) => child.label === 'url');
  const fixed = url === undefined ? undefined : choiceOf(url.definition, 'fixed');
  return typeof fixed === 'string' ? fixed : slice.definition.type?.[0]?.profile?.[0]?.split('|')[0];
}

function byValue(slice: ProfileNode, steps: readonly Step[], context: SliceContext): Matches {
  if (slice.label.toLowerCase().endsWith('extension') && steps.length === 1 && steps[0]?.kind === 'child' && steps[0].name === 'url') {
    const url = extensionUrl(slice);
    return (instance) => objectOf(instance).url === url;
  }
  const found = place(slice, steps, context);
  if (found === undefined) return () => false;
  return (instance, walk) =>
    follow(instance, steps, walk).some((one) => {
      if ('node' in found) return context.meetsNode(found.node, one, walk);
      return found.exact ? isSame(one.value, found.part) : meetsPattern(one.value, found.part);
    });
}

function typeCodes(definition: ElementDefinition): string[] {
  return definition.type?.map((type) => type.code) ?? [];
}

/** By the type of the value, or of what a reference points to. */
function byType(slice: ProfileNode, steps: readonly Step[], context: SliceContext): Matches {
  const isTarget = steps.at(-1)?.kind === 'resolve';
  const way = isTarget ? steps.slice(0, -1) : steps;
  const found = place(slice, way, context);
  const definition = found !== undefined && 'node' in found ? found.node.definition : slice.definition;
  const names = isTarget
    ? (definition.type ?? []).flatMap((type) => type.targetProfile ?? []).map((profile) => context.profiles.typeOf(profile) ?? profile)
    : typeCodes(definition);
  const types = new Set(names.map((name) => name.toLowerCase()));
  return (instance, walk) =>
    follow(instance, way, walk).some((one) => {
      const value = objectOf(one);
      const type = isTarget ? targetTypeOf(value, walk.frame) : (one.type ?? (value.resourceType as string | undefined));
      return type !== undefined && types.has(type.toLowerCase());
    });
}

/** By the profile that the value, or what a reference points to, meets. What cannot be resolved is told by its type. */
function byProfile(slice: ProfileNode, steps: readonly Step[], context: SliceContext): Matches {
  const isTarget = steps.at(-1)?.kind === 'resolve';
  const way = isTarget ? steps.slice(0, -1) : steps;
  const found = place(slice, way, context);
  const types = (found !== undefined && 'node' in found ? found.node : slice).definition.type ?? [];
  const profiles = types.flatMap((type) => (isTarget ? type.targetProfile : type.profile) ?? []);
  const ofType = byType(slice, steps, context);
  return (instance, walk) => {
    const values = follow(instance, steps, walk);
    if (values.length === 0) return isTarget && ofType(instance, walk);
    return values.some((one) => profiles.some((profile) => context.profiles.meets(profile, one.value, walk) === true));
  };
}

function byExistence(slice: ProfileNode, steps: readonly Step[], context: SliceContext): Matches {
  const found = place(slice, steps, context);
  if (found === undefined || !('node' in found)) return () => false;
  const mustExist = found.node.definition.max !== '0';
  return (instance, walk) => follow(instance, steps, walk).length > 0 === mustExist;
}

function matcher(slice: ProfileNode, discriminator: ElementDefinitionSlicingDiscriminator, context: SliceContext): Matches {
  const steps = parseDiscriminatorPath(discriminator.path);
  if (steps === undefined) return () => false;
  switch (discriminator.type) {
    case 'type':
      return byType(slice, steps, context);
    case 'profile':
      return byProfile(slice, steps, context);
    case 'exists':
      return byExistence(slice, steps, context);
    default:
      return byValue(slice, steps, context);
  }
}

/**
 * Whether a value belongs to a slice: every discriminator says so. Without a discriminator, choices are told by type, extensions
 * by url, and anything else by meeting all that the slice asks.
 */
export function compileMatches(sliced: ProfileNode, slice: ProfileNode, context: SliceContext): Matches {
  const discriminators = sliced.definition.slicing?.discriminator ?? [];
  if (discriminators.length === 0) {
    if (sliced.isChoice) return byType(slice, [], context);
    if (extensionUrl(slice) !== undefined && slice.label.toLowerCase().endsWith('extension'))
      return byValue(slice, [{ kind: 'child', name: 'url' }], context);
    return (instance, walk) => context.meetsNode(slice, instance, walk);
  }
  const all = discriminators.map((discriminator) => matcher(slice, discriminator, context));
  return (instance, walk) => all.every((matches) => matches(instance, walk));
}
