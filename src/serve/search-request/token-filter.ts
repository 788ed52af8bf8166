import { conceptTree } from '../../fhir/concept-tree.ts';
import { normaliseString } from '../../fhir/index-values.ts';
import type { Filter } from '../../fhir/search-query.ts';
import { invalid, tooCostly, unsupportedModifier } from './parameter-issues.ts';
import type { SearchScope } from './search-scope.ts';
import { splitEscaped, unescapeValue } from './value-escapes.ts';

/**
 * A token: `code`, `system|code`, `system|` or `|code`.
 *
 * Fails: parameter-invalid, search-modifier-unsupported, too-costly (a value set with too many codes)
 */
export function tokenFilter(value: string, parameter: string, modifier: string | undefined, scope: SearchScope): Filter {
  switch (modifier) {
    case undefined:
      return plain(value, parameter);
    case 'text':
      return { op: 'tokenText', parameter, value: normaliseString(unescapeValue(value)) };
    case 'of-type':
      return ofType(value, parameter);
    case 'in':
      return inValueSet(unescapeValue(value), parameter, scope);
    case 'not-in':
      return { op: 'not', of: inValueSet(unescapeValue(value), parameter, scope) };
    case 'below':
    case 'above':
      return related(value, parameter, modifier, scope);
    default:
      throw unsupportedModifier(modifier, parameter);
  }
}

function plain(value: string, parameter: string): Filter {
  const parts = splitEscaped(value, '|').map(unescapeValue);
  if (parts.length > 2) throw invalid(parameter, 'a token is code, system|code, system| or |code');
  if (parts.length === 1) return { op: 'token', parameter, code: parts[0] as string };
  const [system, code] = parts as [string, string];
  if (system === '' && code === '') throw invalid(parameter, 'it names neither a system nor a code');
  return { op: 'token', parameter, system, ...(code === '' ? {} : { code }) };
}

function ofType(value: string, parameter: string): Filter {
  const [system = '', code = '', text = '', ...more] = splitEscaped(value, '|').map(unescapeValue);
  if (code === '' || text === '' || more.length > 0) throw invalid(parameter, 'its form is system|code|value');
  return { op: 'ofType', parameter, system, code, value: text };
}

function inValueSet(url: string, parameter: string, scope: SearchScope): Filter {
  const expansion = scope.definitions.expansion(url);
  if (expansion === undefined) throw invalid(parameter, 'the value set is not loaded');
  if (expansion.missing.length > 0) throw invalid(parameter, 'the value set draws on code systems that are not loaded');
  if (expansion.codes.size > scope.settings.maxValues) throw tooCostly(`the value set has more than ${scope.settings.maxValues} codes`);
  return anyCode([...expansion.codes.list()], parameter);
}

function related(value: string, parameter: string, direction: 'above' | 'below', scope: SearchScope): Filter {
  const [system = '', code = '', ...more] = splitEscaped(value, '|').map(unescapeValue);
  if (system === '' || code === '' || more.length > 0) throw invalid(parameter, 'its form is system|code');
  const codeSystem = scope.definitions.codeSystem(system);
  if (codeSystem === undefined) throw invalid(parameter, 'the code system is not loaded');
  const tree = conceptTree(codeSystem);
  const codes = new Set([code]);
  if (direction === 'below') for (const one of tree.under(code)) codes.add(one);
  else for (const one of codes) for (const parent of tree.parentsOf(one)) codes.add(parent);
  return anyCode(
    [...codes].map((one) => ({ system, code: one })),
    parameter,
  );
}

function anyCode(codes: readonly { readonly system: string; readonly code: string }[], parameter: string): Filter {
  return { op: 'or', of: codes.map(({ system, code }): Filter => ({ op: 'token', parameter, system, code })) };
}
