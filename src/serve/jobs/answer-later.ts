import { formatJson, readWritten } from '../../fhir/written-number.ts';
import { issue } from '../../issue/issue.ts';
import { Bug, IssueError } from '../../issue/issue-error.ts';
import { statusOf } from '../../issue/operation-outcome.ts';
import type { Answered, Perform } from '../../jobs/kept-request.ts';
import { type Access, OPEN } from '../../secure/access.ts';
import { readGrant, writeGrant } from '../../secure/kept-grant.ts';
import { enter } from '../access/enter.ts';
import { RequestTrail } from '../access/request-trail.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { formatQuery } from '../http/query-string.ts';
import type { Reply } from '../reply.ts';
import type { Match } from '../route.ts';
import { acceptedReply, ANSWERS, OWNER } from './job-address.ts';

/** A request as it is kept. */
interface Asked {
  readonly request: FhirRequest;
  /** What the token of who asked said; undefined where nobody logs in. */
  readonly grant?: string;
  /** Where it came from, and where it was asked. */
  readonly peer: string;
  readonly server?: string;
}

/**
 * Whether a request is answered later: it asks for that, and it is one that may take long. What writes in one commit is answered at once.
 *
 * Source: RFC 7240 4.1; FHIR R4 async
 */
export function isAnsweredLater({ route }: Match, { prefer, body }: FhirRequest, { jobs }: Context): boolean {
  if (prefer.respondAsync !== true || route.mayTakeLong !== true || jobs === undefined) return false;
  return route.name !== 'batch' || (body?.kind === 'resource' && body.value['type'] === 'batch');
}

/** Takes the request down, and says where its answer will be. Fails: too-many-requests */
export async function answerLater(request: FhirRequest, from: Pick<Asked, 'peer' | 'server'>, context: Context): Promise<Reply> {
  const { path, query } = request;
  const granted = context.visit?.access.granted;
  const asked: Asked = { request, ...from, ...(granted === undefined ? {} : { grant: writeGrant(granted) }) };
  const url = `${context.settings.baseUrl}${path.length === 0 ? '' : `/${path.join('/')}`}${query.length === 0 ? '' : `?${formatQuery(query)}`}`;
  const id = await context.jobs?.answerLater(url, formatJson(asked), OWNER);
  if (id === undefined) throw new Bug('there are no jobs');
  return acceptedReply(ANSWERS, id, context);
}

/** Carries out what was taken down, as who asked, through the same funnel; the trail is told what went out. */
export function performer(context: Context): Perform {
  return async (text, run) => {
    const { request, grant, ...from } = readWritten(text) as Asked;
    const match = context.router.match(request.method, request.path);
    const trail = new RequestTrail(context, { method: request.method, ...from });
    trail.matched(match);
    const visit = trail.visit(accessOf(grant, context), request);
    let reply: Reply;
    try {
      const entered = enter(match, request, { ...context, run, visit });
      reply = await match.route.handle(entered.request, match.target, entered.context);
    } catch (error) {
      await told(trail, error instanceof IssueError ? statusOf(error.issues) : 500);
      throw error;
    }
    if (run.mustStop()) return undefined;
    await told(trail, reply.status);
    return answered(reply.json, trail);
  };
}

/** Fails: audit-unavailable */
async function told(trail: RequestTrail, status: number): Promise<void> {
  try {
    await trail.keep(status);
  } catch {
    throw new IssueError(issue('audit-unavailable'));
  }
}

function answered(json: string | undefined, { patients }: RequestTrail): Answered {
  const type = /^\{"resourceType":"(\w+)"/.exec(json ?? '')?.[1];
  if (json === undefined || type === undefined) throw new Bug('an answer that is fetched later is no resource');
  return { type, json, patients };
}

/** Fails: forbidden (it was asked when nobody had to log in, and now everybody has) */
function accessOf(grant: string | undefined, { gate }: Context): Access {
  if (grant !== undefined && gate?.restore !== undefined) return gate.restore(readGrant(grant));
  if (grant === undefined && gate?.restore === undefined) return OPEN;
  throw new IssueError(issue('forbidden', { reason: 'who may do what was changed since this was asked' }));
}
