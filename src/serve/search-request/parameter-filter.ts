import type { Filter } from '../../fhir/search-query.ts';
import { compositeFilter } from './composite-filter.ts';
import { idFilter, lastUpdatedFilter, listFilter } from './own-filters.ts';
import { takesModifier } from './modifiers.ts';
import { invalid, tooCostly, unknown, unsupportedModifier } from './parameter-issues.ts';
import { findParameter, type KnownParameter, requireParameter, type SearchScope } from './search-scope.ts';
import { splitEscaped } from './value-escapes.ts';
import { valueFilter } from './value-filter.ts';

/**
 * What one parameter of a search asks: its values are alternatives.
 *
 * Shape: parameterFilter(['Observation'], 'subject:Patient.name', 'smith', scope)
 * Fails: search-parameter-unknown, search-modifier-unsupported, parameter-invalid, too-costly
 */
export function parameterFilter(types: readonly string[], name: string, value: string, scope: SearchScope, depth = 0): Filter {
  if (depth > scope.settings.maxChain) throw tooCostly(`more than ${scope.settings.maxChain} references are followed`);
  if (name.startsWith('_has:')) return hasFilter(types, name, value, scope, depth);
  const dot = name.indexOf('.');
  if (dot >= 0) return chainFilter(types, name.slice(0, dot), name.slice(dot + 1), value, scope, depth);

  const [code = '', modifier, ...more] = name.split(':');
  if (more.length > 0) throw unsupportedModifier([modifier, ...more].join(':'), code);
  const values = splitEscaped(value, ',').filter((part) => part !== '');
  if (values.length === 0) throw invalid(name, 'it has no value');
  if (values.length > scope.settings.maxValues) throw tooCostly(`a parameter has more than ${scope.settings.maxValues} values`);

  const own = OWN.get(code);
  if (own !== undefined) {
    if (modifier !== undefined && !(code === '_id' && modifier === 'not')) throw unsupportedModifier(modifier, code);
    const filter = own(values, scope, code);
    return modifier === 'not' ? { op: 'not', of: filter } : filter;
  }
  const parameter = requireParameter(types, code, scope.definitions);
  if (modifier !== undefined && !takesModifier(parameter.kind, modifier, scope.definitions.resourceTypes))
    throw unsupportedModifier(modifier, code);
  if (modifier === 'missing') return { op: 'missing', parameter: code, missing: missingValue(values, name) };
  return anyOf(values, parameter, modifier, scope);
}

const OWN = new Map<string, (values: readonly string[], scope: SearchScope, name: string) => Filter>([
  ['_id', idFilter],
  ['_lastUpdated', lastUpdatedFilter],
  ['_list', listFilter],
]);

function anyOf(values: readonly string[], parameter: KnownParameter, modifier: string | undefined, scope: SearchScope): Filter {
  if (modifier === 'not' && parameter.kind === 'token') return { op: 'not', of: anyOf(values, parameter, undefined, scope) };
  const filters = values.map((value) =>
    parameter.kind === 'composite' ? compositeFilter(value, parameter, modifier, scope) : valueFilter(value, parameter, modifier, scope),
  );
  return filters.length === 1 ? (filters[0] as Filter) : { op: 'or', of: filters };
}

function missingValue(values: readonly string[], name: string): boolean {
  if (values.length !== 1 || (values[0] !== 'true' && values[0] !== 'false')) throw invalid(name, 'it takes true or false');
  return values[0] === 'true';
}

/** subject:Patient.name: the reference's targets are those named, or all that have the rest. */
function chainFilter(types: readonly string[], head: string, rest: string, value: string, scope: SearchScope, depth: number): Filter {
  const [code = '', type, ...more] = head.split(':');
  const parameter = requireParameter(types, code, scope.definitions);
  if (parameter.kind !== 'reference') throw invalid(code, 'only a reference can be followed');
  if (more.length > 0 || (type !== undefined && !scope.definitions.resourceTypes.has(type))) throw unsupportedModifier(type ?? '', code);
  if (type !== undefined)
    return { op: 'chain', parameter: code, types: [type], filter: parameterFilter([type], rest, value, scope, depth + 1) };

  const possible = parameter.targets.length === 0 ? [...scope.definitions.resourceTypes] : parameter.targets;
  const next = (rest.startsWith('_has:') ? rest : rest.split(/[.:]/, 1)[0]) as string;
  const targets = possible.filter((target) => answers(target, next, scope));
  if (targets.length === 0) throw unknown(next, possible.length > 5 ? 'the types referred to' : possible.join(', '));
  const chains = targets.map(
    (target): Filter => ({
      op: 'chain',
      parameter: code,
      types: [target],
      filter: parameterFilter([target], rest, value, scope, depth + 1),
    }),
  );
  if (chains.length === 1) return chains[0] as Filter;
  // one search through all the types where they ask the same of each
  const [first] = chains as [Extract<Filter, { op: 'chain' }>];
  const same = chains.every((chain) => chain.op === 'chain' && JSON.stringify(chain.filter) === JSON.stringify(first.filter));
  return same ? { ...first, types: targets } : { op: 'or', of: chains };
}

function answers(type: string, next: string, scope: SearchScope): boolean {
  return OWN.has(next) || next.startsWith('_has:') || findParameter([type], next, scope.definitions) !== undefined;
}

/** _has:Observation:patient:code: an Observation whose patient is this resource has the code. */
function hasFilter(types: readonly string[], name: string, value: string, scope: SearchScope, depth: number): Filter {
  const found = /^_has:([A-Za-z]+):([\w-]+):(.+)$/.exec(name);
  if (found === null) throw invalid('_has', 'its form is _has:Type:reference:parameter');
  const [, type = '', reference = '', rest = ''] = found;
  if (!scope.definitions.resourceTypes.has(type)) throw invalid('_has', 'the type is none of FHIR R4');
  const parameter = requireParameter([type], reference, scope.definitions);
  if (parameter.kind !== 'reference') throw invalid('_has', 'only a reference can be followed');
  if (parameter.targets.length > 0 && types.length > 0 && !types.some((one) => parameter.targets.includes(one))) {
    throw invalid('_has', 'the reference cannot point to the type searched');
  }
  return { op: 'has', type, parameter: reference, filter: parameterFilter([type], rest, value, scope, depth + 1) };
}
