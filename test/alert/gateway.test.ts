import { createServer, type Server } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type Gateway, startGateway } from '../../src/main.ts';
import { scratchFolder } from '../end-to-end/gateway.ts';
import { message } from '../intake/harness.ts';

let receiver: Server;
let gateway: Gateway;
/** What the receiver was sent; it refuses the first. */
const posted: { contentType: string | undefined; body: Record<string, unknown> }[] = [];
let refused = 0;

const configured = (settings: Record<string, string>) => {
  const config = readConfig({ PORT: '0', MLLP_PORT: '0', DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'silent', ...settings });
  if (!config.ok) throw new Error('the settings of the test are wrong');
  return config.value;
};

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      if (refused === 0) {
        refused += 1;
        response.writeHead(503).end();
        return;
      }
      posted.push({ contentType: request.headers['content-type'], body: JSON.parse(text) as Record<string, unknown> });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  gateway = await startGateway(
    configured({ ALERT_WEBHOOK: `http://${host}/hook`, NOTIFY_ALLOWED_HOSTS: host, ALERT_ERROR_PERCENT: '50', ALERT_DISK_PERCENT: '0' }),
  );
});
afterAll(async () => {
  await gateway.close();
  receiver.close();
});

const send = (id: string, pid: string) =>
  fetch(`${gateway.http}/hl7v2`, { method: 'POST', headers: { 'content-type': 'application/hl7-v2' }, body: message({ id, pid }) });
const status = async () => (await (await fetch(`${gateway.http}/status`)).json()) as Record<string, never>;
const metrics = async () => (await fetch(`${gateway.http}/metrics`)).text();

describe('a feed that fails', () => {
  test('is told to the receiver once at its beginning and once at its end, and is to be seen meanwhile', async () => {
    for (let number = 0; number < 20; number += 1) await send(`BAD${number}`, '1||||CANARY^SECRET');
    await expect.poll(() => posted).toHaveLength(1);
    expect(posted[0]).toMatchObject({
      contentType: 'application/json; charset=utf-8',
      body: { alert: 'feed-errors', state: 'start', subject: 'LAB|HOSP', value: 100, limit: 50, unit: '%' },
    });
    expect(refused).toBe(1);
    expect((await status())['alerts']).toMatchObject([{ alert: 'feed-errors', subject: 'LAB|HOSP' }]);
    expect(await metrics()).toContain('chartbridge_alert{alert="feed-errors",subject="LAB|HOSP"} 1');

    for (let number = 0; number < 40; number += 1) await send(`GOOD${number}`, `1||${number}^^^HOSP^MR||CANARY^SECRET`);
    await expect.poll(() => posted).toHaveLength(2);
    expect(posted[1]?.body).toMatchObject({ alert: 'feed-errors', state: 'end', subject: 'LAB|HOSP' });
    expect((await status())['alerts']).toEqual([]);
    expect(await metrics()).not.toContain('chartbridge_alert{');
    expect(JSON.stringify(posted)).not.toMatch(/CANARY|SECRET/);
  });

  test('shows its counters, how long its answers took and when it sent last', async () => {
    await send('GOOD0', '1||0^^^HOSP^MR||CANARY^SECRET');
    const { feeds, queue, listeners, disk } = await status();
    const counts = { received: 61, repeated: 1, accepted: 40, failed: 20, rejected: 0, merged: 0 };
    expect(feeds).toMatchObject([
      { sender: 'LAB|HOSP', sinceStart: counts, lifetime: counts, ackMs: { p50: expect.any(Number), p99: expect.any(Number) } },
    ]);
    const figures = await metrics();
    expect(figures).toContain('chartbridge_feed_lifetime_messages{sender="LAB|HOSP",what="received"} 61');
    expect(figures).toMatch(/chartbridge_feed_answer_seconds\{sender="LAB\|HOSP",quantile="0.99"\} [\d.]+/);
    expect(figures).toContain('chartbridge_queue_oldest_seconds 0');
    expect(queue).toMatchObject({ depth: 0, oldestAgeMs: 0, processed: 40, error: 20 });
    expect(listeners).toMatchObject([
      { name: 'mllp', host: '127.0.0.1', connections: 0, junkBytesTotal: 0, bytesBuffered: 0, oldestPartialAgeMs: 0, peers: [] },
    ]);
    expect(disk).toMatchObject({ isFull: false, reserve: 'none' });
    expect(JSON.stringify(await status())).not.toMatch(/CANARY|SECRET/);
  });
});

test('a frame that does not end, and junk, are to be seen with who sends them', async () => {
  const [host = '', port = ''] = gateway.mllp?.split(':') ?? [];
  const sockets = ['\vMSH|^~\\&|SLOW', 'junk junk'].map((text) => {
    const socket = createConnection({ host, port: Number(port) });
    socket.write(text);
    return socket;
  });
  const mllp = async () => ((await status())['listeners'] as unknown as [{ peers: Record<string, unknown>[] }])[0];
  await expect
    .poll(async () => (await mllp()).peers.reduce((sum, one) => sum + Number(one['junkBytes']) + Number(one['partialBytes']), 0))
    .toBe(22);
  const { peers } = await mllp();
  expect(peers.find(({ partialBytes }) => partialBytes === 13)).toMatchObject({
    peer: expect.stringContaining('127.0.0.1:'),
    partialAgeMs: expect.any(Number),
  });
  expect(peers.find(({ junkBytes }) => junkBytes === 9)).toMatchObject({ partialBytes: 0 });
  for (const socket of sockets) socket.destroy();
});

test('an audit trail that somebody changed is told while the gateway runs', async () => {
  const folder = scratchFolder();
  const path = `${folder.path}/changed.db`;
  const changed = await startGateway(configured({ DATABASE_URL: `sqlite:${path}` }));
  const names = async () => {
    const { alerts } = (await (await fetch(`${changed.http}/status`)).json()) as { alerts: { alert: string }[] };
    return alerts.map(({ alert }) => alert).join();
  };
  await fetch(`${changed.fhirBase}/Patient/nobody`);
  await fetch(`${changed.fhirBase}/AuditEvent`);
  const database = new DatabaseSync(path, { timeout: 20_000 });
  const change = (from: string, to: string) =>
    database.prepare("UPDATE document SET json = replace(json, ?, ?) WHERE kind = 'audit'").run(from, to).changes;
  expect(change('"read"', '"vread"')).toBeGreaterThan(0);
  await expect.poll(names).toBe('audit-broken');
  change('"vread"', '"read"');
  await expect.poll(names).toBe('');
  database.close();
  await changed.close();
  folder.remove();
});

describe('settings of alerts that are wrong stop the start', () => {
  test.each([
    ['ALERT_WEBHOOK', 'http://169.254.169.254/'],
    ['ALERT_WEBHOOK', 'file:///etc/passwd'],
    ['ALERT_WEBHOOK', 'https://hooks.example.org/'],
    ['ALERT_IDLE_FEEDS', 'LAB|HOSP'],
  ])('%s %s', async (setting, value) => {
    await expect(startGateway(configured({ [setting]: value }))).rejects.toMatchObject({
      issues: [{ id: 'setting-invalid', parameters: { setting } }],
    });
  });
});
