import type { Subscription } from 'fhir/r4.js';
import { readWritten } from '../fhir/written-number.ts';
import type { Store } from '../store/store.ts';
import type { EndpointPolicy } from './endpoint-policy.ts';
import { OUTBOX, type Outbox, type Waiting } from './outbox.ts';
import { sendNotification } from './send.ts';
import type { ActiveSubscription } from './subscription.ts';

/** How notifications are delivered. */
export interface DeliverySettings {
  /** How often the outbox is looked through. Units: ms */
  readonly everyMs: number;
  /** How long an endpoint may take. Units: ms */
  readonly timeoutMs: number;
  /** The wait after a first failure; each next is twice as long. Units: ms */
  readonly firstRetryMs: number;
  /** Units: ms */
  readonly mostRetryMs: number;
  /** After so long without success a notification is given up, and the subscription is off. Units: ms */
  readonly giveUpMs: number;
}

/** The settings of an installation: it tries for three days. */
export const DELIVERY: DeliverySettings = {
  everyMs: 1000,
  timeoutMs: 10_000,
  firstRetryMs: 1000,
  mostRetryMs: 3_600_000,
  giveUpMs: 3 * 24 * 3_600_000,
};

/** What delivery works with. */
export interface DeliveryDependencies {
  readonly outbox: Outbox;
  readonly policy: EndpointPolicy;
  readonly settings: DeliverySettings;
  /** UTC ms. */
  readonly now: () => number;
  /** Names this process where several share a database. */
  readonly holder: string;
  readonly log: { warn(fields: object, words: string): void };
}

/** The delivery of notifications, from its start until it is stopped. */
export interface Delivery {
  /** Delivers what is due; resolves when it was tried. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

const LEASE = { kind: 'lease', key: 'notify' };
const LEASE_MS = 30_000;
/** Rounds between two readings of the subscriptions. */
const LOAD_EVERY = 10;
/** Of one subscription in one round; a slow endpoint holds up nobody else. */
const AT_ONCE = 50;

/** Delivers notifications: in order for each subscription, side by side for all, each again until it is taken. One process of several does it. */
export function startDelivery(deps: DeliveryDependencies): Delivery {
  const { outbox, settings } = deps;
  const { store } = outbox;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  let rounds = 0;

  async function round(): Promise<void> {
    // Another process that shares the database may have taken a subscription.
    if (rounds++ % LOAD_EVERY === LOAD_EVERY - 1) await outbox.load();
    if (outbox.active.size === 0 || !(await holdsLease(store, deps))) return;
    await Promise.all([...outbox.active.values()].map((subscription) => deliver(subscription, deps, () => stopped)));
  }

  const timer = setInterval(() => {
    running = running
      .then(round)
      .catch((error: unknown) =>
        deps.log.warn({ name: error instanceof Error ? error.name : typeof error }, 'notifications could not be delivered'),
      );
  }, settings.everyMs);
  timer.unref();
  return {
    round,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

async function holdsLease(store: Store, { now, holder }: DeliveryDependencies): Promise<boolean> {
  const [text] = await store.documents([LEASE]);
  const lease = text === undefined ? undefined : (JSON.parse(text) as { holder: string; until: number });
  const time = now();
  if (lease !== undefined && lease.holder !== holder && lease.until > time) return false;
  if (lease?.holder === holder && lease.until > time + LEASE_MS / 2) return true;
  const committed = await store.commit({
    documents: [{ ...LEASE, expected: text ?? null, json: JSON.stringify({ holder, until: time + LEASE_MS }) }],
  });
  return committed.ok;
}

async function deliver(subscription: ActiveSubscription, deps: DeliveryDependencies, stopped: () => boolean): Promise<void> {
  const { store } = deps.outbox;
  const prefix = `${subscription.id}|`;
  const list = await store.listDocuments(OUTBOX, prefix, AT_ONCE, prefix);
  for (const { key, json } of list) {
    if (stopped()) return;
    const waiting = JSON.parse(json) as Waiting;
    if (waiting.nextTryAt > deps.now()) return;
    const failed = await attempt(subscription, waiting, deps);
    if (failed !== undefined) {
      await postpone(subscription, { key, json, waiting }, failed, deps);
      return;
    }
    await store.commit({ documents: [{ kind: OUTBOX, key }] });
    if (waiting.attempts > 0) await say(subscription.id, 'active', undefined, store);
  }
}

async function attempt(
  subscription: ActiveSubscription,
  { reference }: Waiting,
  { outbox, policy, settings }: DeliveryDependencies,
): Promise<string | undefined> {
  if (!subscription.withPayload)
    return sendNotification(
      { method: 'POST', url: subscription.endpoint, headers: subscription.headers, body: '' },
      policy,
      settings.timeoutMs,
    );
  const [type = '', id = ''] = reference.split('/');
  const version = await outbox.store.read(type, id);
  // What was deleted meanwhile has nothing left to tell.
  if (version === undefined || version.deleted) return undefined;
  return sendNotification(
    { method: 'PUT', url: `${subscription.endpoint}/${reference}`, headers: subscription.headers, body: version.json },
    policy,
    settings.timeoutMs,
  );
}

async function postpone(
  subscription: ActiveSubscription,
  { key, json, waiting }: { key: string; json: string; waiting: Waiting },
  reason: string,
  deps: DeliveryDependencies,
): Promise<void> {
  const { store } = deps.outbox;
  const { firstRetryMs, mostRetryMs, giveUpMs } = deps.settings;
  deps.log.warn({ subscription: subscription.id, attempts: waiting.attempts + 1, reason }, 'a notification was not taken');
  if (deps.now() - waiting.since > giveUpMs) {
    await say(subscription.id, 'off', `${reason}; given up after ${waiting.attempts + 1} tries`, store);
    await drop(`${subscription.id}|`, store);
    return;
  }
  const wait = Math.min(firstRetryMs * 2 ** waiting.attempts, mostRetryMs);
  const next: Waiting = { ...waiting, attempts: waiting.attempts + 1, nextTryAt: deps.now() + wait };
  await store.commit({ documents: [{ kind: OUTBOX, key, json: JSON.stringify(next), expected: json }] });
  await say(subscription.id, 'error', reason, store);
}

/** A subscription that is off waits for nothing: who turns it on again asks for what happens from then on. */
async function drop(prefix: string, store: Store): Promise<void> {
  for (;;) {
    const list = await store.listDocuments(OUTBOX, prefix, 500, prefix);
    if (list.length === 0) return;
    await store.commit({ documents: list.map(({ key }) => ({ kind: OUTBOX, key })) });
  }
}

/** Says in the subscription itself how it goes, where that is news. */
async function say(id: string, status: 'active' | 'error' | 'off', error: string | undefined, store: Store): Promise<void> {
  const version = await store.read('Subscription', id);
  if (version === undefined || version.deleted) return;
  const { error: before, ...resource } = readWritten(version.json) as Subscription;
  if (resource.status === status && before === error) return;
  await store.commit({
    writes: [
      { type: 'Subscription', id, expected: version.version, resource: { ...resource, status, ...(error === undefined ? {} : { error }) } },
    ],
  });
}
