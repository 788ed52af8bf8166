import type { Issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { FhirRequest } from './fhir-request.ts';
import { parametersIn } from './operations/parameters.ts';
import type { Route } from './route.ts';
import { invalid } from './search-request/parameter-issues.ts';

/** Every address takes these: they are about how the answer looks. */
const ALWAYS = ['_format', '_pretty'];

/**
 * A handler that takes these parameters, by query or in Parameters: with Prefer: handling=strict any other is refused. A search knows itself what it
 * takes.
 *
 * Fails: parameter-invalid
 */
export function taking(names: readonly string[], handle: Route['handle']): Route['handle'] {
  return strictly((request) => notTaken(request, names), handle);
}

/** The same for a handler that takes none; its body is what it writes. Fails: parameter-invalid */
export function takingNone(handle: Route['handle']): Route['handle'] {
  return strictly(({ query }) => notTaken({ query }, []), handle);
}

function strictly(found: (request: FhirRequest) => Issue[], handle: Route['handle']): Route['handle'] {
  return async (request, target, context) => {
    const [first] = request.prefer.handling === 'strict' ? found(request) : [];
    if (first !== undefined) throw new IssueError(first);
    return handle(request, target, context);
  };
}

/** What is to be said of the parameters that are none of these. */
export function notTaken({ query, body }: Pick<FhirRequest, 'query' | 'body'>, names: readonly string[]): Issue[] {
  const inBody = body?.kind === 'resource' ? (parametersIn(body.value) ?? []) : [];
  const given = new Set([...query.map(({ name }) => name), ...inBody.map(({ name }) => String(name))]);
  for (const name of [...names, ...ALWAYS]) given.delete(name);
  return [...given].flatMap((name) => invalid(name, 'it is not taken here').issues);
}
