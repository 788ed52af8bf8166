import type { SearchParameter } from 'fhir/r4.js';

/** The modifiers of each kind of parameter; a reference also takes a resource type, written here as [type]. Source: FHIR R4 search, 3.1.1.4.5 */
export const MODIFIERS: Readonly<Record<SearchParameter['type'], readonly string[]>> = {
  string: ['missing', 'exact', 'contains'],
  token: ['missing', 'not', 'text', 'in', 'not-in', 'below', 'above', 'of-type'],
  reference: ['missing', 'identifier', '[type]'],
  uri: ['missing', 'below', 'above'],
  date: ['missing'],
  number: ['missing'],
  quantity: ['missing'],
  composite: ['missing'],
  special: [],
};

/** Whether a kind of parameter has a modifier. */
export function takesModifier(kind: SearchParameter['type'], modifier: string, resourceTypes: ReadonlySet<string>): boolean {
  return MODIFIERS[kind].includes(modifier) || (kind === 'reference' && resourceTypes.has(modifier));
}
