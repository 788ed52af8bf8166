import type { Address } from '../issue/address.ts';
import type { Issue } from '../issue/issue.ts';
import type { Resource } from '../fhir/resource.ts';
import type { ValidationMode } from '../map/sender.ts';
import type { Made } from '../map/translation.ts';
import type { Validator } from '../validate/validator.ts';

/** How the resources of a feed are held against R4 and profiles. */
export interface FeedValidation {
  readonly validator: Validator;
  readonly mode: ValidationMode;
  /** The profiles that resources of a type claim where they meet them. */
  readonly claims: ClaimsOf;
}

/** The profiles that resources of a type claim where they meet them. Shape: Patient gives ['http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient'] */
export type ClaimsOf = (type: string) => readonly string[];

/** A resource with the claims that are true, and what is wrong with it. */
export interface Validated {
  readonly resource: Resource;
  readonly issues: readonly Issue[];
}

/** The tag of a resource that was stored although it misses a profile. Shape: _tag=urn:chartbridge:issue|profile-not-met */
const ISSUE_SYSTEM = 'urn:chartbridge:issue';
const MISSED = 'profile-not-met';

/**
 * Holds one resource against R4 and profiles; each fault is at the v2 field the bad element came from, where the map knows it.
 *
 * What is not R4 is an error in every mode. What a profile asks beyond it is an error in mode `reject`, a warning in mode `warn` (the facts
 * are worth keeping) and not looked at in mode `off`. What R4 or a profile only recommends (an extensible value set, a display) is
 * information for the operator, and nothing its sender could change. A profile is claimed only where it is met.
 */
export function validateMade(resource: Resource, made: Pick<Made, 'origins' | 'from' | 'resource'>, feed: FeedValidation): Validated {
  const isOff = feed.mode === 'off';
  const found = feed.validator
    .validate(resource, { claims: !isOff })
    .filter((item) => item.id !== 'code-not-checked' && !(isOff && item.id === MISSED));
  const misses = found.some((item) => item.id === MISSED && item.severity === 'error');
  return {
    resource: withTag(withClaims(resource, made, misses, feed), misses),
    issues: found.map((item) => ({ ...item, severity: severityOf(item, feed.mode), at: originOf(item.expression ?? '', made) })),
  };
}

function severityOf(found: Issue, mode: ValidationMode): Issue['severity'] {
  if (found.severity !== 'error') return 'information';
  return found.id === MISSED && mode === 'warn' ? 'warning' : 'error';
}

/** The resource claiming what it meets. Unchecked, it claims only what was claimed of it before this message. */
function withClaims(
  resource: Resource,
  made: Pick<Made, 'resource'>,
  misses: boolean,
  { validator, mode, claims }: FeedValidation,
): Resource {
  const claimed = resource.meta?.profile ?? [];
  const wanted = claims(resource.resourceType).filter((profile) => !claimed.includes(profile));
  if (claimed.length === 0 && wanted.length === 0) return resource;
  const isMet = (profile: string) => validator.meets(resource, profile);
  const profile =
    mode === 'off'
      ? claimed.filter((one) => made.resource.meta?.profile?.includes(one) !== true)
      : [...claimed.filter((one) => !misses || isMet(one) !== false), ...wanted.filter((one) => isMet(one) === true)];
  return withMeta(resource, 'profile', profile);
}

function withTag(resource: Resource, misses: boolean): Resource {
  const tags = resource.meta?.tag ?? [];
  const isOurs = (tag: { system?: string; code?: string }) => tag.system === ISSUE_SYSTEM && tag.code === MISSED;
  if (tags.some(isOurs) === misses) return resource;
  return withMeta(resource, 'tag', misses ? [...tags, { system: ISSUE_SYSTEM, code: MISSED }] : tags.filter((tag) => !isOurs(tag)));
}

function withMeta(resource: Resource, name: 'profile' | 'tag', list: readonly unknown[]): Resource {
  const { [name]: _before, ...rest } = resource.meta ?? {};
  const meta = list.length === 0 ? rest : { ...rest, [name]: list };
  if (Object.keys(meta).length > 0) return { ...resource, meta };
  const { meta: _meta, ...bare } = resource;
  return bare;
}

/** How the JSON name of a choice may end. Shape: valueQuantity */
const CHOICE =
  /^(?:Quantity|CodeableConcept|String|Boolean|Integer|Decimal|Range|Ratio|SampledData|Time|DateTime|Date|Instant|Period|Timing|Reference|Age|Uri|Coding|Code|Attachment|Identifier)$/;

/** The place in the message of the nearest element around an expression whose origin is known; else the segment the resource was made from. */
function originOf(expression: string, { origins, from }: Pick<Made, 'origins' | 'from'>): Address {
  for (let path = expression; path !== ''; path = path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0))) {
    const bare = path.replace(/\[\d+\]/g, '');
    const at = origins.get(path) ?? origins.get(bare) ?? ofChoice(path, origins);
    if (at !== undefined) return at;
  }
  return from;
}

/** FHIRPath names a choice without the type that its JSON name ends in. */
function ofChoice(path: string, origins: Made['origins']): Address | undefined {
  for (const [name, at] of origins) if (name.startsWith(path) && CHOICE.test(name.slice(path.length))) return at;
  return undefined;
}
