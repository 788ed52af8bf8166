import type { Request, Response } from 'express';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { faultOf } from '../../issue/fault.ts';
import { type Access, OPEN } from '../../secure/access.ts';
import { enter } from '../access/enter.ts';
import { MATRIX } from '../access/matrix.ts';
import { RequestTrail } from '../access/request-trail.ts';
import type { Context } from '../context.ts';
import { answerLater, isAnsweredLater } from '../jobs/answer-later.ts';
import type { Conditions, FhirRequest, Method } from '../fhir-request.ts';
import type { Reply } from '../reply.ts';
import type { Match, Router } from '../route.ts';
import { contentReply, wantsContent } from './binary-content.ts';
import { failureReply, issuesOf } from './failure-reply.ts';
import { chooseFormat } from './media-type.ts';
import { parsePrefer } from './preferences.ts';
import { type Parameter, parseQuery } from './query-string.ts';
import { readBody } from './request-body.ts';
import { acceptsGzip, type Presentation, sendReply } from './send-reply.ts';

/** Answers every request below the FHIR base: finds the route, reads the body, runs the interaction, writes the answer, logs one line. */
export function fhirHandler(context: Context): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    const started = performance.now();
    const { path, query } = splitUrl(request.url);
    let how: Presentation = {
      format: 'json',
      pretty: false,
      gzip: acceptsGzip(request.headers['accept-encoding']),
      headOnly: request.method === 'HEAD',
    };
    const raw = wantsContent(request.method, path, valueOf(query, '_format'), request.headers.accept);
    let reply: Reply;
    let interaction = 'none';
    const { remoteAddress: peer = '', localAddress: server = '' } = request.socket;
    const trail = new RequestTrail(context, { method: request.method, peer, server });
    try {
      if (request.originalUrl.length > context.settings.maxUrlLength)
        throw new IssueError(issue('address-too-long', { limit: context.settings.maxUrlLength }));
      if (!raw) how = asked(how, query, request);
      const segments = decodePath(path);
      if (request.method === 'OPTIONS') reply = optionsReply(context.router, segments);
      else {
        const match = context.router.match(request.method === 'HEAD' ? 'GET' : request.method, segments);
        interaction = match.route.name;
        trail.matched(match);
        const access = isPublic(match) ? OPEN : await authenticate(request, context);
        const asData = await toFhirRequest(request, segments, query, match, context);
        // a form may say it too
        if (match.route.body === 'form') how = asked(how, asData.query, request);
        const entered = enter(match, asData, { ...context, visit: trail.visit(access, asData) });
        reply = await (!how.headOnly && isAnsweredLater(match, entered.request, entered.context)
          ? answerLater(entered.request, { peer, server }, entered.context)
          : match.route.handle(entered.request, match.target, entered.context));
      }
    } catch (error) {
      const issues = issuesOf(error, context.log, context.newId);
      const allow =
        issues[0]?.id === 'method-not-allowed' ? { allow: [...context.router.methods(decodePath(path)), 'OPTIONS'].join(', ') } : {};
      // a body left unread would be taken for the next request
      reply = failureReply(issues, request.complete ? allow : { ...allow, connection: 'close' });
    }
    try {
      await trail.keep(reply.status);
    } catch (error) {
      context.log.error({ fault: faultOf(error) }, 'the audit trail cannot be written');
      reply = failureReply([issue('audit-unavailable')]);
    }
    await sendReply(response, raw ? contentReply(reply) : reply, how, context.definitions);
    // no URL: it may hold names and numbers of patients
    context.log.info({ interaction, method: request.method, status: reply.status, ms: Math.round(performance.now() - started) }, 'request');
  };
}

function isPublic({ route }: Match): boolean {
  return MATRIX.get(route.name)?.needs === 'public';
}

/** Fails: throws IssueError login-needed, too-many-requests */
function authenticate(request: Request, { gate }: Context): Promise<Access> | Access {
  return gate?.authenticate === undefined ? OPEN : gate.authenticate(request);
}

/** Fails: not-acceptable */
function asked(how: Presentation, query: readonly Parameter[], request: Request): Presentation {
  return {
    ...how,
    pretty: valueOf(query, '_pretty') === 'true',
    format: chooseFormat(valueOf(query, '_format'), request.headers.accept),
  };
}

async function toFhirRequest(
  request: Request,
  path: readonly string[],
  query: readonly Parameter[],
  match: Match,
  context: Context,
): Promise<FhirRequest> {
  const brought = await readBody(request, match, context);
  return {
    method: (request.method === 'HEAD' ? 'GET' : request.method) as Method,
    path,
    query: brought.form === undefined ? query : [...query, ...brought.form],
    conditions: conditionsOf(request),
    prefer: parsePrefer(request.get('prefer')),
    ...(brought.body === undefined ? {} : { body: brought.body }),
  };
}

function conditionsOf(request: Request): Conditions {
  const header = (name: string) => request.get(name);
  const [ifMatch, ifNoneMatch, ifModifiedSince, ifNoneExist] = ['if-match', 'if-none-match', 'if-modified-since', 'if-none-exist'].map(
    header,
  );
  return {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    ...(ifModifiedSince === undefined ? {} : { ifModifiedSince }),
    ...(ifNoneExist === undefined ? {} : { ifNoneExist }),
  };
}

function optionsReply(router: Router, path: readonly string[]): Reply {
  const methods = router.methods(path);
  if (methods.length === 0) router.match('OPTIONS', path);
  return { status: 204, headers: { allow: [...methods, 'OPTIONS'].join(', ') } };
}

function splitUrl(url: string): { path: string; query: Parameter[] } {
  const end = url.indexOf('?');
  return end < 0 ? { path: url, query: [] } : { path: url.slice(0, end), query: parseQuery(url.slice(end + 1)) };
}

function decodePath(path: string): string[] {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    throw new IssueError(issue('id-invalid', { reason: 'the address has a % that is no escape' }));
  }
}

function valueOf(query: readonly Parameter[], name: string): string | undefined {
  return query.find((parameter) => parameter.name === name)?.value;
}
