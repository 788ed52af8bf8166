import { IssueError } from '../../issue/issue-error.ts';
import { issue } from '../../issue/issue.ts';
import type { FhirRequest } from '../fhir-request.ts';

/** One parameter of a Parameters resource. */
export interface NamedValue {
  readonly name?: unknown;
  readonly resource?: unknown;
  readonly part?: unknown;
  readonly [value: string]: unknown;
}

/** The parameters of a Parameters resource; undefined for any other resource. Fails: parameter-invalid */
export function parametersIn(resource: Readonly<Record<string, unknown>> | undefined): readonly NamedValue[] | undefined {
  if (resource?.['resourceType'] !== 'Parameters') return undefined;
  return namedValues(resource['parameter'], 'Parameters.parameter');
}

/** The items of `parameter` or `part`. Fails: parameter-invalid */
export function namedValues(list: unknown, place: string): readonly NamedValue[] {
  if (list === undefined) return [];
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item))) {
    throw new IssueError(issue('parameter-invalid', { parameter: place, reason: 'it is no list of parameters', expression: place }));
  }
  return list as NamedValue[];
}

/** The value[x] of a parameter, whatever its type; undefined when it has none. */
export function valueIn(parameter: NamedValue | undefined): unknown {
  const name = Object.keys(parameter ?? {}).find((key) => /^value[A-Z]/.test(key));
  return name === undefined ? undefined : parameter?.[name];
}

/** The inputs of an operation that are simple values, from the query or from a Parameters body, as text. */
export function simpleInputs(request: FhirRequest, name: string): string[] {
  const body = request.body?.kind === 'resource' ? parametersIn(request.body.value) : undefined;
  const given = (body ?? []).filter((parameter) => parameter.name === name).map(valueIn);
  return [...request.query.filter((parameter) => parameter.name === name).map(({ value }) => value), ...given.map(String)];
}
