import express from 'express';
import { crossOrigin } from './http/cross-origin.ts';
import type { Context } from './context.ts';
import { performer } from './jobs/answer-later.ts';
import { failureReply, issuesOf } from './http/failure-reply.ts';
import { fhirHandler } from './http/fhir-handler.ts';
import { acceptsGzip, sendReply } from './http/send-reply.ts';
import { SECURITY_HEADERS } from './http/security-headers.ts';
import { queryObject } from './http/query-string.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { compileRouter } from './route.ts';
import { ROUTES } from './routes.ts';

/** A handler of another part, at an address beside the FHIR base. It reads its own body. */
export interface Mounted {
  readonly method: 'get' | 'post' | 'all';
  /** Shape: /hl7v2, /messages/:id/trace */
  readonly path: string;
  readonly handle: (request: express.Request, response: express.Response) => void | Promise<void>;
}

/** What the application is made of. */
export interface AppParts extends Omit<Context, 'router'> {
  /** HL7 over HTTP, messages, health, metrics, console: whatever `main` serves beside FHIR. */
  readonly mount?: readonly Mounted[];
  /** Origins whose pages may read answers. Shape: https://app.example.org */
  readonly corsOrigins?: ReadonlySet<string>;
}

/**
 * The HTTP application: the FHIR API at /fhir, and what is mounted beside it. Every error is an OperationOutcome.
 */
export function createApp(parts: AppParts): express.Express {
  const context: Context = { ...parts, router: compileRouter(ROUTES, parts.definitions.resourceTypes) };
  parts.jobs?.performBy(performer(context));
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', queryObject);
  app.use((_request, response, next) => {
    for (const name in SECURITY_HEADERS) response.setHeader(name, SECURITY_HEADERS[name] as string);
    next();
  });
  if (parts.corsOrigins !== undefined && parts.corsOrigins.size > 0) app.use(crossOrigin(parts.corsOrigins));
  const isBelowFhir = ({ path }: Mounted) => path.startsWith('/fhir/');
  const late = (parts.mount ?? []).filter((one) => !isBelowFhir(one));
  for (const { method, path, handle } of (parts.mount ?? []).filter(isBelowFhir)) app[method](path, handle);
  app.use('/fhir', fhirHandler(context));
  for (const { method, path, handle } of late) app[method](path, handle);
  app.use((request) => {
    throw new IssueError(issue('route-unknown', { method: /^[A-Z]{1,10}$/.test(request.method) ? request.method : 'this method' }));
  });
  app.use(answerError(context));
  return app;
}

/** Express's own error page shows the stack; this shows an OperationOutcome. Four parameters make it an error handler. */
function answerError(context: Context): express.ErrorRequestHandler {
  return async (error: unknown, request, response, _next) => {
    const issues = issuesOf(fromExpress(error), context.log, context.newId);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const how = {
      format: 'json',
      pretty: false,
      gzip: acceptsGzip(request.headers['accept-encoding']),
      headOnly: request.method === 'HEAD',
    } as const;
    await sendReply(response, failureReply(issues), how, context.definitions);
  };
}

/** What Express's router itself refuses is an address that cannot be decoded. */
function fromExpress(error: unknown): unknown {
  return error instanceof URIError ? new IssueError(issue('id-invalid', { reason: 'the address has a % that is no escape' })) : error;
}
