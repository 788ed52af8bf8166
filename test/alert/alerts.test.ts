import { expect, describe, test } from 'vitest';
import { type AlertEvent, createAlerts } from '../../src/alert/alerts.ts';
import { type AlertLimits, type Facts, readingsOf } from '../../src/alert/conditions.ts';
import { watchFeeds } from '../../src/alert/feeds.ts';
import { watchPeers } from '../../src/alert/standing-peers.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 5, 12);
const LIMITS: AlertLimits = {
  idle: 60,
  idleOf: new Map([['QUIET|HOSP', 600]]),
  errors: 10,
  disconnected: 5,
  queueDepth: 100,
  queueAge: 300,
  disk: 10,
  certificate: 30,
};
const WELL: Facts = {
  now: NOW,
  feeds: [],
  queue: { depth: 0, oldestAt: undefined },
  lost: [],
  disk: { free: 90, total: 100, isFull: false },
  isStoreDown: false,
  audit: { isFailing: false, waitingSince: undefined, brokenAt: undefined },
  certificates: [],
  revocationLists: [],
};
/** What is told of one set of facts after another. */
function told(...facts: Partial<Facts>[]): string[] {
  const events: AlertEvent[] = [];
  const alerts = createAlerts((event) => events.push(event));
  for (const some of facts) {
    const whole = { ...WELL, ...some };
    alerts.take(readingsOf(whole, LIMITS), whole.now);
  }
  return events.map(({ state, alert, subject, value }) => [state, alert, subject, value].filter((part) => part !== '').join(' '));
}
const feed = (sender: string, minutesAgo: number, ended = 0, bad = 0) => ({
  sender,
  lastAt: NOW - minutesAgo * MINUTE,
  recent: { ended, bad },
});

describe('an alert begins once and ends once', () => {
  test('a feed that is idle', () => {
    expect(
      told(
        { feeds: [feed('LAB|HOSP', 59)] },
        { feeds: [feed('LAB|HOSP', 60)] },
        { feeds: [feed('LAB|HOSP', 99)] },
        { feeds: [feed('LAB|HOSP', 0)] },
      ),
    ).toEqual(['start feed-idle LAB|HOSP 60', 'end feed-idle LAB|HOSP 0']);
    expect(told({ feeds: [feed('QUIET|HOSP', 599)] })).toEqual([]);
    expect(told({ feeds: [{ sender: 'NEVER|HOSP', lastAt: undefined, recent: { ended: 0, bad: 0 } }] })).toEqual([]);
  });
  test('a queue that is long or old, with room between its beginning and its end', () => {
    const queue = (depth: number, seconds = 0) => ({ queue: { depth, oldestAt: NOW - seconds * 1000 } });
    expect(told(queue(99), queue(100), queue(81), queue(100), queue(79))).toEqual(['start queue-depth 100', 'end queue-depth 79']);
    expect(told(queue(1, 300), queue(1, 299), queue(0))).toEqual(['start queue-age 300', 'end queue-age 0']);
  });
  test('a feed that fails, of enough messages', () => {
    expect(told({ feeds: [feed('LAB|HOSP', 0, 19, 19)] })).toEqual([]);
    expect(
      told({ feeds: [feed('LAB|HOSP', 0, 20, 2)] }, { feeds: [feed('LAB|HOSP', 0, 100, 9)] }, { feeds: [feed('LAB|HOSP', 0, 100, 7)] }),
    ).toEqual(['start feed-errors LAB|HOSP 10', 'end feed-errors LAB|HOSP 7']);
  });
  test('a peer that is gone', () => {
    const lost = (minutes: number) => ({ lost: [{ peer: 'mllp 10.0.0.7', since: NOW - minutes * MINUTE }] });
    expect(told(lost(4), lost(5), lost(6), {})).toEqual([
      'start feed-disconnected mllp 10.0.0.7 5',
      'end feed-disconnected mllp 10.0.0.7 6',
    ]);
  });
  test('a disk with little room, and one with none', () => {
    const disk = (free: number, isFull = false) => ({ disk: { free, total: 100, isFull } });
    expect(told(disk(10), disk(9), disk(12), disk(13))).toEqual(['start disk-space 9', 'end disk-space 13']);
    expect(told(disk(0, true), disk(50))).toEqual(['start disk-space 0', 'start disk-full 1', 'end disk-space 50', 'end disk-full 0']);
  });
  test('a database that keeps nothing', () => {
    expect(told({ isStoreDown: true }, { isStoreDown: true }, {})).toEqual(['start store-unavailable 1', 'end store-unavailable 0']);
  });
  test('an audit trail that cannot be written, falls behind, or is broken', () => {
    const audit = (given: Partial<NonNullable<Facts['audit']>>) => ({
      audit: { ...(WELL.audit as NonNullable<Facts['audit']>), ...given },
    });
    expect(told(audit({ isFailing: true }), audit({ isFailing: true }), {})).toEqual([
      'start audit-unavailable 1',
      'end audit-unavailable 0',
    ]);
    const since = (seconds: number) => audit({ waitingSince: NOW - seconds * 1000 });
    expect(told(since(59), since(60), since(90), since(50), since(47))).toEqual(['start audit-behind 60', 'end audit-behind 47']);
    expect(told(audit({ brokenAt: 7 }), audit({ brokenAt: 7 }), {})).toEqual(['start audit-broken 7', 'end audit-broken 0']);
    expect(told({ audit: undefined })).toEqual([]);
  });
  test('a certificate that expires, until there is another', () => {
    const certificate = (days: number) => ({ certificates: [{ name: 'MLLP_TLS_CERT', expiresAt: NOW + days * DAY + 1 }] });
    expect(told(certificate(30), certificate(29), certificate(-1), certificate(365))).toEqual([
      'start certificate-expiry MLLP_TLS_CERT 29',
      'end certificate-expiry MLLP_TLS_CERT 365',
    ]);
  });
  test('a list of revoked certificates that has expired, whatever the limit of certificates is', () => {
    const list = (ms: number) => ({ revocationLists: [{ name: 'lab MLLP_TLS_CRL', expiresAt: NOW + ms }] });
    expect(told(list(1), list(0), list(-3 * DAY), list(DAY))).toEqual([
      'start revocation-list-expired lab MLLP_TLS_CRL 0',
      'end revocation-list-expired lab MLLP_TLS_CRL 1',
    ]);
  });
  test('none where there is no limit, but for a full disk and a database that keeps nothing', () => {
    const none: AlertLimits = {
      idle: 0,
      idleOf: new Map(),
      errors: 0,
      disconnected: 0,
      queueDepth: 0,
      queueAge: 0,
      disk: 0,
      certificate: 0,
    };
    const bad: Facts = {
      now: NOW,
      feeds: [feed('LAB|HOSP', 9999, 100, 100)],
      queue: { depth: 9999, oldestAt: 0 },
      lost: [{ peer: 'a', since: 0 }],
      disk: { free: 0, total: 100, isFull: true },
      isStoreDown: true,
      audit: undefined,
      certificates: [{ name: 'x', expiresAt: 0 }],
      revocationLists: [],
    };
    expect(
      readingsOf(bad, none)
        .filter(({ isBad }) => isBad)
        .map(({ alert }) => alert),
    ).toEqual(['disk-full', 'store-unavailable']);
  });
});

