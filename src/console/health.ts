import type { IncomingMessage, ServerResponse } from 'node:http';

/** What readiness is asked of. */
export interface HealthDependencies {
  /** Undefined when the store can be written durably; else why not. */
  readonly store: () => Promise<string | undefined>;
  /** True from the moment the gateway begins to stop. */
  readonly stopping: () => boolean;
  /** What an operator must know although the gateway is ready. */
  readonly warnings: () => readonly string[];
}

/** /livez: the process answers. */
export function livez(_request: IncomingMessage, response: ServerResponse): void {
  respond(response, 200, { status: 'alive' });
}

/** /readyz: messages and requests can be taken; 503 with the reason when not. */
export function createReadyz(deps: HealthDependencies) {
  return async (_request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const warnings = deps.warnings();
    const reason = deps.stopping() ? 'the gateway is stopping' : await deps.store();
    respond(response, reason === undefined ? 200 : 503, {
      status: reason === undefined ? 'ready' : 'not ready',
      ...(reason === undefined ? {} : { reason }),
      ...(warnings.length === 0 ? {} : { warnings }),
    });
  };
}

function respond(response: ServerResponse, status: number, body: object): void {
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  response.writeHead(status, status === 503 ? { ...headers, 'Retry-After': '2' } : headers).end(JSON.stringify(body));
}
