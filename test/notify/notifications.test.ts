import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileCompartments } from '../../src/fhir/compartments.ts';
import { compileExtractor } from '../../src/fhir/index-extraction.ts';
import type { Filter } from '../../src/fhir/search-query.ts';
import { readWritten } from '../../src/fhir/written-number.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { DELIVERY, type Delivery, type DeliverySettings, startDelivery } from '../../src/notify/delivery.ts';
import { endpointPolicy } from '../../src/notify/endpoint-policy.ts';
import { createOutbox, OUTBOX, type Outbox } from '../../src/notify/outbox.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { definitions } from '../definitions.ts';

const extract = compileExtractor(definitions);
const compartmentParameters = compileCompartments(definitions);
const code: Filter = { op: 'token', parameter: 'code', code: '718-7' };
const parseCriteria = (criteria: string) => ({
  type: 'Observation',
  filter: criteria.includes('subject') ? ({ op: 'chain', parameter: 'subject', types: ['Patient'], filter: code } as const) : code,
});

let store: Store;
let server: Server;
let endpoint: string;
let outbox: Outbox;
let delivery: Delivery;
let received: { method: string; url: string; body: string; authorization: string | undefined }[];
let answer: number;
let clock: number;

const open = (settings: Partial<DeliverySettings> = {}) => {
  const policy = endpointPolicy(new URL(endpoint).host);
  outbox = createOutbox(store, {
    parseCriteria,
    refuses: (url) => policy.refuses(url),
    extract,
    compartmentParameters,
    now: () => clock,
    newId: () => `${clock}`,
  });
  delivery = startDelivery({
    outbox,
    policy,
    settings: { ...DELIVERY, everyMs: 3_600_000, ...settings },
    now: () => clock,
    holder: 'test',
    log: { warn: () => undefined },
  });
};

beforeEach(async () => {
  [received, answer, clock] = [[], 200, Date.UTC(2026, 0, 2)];
  store = await openSqliteStore({ path: ':memory:', extract, now: () => clock, compartmentParameters });
  server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ method: request.method ?? '', url: request.url ?? '', body, authorization: request.headers.authorization });
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  open();
});
afterEach(async () => {
  await delivery.stop();
  server.close();
  await store.close();
});

const subscribe = (channel: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) =>
  outbox.store.commit({
    writes: [
      {
        type: 'Subscription',
        id: 's1',
        resource: {
          resourceType: 'Subscription',
          status: 'requested',
          reason: 'follow a value',
          criteria: 'Observation?code=718-7',
          channel: { type: 'rest-hook', endpoint, payload: 'application/fhir+json', header: ['Authorization: Bearer key'], ...channel },
          ...rest,
        },
      },
    ],
  });
const observe = (id: string, value = '718-7') =>
  outbox.store.commit({
    writes: [
      {
        type: 'Observation',
        id,
        resource: { resourceType: 'Observation', status: 'final', code: { coding: [{ system: 'http://loinc.org', code: value }] } },
      },
    ],
  });
const statusOf = async () => JSON.parse((await store.read('Subscription', 's1'))?.json ?? '{}') as { status: string; error?: string };
const waiting = async () => (await store.listDocuments(OUTBOX, '', 100)).length;

test('a requested subscription becomes active with its write, and what meets it is sent whole', async () => {
  await subscribe();
  expect(await statusOf()).toMatchObject({ status: 'active' });
  await observe('o1');
  await observe('o2', '2345-7');
  await delivery.round();
  expect(received.map(({ method, url, authorization }) => [method, url, authorization])).toEqual([
    ['PUT', '/hooks/Observation/o1', 'Bearer key'],
  ]);
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ resourceType: 'Observation', id: 'o1', meta: { versionId: '1' } });
  expect(await waiting()).toBe(0);
});

test('without a payload only word of it is sent', async () => {
  await subscribe({ payload: undefined });
  await observe('o1');
  await delivery.round();
  expect(received).toMatchObject([{ method: 'POST', url: '/hooks', body: '' }]);
});

test('whom a change must be told is committed with the change, and is told after a restart', async () => {
  await subscribe();
  await observe('o1');
  await delivery.stop();
  open();
  await outbox.load();
  await delivery.round();
  expect(received).toHaveLength(1);
});

