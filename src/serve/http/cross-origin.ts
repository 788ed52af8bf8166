import type { RequestHandler } from 'express';

const EXPOSED = 'ETag, Location, Content-Location, Last-Modified, Retry-After, X-Progress, Preference-Applied, WWW-Authenticate';
const ASKED = 'Authorization, Content-Type, Accept, Prefer, If-Match, If-None-Match, If-None-Exist, If-Modified-Since';

/** Lets pages of these origins read answers. Without it a browser shows our answers to no page but our own. */
export function crossOrigin(origins: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    response.vary('Origin');
    if (origin === undefined || !origins.has(origin)) return next();
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', EXPOSED);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return next();
    response.setHeader('access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE');
    response.setHeader('access-control-allow-headers', ASKED);
    response.setHeader('access-control-max-age', '600');
    response.status(204).end();
  };
}
