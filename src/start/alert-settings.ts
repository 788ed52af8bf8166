import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AlertLimits, Facts } from '../alert/conditions.ts';
import type { Config } from '../config.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { type EndpointPolicy, endpointPolicy } from '../notify/endpoint-policy.ts';
import { sendNotification } from '../notify/send.ts';
import { holdsUntil, revocationLists } from '../secure/revocation-list.ts';
import type { TlsFiles } from './tls-files.ts';

const SEND_TIMEOUT_MS = 10_000;

/** The limits of the settings. Fails: throws IssueError setting-invalid */
export function readAlertLimits(config: Config): AlertLimits {
  return {
    idle: config.ALERT_IDLE_MINUTES,
    idleOf: readIdleFeeds(config.ALERT_IDLE_FEEDS),
    errors: config.ALERT_ERROR_PERCENT,
    disconnected: config.ALERT_DISCONNECT_MINUTES,
    queueDepth: config.ALERT_QUEUE_DEPTH,
    queueAge: config.ALERT_QUEUE_AGE_S,
    disk: config.ALERT_DISK_PERCENT,
    certificate: config.ALERT_CERTIFICATE_DAYS,
  };
}

function readIdleFeeds(text: string): ReadonlyMap<string, number> {
  const feeds = new Map<string, number>();
  for (const entry of text.split(',').map((one) => one.trim())) {
    if (entry === '') continue;
    const found = /^(.+)=(\d{1,6})$/.exec(entry);
    if (found === null) {
      const reason = 'it must be MSH-3|MSH-4=MINUTES, separated by commas';
      throw new IssueError(issue('setting-invalid', { setting: 'ALERT_IDLE_FEEDS', reason }));
    }
    feeds.set(found[1] as string, Number(found[2]));
  }
  return feeds;
}

/** How an alert is posted; undefined where no address is set. Fails: throws IssueError setting-invalid */
export function readWebhook({
  ALERT_WEBHOOK: url,
  NOTIFY_ALLOWED_HOSTS,
}: Config): ((text: string) => Promise<string | undefined>) | undefined {
  if (url === '') return undefined;
  const policy: EndpointPolicy = endpointPolicy(NOTIFY_ALLOWED_HOSTS);
  const reason = policy.refuses(url);
  if (reason !== undefined) throw new IssueError(issue('setting-invalid', { setting: 'ALERT_WEBHOOK', reason }));
  return (body) =>
    sendNotification({ method: 'POST', url, headers: [], body, contentType: 'application/json; charset=utf-8' }, policy, SEND_TIMEOUT_MS);
}

/**
 * When the certificates of listeners, and of those they trust, expire; one that cannot be read is left out, for whoever uses it says so.
 *
 * Shape: [{ name: 'lab MLLP_TLS_CERT', expiresAt: 1798761600000 }]
 */
export function certificatesOf(listeners: readonly Listening[]): Facts['certificates'] {
  return endsOf(listeners, ['cert', 'ca'], (pem) =>
    (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map((one) =>
      Date.parse(new X509Certificate(one).validTo),
    ),
  );
}

/** When the lists of revoked certificates expire, in the same way. Shape: [{ name: 'lab MLLP_TLS_CRL', expiresAt: 1798761600000 }] */
export function revocationListsOf(listeners: readonly Listening[]): Facts['revocationLists'] {
  return endsOf(listeners, ['crl'], (pem) => revocationLists(pem).flatMap((list) => holdsUntil(list) ?? []));
}

/** What listens, and by what files where it speaks TLS. */
export interface Listening {
  readonly name: string;
  readonly tls?: TlsFiles;
}

/** The first end of anything in each of those files. */
function endsOf(listeners: readonly Listening[], which: readonly (keyof TlsFiles)[], ends: (pem: string) => number[]) {
  const files = listeners.flatMap(({ name, tls }) => which.flatMap((one) => (tls?.[one] === undefined ? [] : { name, ...tls[one] })));
  return files.flatMap(({ name, setting, path }) => {
    try {
      const found = ends(readFileSync(path, 'latin1'));
      return found.length === 0 ? [] : [{ name: `${name} ${setting}`, expiresAt: Math.min(...found) }];
    } catch {
      return [];
    }
  });
}