describe('feeds', () => {
  const counts = { received: 100, repeated: 1, accepted: 90, failed: 5, rejected: 5, merged: 2 };

  test('are counted since the start beside what the journal has counted, with how long their answers took', () => {
    const clock = { now: NOW };
    const feeds = watchFeeds(() => clock.now);
    for (let number = 1; number <= 100; number += 1) {
      feeds.received('LAB|HOSP', number === 100);
      const merged = number <= 2 ? (['merged'] as const) : [];
      feeds.ended('LAB|HOSP', [number <= 90 ? 'accepted' : number <= 95 ? 'failed' : 'rejected', ...merged], number);
    }
    const lifetime = { ...counts, received: 4711 };
    const tallies = [{ sender: 'LAB|HOSP', lastAt: NOW, ...lifetime }];
    const lab = { sender: 'LAB|HOSP', sinceStart: counts, lifetime, lastAt: NOW };
    expect(feeds.list(tallies)).toEqual([{ ...lab, p50: 51, p99: 100, recent: { ended: 100, bad: 10 } }]);
    clock.now += 11 * MINUTE;
    expect(feeds.list(tallies)).toMatchObject([{ ...lab, recent: { ended: 0, bad: 0 } }]);
    const restarted = watchFeeds(() => clock.now).list(tallies);
    expect(restarted).toMatchObject([{ sinceStart: { received: 0 }, lifetime, lastAt: NOW, p50: undefined }]);
  });

  test('with names without number fill no memory, and no name is a key of something else', () => {
    const feeds = watchFeeds(() => NOW);
    for (let number = 0; number < 1_000; number += 1) feeds.received(`S${number}|H`, false);
    feeds.received('__proto__|constructor', false);
    const list = feeds.list([]);
    expect(list.length).toBeLessThanOrEqual(201);
    expect(list.find(({ sender }) => sender === 'other')?.sinceStart.received).toBe(801);
  });
});

test('a peer that keeps its connection is missed when it is gone; one that connects for each message is not', () => {
  const clock = { now: 0 };
  const peers = watchPeers(() => clock.now);
  for (const peer of ['standing', 'brief', 'twice', 'twice']) peers.connected(peer);
  clock.now = 1000;
  peers.disconnected('brief', 0);
  clock.now = 600_000;
  peers.disconnected('standing', 0);
  peers.disconnected('twice', 0);
  expect(peers.lost()).toEqual([{ peer: 'standing', since: 600_000 }]);
  peers.connected('standing');
  expect(peers.lost()).toEqual([]);
});
