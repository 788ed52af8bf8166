import { containedById } from './reference.ts';
import type { Walk } from './walk.ts';

type Value = Readonly<Record<string, unknown>>;

/** An invariant in TypeScript, beside the expression of R4 that it stands for. */
export interface NativeInvariant {
  /** What R4 says; where a definition says something else, this is not used. */
  readonly expression: string;
  /** Undefined: not to be told cheaply, ask the expression. */
  readonly holds: (value: Value, walk: Walk) => boolean | undefined;
}

/** Whether an element is there, by its value or by what stands beside it. */
export function has(value: Value, name: string): boolean {
  return value[name] !== undefined || value[`_${name}`] !== undefined;
}

/** Whether a choice is there, of any type. */
export function hasChoice(value: Value, prefix: string): boolean {
  for (const key in value) {
    const at = key.charCodeAt(0) === 95 ? 1 : 0;
    if (key.startsWith(prefix, at) && key.charCodeAt(at + prefix.length) < 91) return true;
  }
  return false;
}

/** The objects of a list; none where it is no list. */
export function listOf(value: unknown): readonly Value[] {
  return Array.isArray(value) ? value.filter((item): item is Value => typeof item === 'object' && item !== null) : [];
}

function objectOf(value: unknown): Value | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Value) : undefined;
}

function hasCoding(concept: unknown, system: string, ...codes: readonly string[]): boolean {
  return listOf(objectOf(concept)?.coding).some((coding) => coding.system === system && codes.includes(coding.code as string));
}

const UCUM = 'http://unitsofmeasure.org';
const TIMED = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Whether one moment is not after another, where both are days or both have a time. */
function notAfter(start: string, end: string): boolean | undefined {
  if (start === end) return true;
  if (TIMED.test(start) && TIMED.test(end)) return Date.parse(start) <= Date.parse(end);
  return start.length === end.length && start.length <= 10 ? start <= end : undefined;
}

function quantitiesInOrder(low: Value | undefined, high: Value | undefined): boolean | undefined {
  if (low === undefined || high === undefined) return true;
  const comparable = low.system === UCUM && high.system === UCUM && typeof low.code === 'string' && low.code === high.code;
  if (
    !comparable ||
    typeof low.value !== 'number' ||
    typeof high.value !== 'number' ||
    low.comparator !== undefined ||
    high.comparator !== undefined
  )
    return undefined;
  return low.value <= high.value;
}

function mentionsContainer(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || depth > 64) return false;
  if (Array.isArray(value)) return value.some((item) => mentionsContainer(item, depth + 1));
  const object = value as Value;
  return object.reference === '#' || Object.values(object).some((item) => mentionsContainer(item, depth + 1));
}

const HAS_SYSTEM = '(code.exists() or value.empty()) and ';

