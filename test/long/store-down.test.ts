import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { httpSender, mllpSender, saidOf } from '../end-to-end/senders.ts';
import { message } from '../intake/harness.ts';
import { publish } from './figures.ts';

const SECONDS = Number(process.env['SECONDS'] ?? 30);
const folder = scratchFolder();
afterAll(() => folder.remove());

test('a database that is locked for half a minute under load: "not stored, resend", and nothing is lost or doubled', {
  timeout: 300_000,
}, async () => {
  const path = `${folder.path}/locked.db`;
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${path}`, LOG_LEVEL: 'error' });
  let isLocked = false;
  const over = new AbortController();
  let slowestMs = 0;
  const meanwhile: Record<string, number> = {};
  const sent = new Set<string>();
  const senders = Array.from({ length: 8 }, async (_, number) => {
    const connect = async () => (number % 2 === 0 ? mllpSender(gateway.mllp.host, gateway.mllp.port) : httpSender(gateway.http));
    let sender = await connect();
    for (let index = 0; !over.signal.aborted; index += 1) {
      const id = `D${number}-${index}`;
      const text = message({ id, pid: `1||${id}^^^HOSP^MR||Down^${id}||19800101|F` });
      // Sent again until it is taken, as a sender does.
      for (;;) {
        const wasLocked = isLocked;
        const begun = performance.now();
        const [code = 'none'] = saidOf(await sender.send(text).catch(() => ''));
        if (wasLocked && isLocked) {
          slowestMs = Math.max(slowestMs, performance.now() - begun);
          meanwhile[code] = (meanwhile[code] ?? 0) + 1;
        }
        if (code === 'AA') break;
        // After "not stored" a connection is closed.
        sender.close();
        await new Promise((wake) => setTimeout(wake, 50));
        sender = await connect();
      }
      sent.add(id);
    }
    sender.close();
  });
  const metric = async (name: string) =>
    Number(new RegExp(`^${name} (\\S+)`, 'm').exec(await (await fetch(`${gateway.http}/metrics`)).text())?.[1]);
  await new Promise((wake) => setTimeout(wake, 3000));
  const other = new DatabaseSync(path, { timeout: 10_000 });
  other.exec('BEGIN IMMEDIATE');
  isLocked = true;
  await metric('nodejs_eventloop_lag_p99_seconds');
  const read = performance.now();
  const found = (await fetch(`${gateway.fhir}/Patient?_count=1`)).status;
  const readMs = performance.now() - read;
  await new Promise((wake) => setTimeout(wake, SECONDS * 1000));
  const lag = await metric('nodejs_eventloop_lag_p99_seconds');
  const told = (await fetch(`${gateway.http}/readyz`)).status;
  isLocked = false;
  other.exec('ROLLBACK');
  other.close();
  const freed = performance.now();
  while ((await fetch(`${gateway.http}/readyz`)).status !== 200) await new Promise((wake) => setTimeout(wake, 20));
  const readyMs = performance.now() - freed;
  await new Promise((wake) => setTimeout(wake, 2000));
  over.abort();
  await Promise.all(senders);
  await gateway.kill();
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT control_id AS id FROM message WHERE status = 'processed'").all();
  const count = (what: string) =>
    Number(database.prepare(`SELECT ${what} AS n FROM node WHERE type = (SELECT type FROM type WHERE name = 'Patient')`).get()?.['n']);
  const patients = [count('count(*)'), count('sum(version)')];
  database.close();
  const there = new Set(rows.map(({ id }) => String(id)));
  const lost = [...sent].filter((id) => !there.has(id)).length;
  const astray = lost + patients.reduce((sum, count) => sum + Math.abs(count - sent.size), 0);
  publish('T-11 a store that is locked', {
    'locked, s': SECONDS,
    messages: sent.size,
    'AA meanwhile': meanwhile['AA'] ?? 0,
    'AR "not stored, resend" meanwhile': meanwhile['AR'] ?? 0,
    'connections closed meanwhile without an answer, by what was journalled before': meanwhile['none'] ?? 0,
    'slowest answer meanwhile, ms': Math.round(slowestMs),
    'answer of /readyz meanwhile': told,
    'a search meanwhile, ms': Math.round(readMs),
    'event loop lag p99, ms': Math.round(lag * 1000),
    'until it is ready again, ms': Math.round(readyMs),
    'messages lost or doubled after they were sent again': astray,
  });
  expect([found, told, meanwhile['AA'] ?? 0, astray]).toEqual([200, 503, 0, 0]);
  expect(meanwhile['AR']).toBeGreaterThan(0);
});
