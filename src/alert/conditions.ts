import type { Feed } from './feeds.ts';

/** What an operator is woken for. */
export type AlertName =
  | 'feed-idle'
  | 'feed-errors'
  | 'feed-disconnected'
  | 'queue-depth'
  | 'queue-age'
  | 'disk-space'
  | 'disk-full'
  | 'store-unavailable'
  | 'audit-unavailable'
  | 'audit-behind'
  | 'audit-broken'
  | 'certificate-expiry'
  | 'revocation-list-expired';

/** From where on. 0: never. */
export interface AlertLimits {
  /** Units: minutes */
  readonly idle: number;
  /** For single feeds. Units: minutes */
  readonly idleOf: ReadonlyMap<string, number>;
  /** Units: % of what ended */
  readonly errors: number;
  /** Units: minutes */
  readonly disconnected: number;
  /** Units: messages */
  readonly queueDepth: number;
  /** Units: s */
  readonly queueAge: number;
  /** Units: % that is free */
  readonly disk: number;
  /** Units: days */
  readonly certificate: number;
}

/** How things are. Times are UTC ms. */
export interface Facts {
  readonly now: number;
  readonly feeds: readonly Pick<Feed, 'sender' | 'lastAt' | 'recent'>[];
  readonly queue: { readonly depth: number; readonly oldestAt: number | undefined };
  readonly lost: readonly { readonly peer: string; readonly since: number }[];
  readonly disk: { readonly free: number; readonly total: number; readonly isFull: boolean };
  /** The database did not keep what it was given last. */
  readonly isStoreDown: boolean;
  /** Undefined where no trail is kept. `waitingSince`: when what is not in the chain yet was recorded first; `brokenAt`: the link that does not follow. */
  readonly audit:
    | { readonly isFailing: boolean; readonly waitingSince: number | undefined; readonly brokenAt: number | undefined }
    | undefined;
  readonly certificates: readonly { readonly name: string; readonly expiresAt: number }[];
  /** Once one has expired, nobody is believed who shows a certificate there. */
  readonly revocationLists: readonly { readonly name: string; readonly expiresAt: number }[];
}

/** One thing that is looked at. */
export interface Reading {
  readonly alert: AlertName;
  /** A feed, a listener and an address, a listener and the setting of a file; empty where there is one only. */
  readonly subject: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: 'minutes' | '%' | 'messages' | 's' | 'days' | 'link' | '';
  readonly isBad: boolean;
  /** Well enough to end an alert; between bad and good it stays as it was. */
  readonly isGood: boolean;
}

/** So much better than the limit ends an alert. */
const BETTER = 0.8;
/** Fewer messages in ten minutes say nothing of how many fail. */
const LEAST_MESSAGES = 20;
const MINUTE_MS = 60_000;
/** What waits for the chain of the audit trail waits a moment. Units: s */
const AUDIT_BEHIND_S = 60;
const DAY_MS = 86_400_000;

/** Everything that is looked at, as it is now; what has no limit is left out. */
export function readingsOf(facts: Facts, limits: AlertLimits): Reading[] {
  const { now, queue, disk } = facts;
  const readings: Reading[] = [];
  /** Bad from the limit on. */
  const high = (alert: AlertName, subject: string, value: number, limit: number, unit: Reading['unit'], isEnough = true) => {
    if (limit > 0) readings.push({ alert, subject, value, limit, unit, isBad: isEnough && value >= limit, isGood: value < limit * BETTER });
  };
  for (const { sender, lastAt, recent } of facts.feeds) {
    const limit = limits.idleOf.get(sender) ?? limits.idle;
    if (lastAt !== undefined) high('feed-idle', sender, Math.floor((now - lastAt) / MINUTE_MS), limit, 'minutes');
    const percent = recent.ended === 0 ? 0 : Math.round((100 * recent.bad) / recent.ended);
    high('feed-errors', sender, percent, limits.errors, '%', recent.ended >= LEAST_MESSAGES);
  }
  for (const { peer, since } of facts.lost)
    high('feed-disconnected', peer, Math.floor((now - since) / MINUTE_MS), limits.disconnected, 'minutes');
  high('queue-depth', '', queue.depth, limits.queueDepth, 'messages');
  high('queue-age', '', queue.oldestAt === undefined ? 0 : Math.floor((now - queue.oldestAt) / 1000), limits.queueAge, 's');
  const free = disk.total === 0 ? 100 : Math.round((100 * disk.free) / disk.total);
  if (limits.disk > 0)
    readings.push({
      alert: 'disk-space',
      subject: '',
      value: free,
      limit: limits.disk,
      unit: '%',
      isBad: free < limits.disk,
      isGood: free >= limits.disk / BETTER,
    });
  const yesOrNo = (alert: AlertName, isBad: boolean) =>
    readings.push({ alert, subject: '', value: Number(isBad), limit: 1, unit: '', isBad, isGood: !isBad });
  yesOrNo('disk-full', disk.isFull);
  yesOrNo('store-unavailable', facts.isStoreDown);
  if (facts.audit !== undefined) {
    const { isFailing, waitingSince = now, brokenAt } = facts.audit;
    yesOrNo('audit-unavailable', isFailing);
    high('audit-behind', '', Math.floor((now - waitingSince) / 1000), AUDIT_BEHIND_S, 's');
    const isBad = brokenAt !== undefined;
    readings.push({ alert: 'audit-broken', subject: '', value: brokenAt ?? 0, limit: 0, unit: 'link', isBad, isGood: !isBad });
  }
  for (const { name, expiresAt } of facts.certificates) {
    const days = Math.floor((expiresAt - now) / DAY_MS);
    const limit = limits.certificate;
    if (limit > 0)
      readings.push({
        alert: 'certificate-expiry',
        subject: name,
        value: days,
        limit,
        unit: 'days',
        isBad: days < limit,
        isGood: days >= limit,
      });
  }
  for (const { name, expiresAt } of facts.revocationLists) {
    const isBad = now >= expiresAt;
    readings.push({
      alert: 'revocation-list-expired',
      subject: name,
      value: Math.floor((expiresAt - now) / DAY_MS),
      limit: 0,
      unit: 'days',
      isBad,
      isGood: !isBad,
    });
  }
  return readings;
}
