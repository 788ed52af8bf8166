import type { Filter } from '../../fhir/search-query.ts';
import { invalid, unsupportedModifier } from './parameter-issues.ts';
import type { KnownParameter, SearchScope } from './search-scope.ts';
import { splitEscaped, unescapeValue } from './value-escapes.ts';

const LOCAL = /^(?:([A-Z][A-Za-z]+)\/)?([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/**
 * A reference: `id`, `Type/id`, an absolute address; by :identifier an identifier, by :Patient an id of that type.
 *
 * Fails: parameter-invalid, search-modifier-unsupported
 */
export function referenceFilter(value: string, parameter: KnownParameter, modifier: string | undefined, scope: SearchScope): Filter {
  const { name, targets } = parameter;
  if (modifier === 'identifier') return byIdentifier(value, name);
  if (modifier !== undefined && !scope.definitions.resourceTypes.has(modifier)) throw unsupportedModifier(modifier, name);
  if (modifier !== undefined && targets.length > 0 && !targets.includes(modifier)) throw unsupportedModifier(modifier, name);

  const text = unescapeValue(value);
  const base = `${scope.settings.baseUrl}/`;
  const local = LOCAL.exec(text.startsWith(base) ? text.slice(base.length) : text);
  if (local === null) {
    if (!/^[a-z][a-z0-9+.-]*:\S+$/i.test(text)) throw invalid(name, 'a reference is an id, Type/id or an absolute address');
    return { op: 'reference', parameter: name, url: text };
  }
  const [, named, id = ''] = local;
  if (named !== undefined && !scope.definitions.resourceTypes.has(named)) throw invalid(name, 'the type is none of FHIR R4');
  if (named !== undefined && modifier !== undefined && named !== modifier)
    throw invalid(name, 'its value names another type than its modifier');
  const type = named ?? modifier ?? (targets.length === 1 ? targets[0] : undefined);
  return { op: 'reference', parameter: name, id, ...(type === undefined ? {} : { type }) };
}

function byIdentifier(value: string, parameter: string): Filter {
  const parts = splitEscaped(value, '|').map(unescapeValue);
  if (parts.length > 2) throw invalid(parameter, 'an identifier is value, system|value or system|');
  if (parts.length === 1) return { op: 'referenceIdentifier', parameter, value: parts[0] as string };
  const [system, text] = parts as [string, string];
  return { op: 'referenceIdentifier', parameter, system, ...(text === '' ? {} : { value: text }) };
}
