import type { SearchParameter } from 'fhir/r4.js';
import type { Definitions } from './definitions.ts';
import { compileComposite } from './index-composite.ts';
import { convertibleTypes, converterFor, type Destination } from './index-converters.ts';
import { IndexSink } from './index-sink.ts';
import type { IndexValues } from './index-values.ts';
import { type Branch, compileBranches } from './path-branches.ts';
import { engineBranches } from './path-engine.ts';
import { readPathExpression } from './path-expression.ts';
import type { Resource } from './resource.ts';

/** What the reading of values depends on beside the definitions. */
export interface ExtractorSettings {
  /** The server's own address, without a slash at the end: references below it are its own. */
  readonly baseUrl?: string;
  /** For dates without an offset; the search must use the same. Units: minutes east of Greenwich */
  readonly offsetMinutes?: number;
}

/** Puts what one search parameter finds, in a resource or in an element of it, into a sink. */
export type Index = (focus: unknown, sink: IndexSink) => void;

/** The store keeps these itself. */
const THE_STORES = new Set(['_id', '_lastUpdated']);

/** The branches of an expression: our own or, where it is beyond them, those of the full engine. Undefined when neither can read it. */
export function branchesOf(
  expression: string,
  parameterType: string,
  focusType: string,
  type: string,
  definitions: Definitions,
): readonly Branch[] | undefined {
  const path = readPathExpression(expression);
  return path === undefined
    ? engineBranches(expression, focusType, convertibleTypes(parameterType))
    : compileBranches(path, focusType, type, definitions);
}

/** The system of each bare code of a value set; '' for a code of several systems. Looked up when the first code is met. */
function systemsOf(valueSet: string | undefined, definitions: Definitions): (code: string) => string {
  if (valueSet === undefined) return () => '';
  let systems: Map<string, string> | undefined;
  return (code) => {
    if (systems === undefined) {
      systems = new Map();
      for (const one of definitions.expansion(valueSet)?.codes.list() ?? []) {
        const known = systems.get(one.code);
        systems.set(one.code, known === undefined || known === one.system ? one.system : '');
      }
    }
    return systems.get(code) ?? '';
  };
}

/** Compiles the values of one parameter that is no composite: by the type of what its expression finds. */
export function compileIndex(
  parameter: Pick<SearchParameter, 'code' | 'type' | 'target'>,
  branches: readonly Branch[],
  definitions: Definitions,
  settings: ExtractorSettings,
): Index {
  const { baseUrl, offsetMinutes = 0 } = settings;
  const { code, target: targets = [] } = parameter;
  const walks = branches.flatMap((branch) => {
    const convert = converterFor(parameter.type, branch.type);
    if (convert === undefined) return [];
    const to: Destination = { parameter: code, targets, systemOf: systemsOf(branch.valueSet, definitions), baseUrl, offsetMinutes };
    return [branch.walk<IndexSink>((value, owner, name, _resource, sink) => convert(value, to, sink, owner, name))];
  });
  return (focus, sink) => {
    for (const walk of walks) walk(focus, sink.resource, sink);
  };
}

/**
 * Compiles one search parameter for a type. Undefined when it has nothing to find there: no expression, none that can be read, or one that
 * leads to no value its kind speaks of.
 */
export function compileParameter(
  parameter: SearchParameter,
  type: string,
  definitions: Definitions,
  settings: ExtractorSettings,
): Index | undefined {
  if (parameter.expression === undefined || parameter.type === 'special' || THE_STORES.has(parameter.code)) return undefined;
  const branches = branchesOf(parameter.expression, parameter.type, type, type, definitions);
  if (branches === undefined || branches.length === 0) return undefined;
  if (parameter.type === 'composite') return compileComposite(parameter, branches, type, definitions, settings);
  const speaks = branches.some((branch) => converterFor(parameter.type, branch.type) !== undefined);
  return speaks ? compileIndex(parameter, branches, definitions, settings) : undefined;
}

/**
 * Compiles what a resource can be found by, parameter by parameter, for each type when its first resource comes.
 * A search parameter that comes later is taken up with the next resource. It never throws on a resource: values of a wrong shape are passed over.
 */
export function compileExtractor(definitions: Definitions, settings: ExtractorSettings = {}): (resource: Resource) => IndexValues {
  const byType = new Map<string, readonly Index[]>();
  const compile = (type: string): readonly Index[] =>
    definitions.searchParameters(type).flatMap((parameter) => compileParameter(parameter, type, definitions, settings) ?? []);
  let { revision } = definitions;
  return (resource) => {
    if (definitions.revision !== revision) {
      byType.clear();
      revision = definitions.revision;
    }
    let indexes = byType.get(resource.resourceType);
    if (indexes === undefined) {
      if (!definitions.resourceTypes.has(resource.resourceType)) return new IndexSink('resource', resource).values();
      indexes = compile(resource.resourceType);
      byType.set(resource.resourceType, indexes);
    }
    const sink = new IndexSink('resource', resource);
    for (const index of indexes) index(resource, sink);
    return sink.values();
  };
}
