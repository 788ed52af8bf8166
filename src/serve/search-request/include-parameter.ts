import type { Include } from '../../fhir/search-query.ts';
import { invalid, unknown, unsupportedModifier } from './parameter-issues.ts';
import { findParameter, type SearchScope } from './search-scope.ts';

/**
 * One _include or _revinclude.
 *
 * Shape: _include=Observation:subject:Patient, _include:iterate=Patient:organization, _revinclude=Provenance:target, _include=*
 * Fails: parameter-invalid, search-parameter-unknown, search-modifier-unsupported
 */
export function parseInclude(name: string, value: string, types: readonly string[], scope: SearchScope): Include[] {
  const [code = '', modifier] = name.split(':');
  if (modifier !== undefined && modifier !== 'iterate' && modifier !== 'recurse') throw unsupportedModifier(modifier, code);
  const direction = code === '_include' ? 'forward' : 'reverse';
  const iterate = modifier !== undefined;
  if (value === '*') {
    const isAny = direction === 'reverse' || iterate || types.length === 0;
    return (isAny ? [...scope.definitions.resourceTypes] : types).map((source) => ({ direction, source, iterate }));
  }
  const [source = '', parameter = '', target, ...more] = value.split(':');
  if (!scope.definitions.resourceTypes.has(source)) throw invalid(code, 'its form is Type:parameter, Type:parameter:Target or *');
  if (more.length > 0 || (target !== undefined && !scope.definitions.resourceTypes.has(target)))
    throw invalid(code, 'its target is no resource type');
  const to = target === undefined ? {} : { target };
  if (parameter === '*') return [{ direction, source, iterate, ...to }];
  const found = findParameter([source], parameter, scope.definitions);
  if (found === undefined) throw unknown(parameter, source);
  if (found.kind !== 'reference') throw invalid(code, 'only a reference can be followed');
  return [{ direction, source, parameter, iterate, ...to }];
}
