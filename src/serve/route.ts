import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { isId } from '../fhir/primitives.ts';
import type { Context } from './context.ts';
import type { FhirRequest, Method } from './fhir-request.ts';
import type { Reply } from './reply.ts';

/** One interaction or operation at one address. The CapabilityStatement is made from the table of these. */
export interface Route {
  /** The interaction's code in R4, or the operation with its $. Shape: read, search-type, $validate */
  readonly name: string;
  readonly method: Method;
  /** Shape: '{type}/{id}/_history/{version}'; '' is the base */
  readonly path: string;
  /** What a body may be: a resource, a patch, form parameters, a resource or nothing at all, an HL7 v2 message or a resource. */
  readonly body: 'none' | 'resource' | 'patch' | 'form' | 'optional' | 'message';
  /** With Prefer: respond-async it is answered later. */
  readonly mayTakeLong?: true;
  readonly handle: (request: FhirRequest, target: Target, context: Context) => Promise<Reply>;
}

/** What the address of a request names. */
export interface Target {
  readonly type: string;
  readonly id: string;
  readonly version: string;
  /** The type after a compartment's id, or * */
  readonly inside: string;
}

/** A route and what the address named. */
export interface Match {
  readonly route: Route;
  readonly target: Target;
}

/** Finds the route of an address. */
export interface Router {
  readonly routes: readonly Route[];
  /** Fails: route-unknown, method-not-allowed, operation-unknown, resource-type-unknown, id-invalid */
  match(method: string, path: readonly string[]): Match;
  /** The methods of an address, for Allow; empty when there is nothing at it. */
  methods(path: readonly string[]): string[];
}

/** A router over a table of routes and the resource types there are. */
export function compileRouter(routes: readonly Route[], resourceTypes: ReadonlySet<string>): Router {
  const byLength = new Map<number, { route: Route; pattern: readonly string[] }[]>();
  for (const route of routes) {
    const pattern = route.path === '' ? [] : route.path.split('/');
    byLength.set(pattern.length, [...(byLength.get(pattern.length) ?? []), { route, pattern }]);
  }
  const candidates = (path: readonly string[]) =>
    (byLength.get(path.length) ?? []).filter(({ pattern }) => fits(pattern, path, resourceTypes)).map(({ route }) => route);

  return {
    routes,
    match(method, path) {
      const found = candidates(path);
      const route = found.find((candidate) => candidate.method === method);
      if (route !== undefined) return { route, target: targetOf(route, path) };
      if (found.length > 0) throw new IssueError(issue('method-not-allowed', { method }));
      throw new IssueError(nothingAt(method, path, resourceTypes));
    },
    methods: (path) => {
      const methods: string[] = candidates(path).map((route) => route.method);
      return methods.includes('GET') ? ['HEAD', ...methods] : methods;
    },
  };
}

function fits(pattern: readonly string[], path: readonly string[], resourceTypes: ReadonlySet<string>): boolean {
  return pattern.every((part, index) => {
    const segment = path[index] as string;
    if (part === '{type}') return resourceTypes.has(segment);
    if (part === '{inside}') return segment === '*' || resourceTypes.has(segment);
    if (part === '{id}' || part === '{version}') return !segment.startsWith('_') && !segment.startsWith('$');
    return part === segment;
  });
}

function targetOf(route: Route, path: readonly string[]): Target {
  const target = { type: '', id: '', version: '', inside: '' };
  route.path.split('/').forEach((part, index) => {
    const segment = path[index] as string;
    if (part === '{id}') {
      if (!isId(segment)) throw new IssueError(issue('id-invalid', { reason: 'it has other characters or is longer than 64' }));
      target.id = segment;
    } else if (part === '{version}') target.version = segment;
    else if (part === '{inside}') target.inside = segment;
    else if (part === '{type}' || (index === 0 && /^[A-Z]/.test(part))) target.type = segment;
  });
  return target;
}

function nothingAt(method: string, path: readonly string[], resourceTypes: ReadonlySet<string>) {
  const [first] = path;
  const operation = path.find((segment) => segment.startsWith('$'));
  const mayBeType = first !== undefined && first !== operation && !first.startsWith('_') && first !== 'metadata';
  if (mayBeType && !resourceTypes.has(first))
    return issue('resource-type-unknown', { type: /^[A-Za-z]{1,64}$/.test(first) ? first : 'This' });
  if (operation !== undefined)
    return issue('operation-unknown', { operation: /^\$[a-z-]{1,40}$/.test(operation) ? operation : 'asked for' });
  return issue('route-unknown', { method });
}
