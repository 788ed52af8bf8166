import { lookup } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Bug } from '../issue/issue-error.ts';
import type { EndpointPolicy } from './endpoint-policy.ts';

/** One notification on its way out. */
export interface Notification {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  /** Shape: ['Authorization: Bearer x'] */
  readonly headers: readonly string[];
  /** JSON; empty for word without the resource. */
  readonly body: string;
  /** Of the body; FHIR's JSON where it is left out. */
  readonly contentType?: string;
}

/**
 * Sends a notification. Redirects are not followed; the address a name gives is checked when it is used, not before.
 *
 * Shape: undefined when it was taken (2xx); else why not, in words that hold nothing of the resource
 */
export function sendNotification(
  { method, url, headers, body, contentType = 'application/fhir+json; charset=utf-8' }: Notification,
  policy: EndpointPolicy,
  timeoutMs: number,
): Promise<string | undefined> {
  const target = new URL(url);
  const checked: LookupFunction = (host, options, callback) =>
    lookup(host, options, (error, address, family) => {
      const addresses = Array.isArray(address) ? address.map((entry) => entry.address) : [address];
      if (error === null && !addresses.every((entry) => policy.mayReach(target.hostname, entry)))
        callback(new Bug('the name leads into a network of our own'), '', 4);
      else callback(error, address, family);
    });
  return new Promise((resolve) => {
    const outgoing = (target.protocol === 'https:' ? requestHttps : requestHttp)(
      target,
      {
        method,
        lookup: checked,
        timeout: timeoutMs,
        headers: {
          ...Object.fromEntries(headers.map((header) => [header.slice(0, header.indexOf(':')), header.slice(header.indexOf(':') + 2)])),
          ...(body === '' ? { 'Content-Length': '0' } : { 'Content-Type': contentType, 'Content-Length': String(Buffer.byteLength(body)) }),
        },
      },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        resolve(status >= 200 && status < 300 ? undefined : `the endpoint answered ${status}`);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Bug('no answer in time')));
    outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(`the endpoint could not be reached (${error.code ?? error.message})`));
    outgoing.end(body);
  });
}