test('what a subscription says of how it goes leaves the rest of it as it was written, to the digits', async () => {
  const extension = readWritten('[{"url":"urn:example:price","valueDecimal":1.50}]');
  await subscribe({}, { extension });
  answer = 500;
  await observe('o1');
  await delivery.round();
  expect(await statusOf()).toMatchObject({ status: 'error' });
  expect((await store.read('Subscription', 's1'))?.json).toContain('"valueDecimal":1.50');
});

test('an endpoint that fails is tried again after a longer and longer wait, and the subscription says so', async () => {
  await subscribe();
  answer = 500;
  await observe('o1');
  await observe('o2');
  await delivery.round();
  expect(received).toHaveLength(1);
  expect(await statusOf()).toMatchObject({ status: 'error', error: 'the endpoint answered 500' });
  await delivery.round();
  expect(received).toHaveLength(1);
  clock += 1001;
  await delivery.round();
  expect(received).toHaveLength(2);
  clock += 1001;
  await delivery.round();
  expect(received).toHaveLength(2);
  answer = 204;
  clock += 1000;
  await delivery.round();
  expect(received.slice(2).map(({ url }) => url)).toEqual(['/hooks/Observation/o1', '/hooks/Observation/o2']);
  expect(await statusOf()).toMatchObject({ status: 'active' });
  expect(await statusOf()).not.toHaveProperty('error');
});

test('after days without success the subscription is off', async () => {
  await subscribe();
  answer = 410;
  await observe('o1');
  await delivery.round();
  clock += DELIVERY.giveUpMs + 1;
  await delivery.round();
  expect(await statusOf()).toMatchObject({ status: 'off' });
  await observe('o3');
  expect(await waiting()).toBe(0);
});

test('a subscription that ended is told nothing more', async () => {
  await subscribe({}, { end: '2026-01-01T00:00:00Z' });
  await observe('o1');
  expect(await waiting()).toBe(0);
});

test('only one of several processes delivers', async () => {
  await subscribe();
  await observe('o1');
  await store.commit({ documents: [{ kind: 'lease', key: 'notify', json: JSON.stringify({ holder: 'another', until: clock + 10_000 }) }] });
  await delivery.round();
  expect(received).toEqual([]);
  clock += 10_001;
  await delivery.round();
  expect(received).toHaveLength(1);
});

describe('a subscription that cannot be served is refused with the reason', () => {
  test.each([
    ['another channel', { type: 'email' }, {}, 'Subscription.channel.type'],
    ['another payload', { payload: 'text/plain' }, {}, 'Subscription.channel.payload'],
    ['a host nobody allowed', { endpoint: 'https://elsewhere.example/hook' }, {}, 'Subscription.channel.endpoint'],
    ['no web address', { endpoint: 'file:///etc/passwd' }, {}, 'Subscription.channel.endpoint'],
    ['a header with a line break', { header: ['X: a\r\nY: b'] }, {}, 'Subscription.channel.header'],
    ['criteria one resource cannot answer', {}, { criteria: 'Observation?subject.name=x' }, 'Subscription.criteria'],
  ])('%s', async (_name, channel, rest, expression) => {
    const refused = await subscribe(channel, rest).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(IssueError);
    expect((refused as IssueError).issues[0]).toMatchObject({ id: 'subscription-refused', expression });
    expect(await store.read('Subscription', 's1')).toBeUndefined();
  });
});

describe('a notification does not lead into our own network', () => {
  const policy = endpointPolicy('hooks.example.org, *.clinic.example, 127.0.0.1:9000');
  test.each(['https://hooks.example.org/a', 'https://a.clinic.example/b', 'http://127.0.0.1:9000/'])('%s is allowed', (url) =>
    expect(policy.refuses(url)).toBeUndefined(),
  );
  test.each([
    'https://hooks.example.org.evil.example/',
    'https://clinic.example.evil/',
    'http://127.0.0.1:9001/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'gopher://hooks.example.org/',
    'https://u:p@hooks.example.org/',
    'not a url',
  ])('%s is refused', (url) => expect(policy.refuses(url)).toBeTypeOf('string'));
  test.each(['127.0.0.1', '::1', '10.1.2.3', '169.254.169.254', '::ffff:192.168.0.1', 'fe80::1', '172.20.0.1'])(
    'a name that gives %s is not followed',
    (address) => expect(policy.mayReach('hooks.example.org', address)).toBe(false),
  );
  test('a name that gives a public address is', () => expect(policy.mayReach('hooks.example.org', '93.184.216.34')).toBe(true));
});
