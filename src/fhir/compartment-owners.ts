import { compileCompartments } from './compartments.ts';
import type { Definitions } from './definitions.ts';
import { compileParameter, type ExtractorSettings, type Index } from './index-extraction.ts';
import { IndexSink } from './index-sink.ts';
import type { Resource } from './resource.ts';

/**
 * Whose compartment a resource is in, read from the resource itself by the compartment's parameters alone.
 *
 * Shape:  compileCompartmentOwners('Patient', definitions)(observation) is ['7f3c']
 * Source: FHIR R4 CompartmentDefinition
 */
export function compileCompartmentOwners(
  compartment: string,
  definitions: Definitions,
  settings: ExtractorSettings = {},
): (resource: Resource) => string[] {
  const parameters = compileCompartments(definitions);
  const byType = new Map<string, readonly Index[]>();
  const compile = (type: string): readonly Index[] =>
    parameters(compartment, type).flatMap((name) => {
      const parameter = definitions.searchParameter(type, name);
      return (parameter === undefined ? undefined : compileParameter(parameter, type, definitions, settings)) ?? [];
    });
  return (resource) => {
    const type = resource.resourceType;
    let indexes = byType.get(type);
    if (indexes === undefined) {
      indexes = compile(type);
      byType.set(type, indexes);
    }
    const sink = new IndexSink('resource', resource);
    for (const index of indexes) index(resource, sink);
    const owners = sink.values().references.flatMap(({ type: owner, id }) => (owner === compartment && id !== undefined ? [id] : []));
    return type === compartment && resource.id !== undefined ? [...new Set([resource.id, ...owners])] : [...new Set(owners)];
  };
}
