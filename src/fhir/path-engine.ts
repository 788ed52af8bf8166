import { createRequire } from 'node:module';
import type { Branch, PathWalk, Take } from './path-branches.ts';

/** The part of fhirpath.js used here. */
interface Engine {
  compile(
    path: string | { base: string; expression: string },
    model: unknown,
    options: object,
  ): (focus: unknown, variables: object) => unknown[];
  types(values: unknown[]): string[];
  resolveInternalTypes(value: unknown): unknown;
}

let loaded: { readonly engine: Engine; readonly model: unknown } | undefined;

/** The engine takes 70 ms to load, so it waits for the first expression that needs it. */
function load(): { readonly engine: Engine; readonly model: unknown } {
  const require = createRequire(import.meta.url);
  loaded ??= { engine: require('fhirpath') as Engine, model: require('fhirpath/fhir-context/r4') as unknown };
  return loaded;
}

/** What FHIRPath calls values that stand in no resource. */
const COMPUTED: ReadonlyMap<string, string> = new Map([
  ['System.String', 'string'],
  ['System.Boolean', 'boolean'],
  ['System.Integer', 'integer'],
  ['System.Decimal', 'decimal'],
  ['System.Date', 'date'],
  ['System.DateTime', 'dateTime'],
]);

interface Found {
  readonly value: unknown;
  readonly type: string;
}

/**
 * An expression over the full engine, as a branch for each of the types wanted. It is evaluated once a resource, whatever the number of types.
 * An evaluation that fails finds nothing. Undefined when the engine cannot read the expression either.
 */
export function engineBranches(expression: string, focusType: string, types: Iterable<string>): readonly Branch[] | undefined {
  const { engine, model } = load();
  const path = focusType.includes('.') ? { base: focusType, expression } : expression;
  const evaluate = compiled(() => engine.compile(path, model, { resolveInternalTypes: false, traceFn: () => undefined }));
  if (evaluate === undefined) return undefined;
  let last: { readonly focus: unknown; readonly found: readonly Found[] } | undefined;
  const find = (focus: unknown, resource: unknown): readonly Found[] => {
    if (last === undefined || last.focus !== focus) last = { focus, found: evaluated(() => evaluate(focus, { resource }), engine) };
    return last.found;
  };
  return [...types].map((type) => ({
    type,
    walk<With>(take: Take<With>): PathWalk<With> {
      return (focus, resource, given) => {
        for (const found of find(focus, resource))
          if (found.type === type || (type === 'Resource' && isResource(found.value))) take(found.value, NOWHERE, '', resource, given);
      };
    },
  }));
}

function isResource(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'resourceType' in value;
}

const NOWHERE: object = Object.freeze({});

function compiled<T>(compile: () => T): T | undefined {
  try {
    return compile();
  } catch {
    return undefined;
  }
}

function evaluated(evaluate: () => unknown[], engine: Engine): readonly Found[] {
  try {
    const values = evaluate();
    const types = engine.types(values);
    return (engine.resolveInternalTypes(values) as unknown[]).map((value, index) => {
      const type = types[index] ?? '';
      return { value, type: COMPUTED.get(type) ?? type.replace(/^FHIR\./, '') };
    });
  } catch {
    return [];
  }
}