/** The invariants of R4 that nearly every resource meets on its way, by key. */
export const nativeInvariants: ReadonlyMap<string, NativeInvariant> = new Map<string, NativeInvariant>([
  ['ext-1', { expression: 'extension.exists() != value.exists()', holds: (it) => has(it, 'extension') !== hasChoice(it, 'value') }],
  [
    'dom-2',
    { expression: 'contained.contained.empty()', holds: (it) => listOf(it.contained).every((item) => item.contained === undefined) },
  ],
  [
    'dom-3',
    {
      expression:
        "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()",
      holds: (it, walk) =>
        it.contained === undefined ||
        listOf(it.contained).every(
          (item) => (typeof item.id === 'string' && walk.frame.localReferences?.has(`#${item.id}`) === true) || mentionsContainer(item),
        ),
    },
  ],
  [
    'dom-4',
    {
      expression: 'contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()',
      holds: (it) =>
        listOf(it.contained).every(
          (item) => !has(objectOf(item.meta) ?? {}, 'versionId') && !has(objectOf(item.meta) ?? {}, 'lastUpdated'),
        ),
    },
  ],
  [
    'dom-5',
    {
      expression: 'contained.meta.security.empty()',
      holds: (it) => listOf(it.contained).every((item) => objectOf(item.meta)?.security === undefined),
    },
  ],
  [
    'ref-1',
    {
      expression: "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))",
      holds: (it, walk) => {
        const to = it.reference;
        return typeof to !== 'string' || to.charCodeAt(0) !== 35 || to.length === 1 || containedById(walk.frame).has(to.slice(1));
      },
    },
  ],
  [
    'per-1',
    {
      expression: 'start.hasValue().not() or end.hasValue().not() or (start <= end)',
      holds: (it) => (typeof it.start === 'string' && typeof it.end === 'string' ? notAfter(it.start, it.end) : true),
    },
  ],
  ['qty-3', { expression: 'code.empty() or system.exists()', holds: (it) => !has(it, 'code') || has(it, 'system') }],
  ['sqty-1', { expression: 'comparator.empty()', holds: (it) => !has(it, 'comparator') }],
  [
    'rng-2',
    { expression: 'low.empty() or high.empty() or (low <= high)', holds: (it) => quantitiesInOrder(objectOf(it.low), objectOf(it.high)) },
  ],
  [
    'rat-1',
    {
      expression: '(numerator.empty() xor denominator.exists()) and (numerator.exists() or extension.exists())',
      holds: (it) => has(it, 'numerator') === has(it, 'denominator') && (has(it, 'numerator') || has(it, 'extension')),
    },
  ],
  ['cpt-2', { expression: 'value.empty() or system.exists()', holds: (it) => !has(it, 'value') || has(it, 'system') }],
  ['att-1', { expression: 'data.empty() or contentType.exists()', holds: (it) => !has(it, 'data') || has(it, 'contentType') }],
  [
    'dis-1',
    {
      expression: `${HAS_SYSTEM}(system.empty() or system = %ucum)`,
      holds: (it) => (has(it, 'code') || !has(it, 'value')) && (!has(it, 'system') || it.system === UCUM),
    },
  ],
  [
    'drt-1',
    {
      expression: 'code.exists() implies ((system = %ucum) and value.exists())',
      holds: (it) => !has(it, 'code') || (has(it, 'value') && (typeof it.system === 'string' ? it.system === UCUM : undefined)),
    },
  ],
  [
    'obs-3',
    { expression: 'low.exists() or high.exists() or text.exists()', holds: (it) => has(it, 'low') || has(it, 'high') || has(it, 'text') },
  ],
  [
    'obs-6',
    { expression: 'dataAbsentReason.empty() or value.empty()', holds: (it) => !has(it, 'dataAbsentReason') || !hasChoice(it, 'value') },
  ],
  [
    'obs-7',
    {
      expression: 'value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()',
      holds: (it) => it.component === undefined || !hasChoice(it, 'value') || undefined,
    },
  ],
  [
    'pat-1',
    {
      expression: 'name.exists() or telecom.exists() or address.exists() or organization.exists()',
      holds: (it) => has(it, 'name') || has(it, 'telecom') || has(it, 'address') || has(it, 'organization'),
    },
  ],
  [
    'ait-1',
    {
      expression:
        "verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = 'entered-in-error').exists() or clinicalStatus.exists()",
      holds: (it) => has(it, 'clinicalStatus') || isEnteredInError(it, 'allergyintolerance-verification'),
    },
  ],
  [
    'ait-2',
    {
      expression:
        "verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = 'entered-in-error').empty() or clinicalStatus.empty()",
      holds: (it) => !has(it, 'clinicalStatus') || !isEnteredInError(it, 'allergyintolerance-verification'),
    },
  ],
  [
    'con-5',
    {
      expression:
        "verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code='entered-in-error').empty() or clinicalStatus.empty()",
      holds: (it) => !has(it, 'clinicalStatus') || !isEnteredInError(it, 'condition-ver-status'),
    },
  ],
  [
    'con-4',
    {
      expression:
        "abatement.empty() or clinicalStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-clinical' and (code='resolved' or code='remission' or code='inactive')).exists()",
      holds: (it) =>
        !hasChoice(it, 'abatement') ||
        hasCoding(it.clinicalStatus, 'http://terminology.hl7.org/CodeSystem/condition-clinical', 'resolved', 'remission', 'inactive'),
    },
  ],
  ['con-1', { expression: 'summary.exists() or assessment.exists()', holds: (it) => has(it, 'summary') || has(it, 'assessment') }],
  ['con-2', { expression: 'code.exists() or detail.exists()', holds: (it) => has(it, 'code') || has(it, 'detail') }],
  [
    'org-1',
    {
      expression: '(identifier.count() + name.count()) > 0',
      holds: (it) => (Array.isArray(it.identifier) && it.identifier.length > 0) || has(it, 'name'),
    },
  ],
  ['prr-1', { expression: 'orderDetail.empty() or code.exists()', holds: (it) => !has(it, 'orderDetail') || has(it, 'code') }],
  [
    'que-7',
    {
      // fhirpath.js takes Boolean for the type of FHIRPath alone, which no element of FHIR has
      expression: "operator = 'exists' implies (answer is Boolean)",
      holds: (it) => it.operator !== 'exists' || has(it, 'answerBoolean') || !hasChoice(it, 'answer'),
    },
  ],
  [
    'bdl-5',
    {
      expression: 'resource.exists() or request.exists() or response.exists()',
      holds: (it) => has(it, 'resource') || has(it, 'request') || has(it, 'response'),
    },
  ],
  [
    'bdl-7',
    {
      expression: "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()",
      holds: (it) => it.type === 'history' || areDistinct(listOf(it.entry)),
    },
  ],
  [
    'bdl-8',
    {
      expression: "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
      holds: (it) => typeof it.fullUrl !== 'string' || !it.fullUrl.includes('/_history/'),
    },
  ],
]);

function isEnteredInError(it: Value, system: string): boolean {
  return hasCoding(it.verificationStatus, `http://terminology.hl7.org/CodeSystem/${system}`, 'entered-in-error');
}

function areDistinct(entries: readonly Value[]): boolean {
  const seen = new Set<string>();
  for (const entry of entries) {
    if (typeof entry.fullUrl !== 'string') continue;
    const version = objectOf(objectOf(entry.resource)?.meta)?.versionId;
    const key = entry.fullUrl + (typeof version === 'string' ? version : '');
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}
