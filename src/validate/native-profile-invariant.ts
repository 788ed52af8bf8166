import { has, hasChoice, listOf, type NativeInvariant } from './native-invariant.ts';

type Holds = NativeInvariant['holds'];

const ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';

/** An identifier's value of one form, as the profiles of US registries ask. Shape: value.matches('^[0-9]{10}$') */
const FORM = /^value\.matches\('(\^[^'\\()*+?|]*\$)'\)$/;

const valueOrReason: Holds = (it) => hasChoice(it, 'value') || has(it, 'dataAbsentReason');

const byExpression: ReadonlyMap<string, Holds> = new Map<string, Holds>([
  ['value.exists() or dataAbsentReason.exists()', valueOrReason],
  [
    '(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or value.exists())',
    (it, walk) => has(it, 'component') || has(it, 'hasMember') || valueOrReason(it, walk),
  ],
  [
    `(family.exists() or given.exists()) xor extension.where(url='${ABSENT}').exists()`,
    (it) => (has(it, 'family') || has(it, 'given')) !== listOf(it.extension).some(({ url }) => url === ABSENT),
  ],
  [
    'effective.where((($this as dateTime).toString().length() >= 8).not()).empty()',
    (it) =>
      it['_effectiveDateTime'] !== undefined ? undefined : typeof it.effectiveDateTime !== 'string' || it.effectiveDateTime.length >= 8,
  ],
  ["where(use = 'home').empty()", (it) => it.use !== 'home'],
]);

/**
 * Our own code for an expression that profiles in wide use state under keys of their own; undefined where we have none.
 *
 * Source: FHIR R4 vital signs (vs-1 to vs-3), US Core (us-core-2, -6, -16, -18, -19)
 */
export function nativeByExpression(expression: string): Holds | undefined {
  const known = byExpression.get(expression);
  if (known !== undefined) return known;
  const form = FORM.exec(expression)?.[1];
  if (form === undefined) return undefined;
  const pattern = new RegExp(form, 'su');
  return ({ value }) => typeof value !== 'string' || pattern.test(value);
}

/** The expressions there is code for, for the test that holds each beside fhirpath.js. @internal */
export const nativeExpressions: readonly string[] = [...byExpression.keys()];
