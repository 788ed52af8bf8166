import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { oruMessage } from '../../bench/corpus.ts';
import { openStore as openAt } from '../../src/start/open-store.ts';
import { scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { mllpSender, saidOf } from '../end-to-end/senders.ts';
import { storeSettings } from '../intake/harness.ts';
import { publish } from './figures.ts';

const root = resolve(import.meta.dirname, '../..');
/** A report of twelve results makes some eighteen resources. */
const MESSAGES = Number(process.env['MESSAGES'] ?? 6000);
const CONNECTIONS = 8;
const folder = scratchFolder();
afterAll(() => folder.remove());

/** Runs a command over a database; its exit code. */
async function chartbridge(path: string, ...words: string[]): Promise<number> {
  // What the test runner puts into BASE_URL is none.
  const env = { ...process.env, BASE_URL: '', DATABASE_URL: `sqlite:${path}` };
  const child = spawn(process.execPath, ['chartbridge.js', ...words], { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

test('a backup taken under load, restored elsewhere: all that was acknowledged before it began, to the byte', {
  timeout: 1_200_000,
}, async () => {
  const [live, copy, restored] = ['live.db', 'copy.db', 'restored.db'].map((name) => `${folder.path}/${name}`) as [string, string, string];
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${live}`, LOG_LEVEL: 'error' });
  const acknowledged = new Map<string, string>();
  let before: ReadonlyMap<string, string> | undefined;
  let backup: Promise<{ code: number; ms: number; during: number }> | undefined;
  const takeBackup = async () => {
    before = new Map(acknowledged);
    const begun = performance.now();
    const code = await chartbridge(live, 'backup', copy);
    return { code, ms: Math.round(performance.now() - begun), during: acknowledged.size - before.size };
  };
  let isUnderWay = false;
  let refused = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      const sender = await mllpSender(gateway.mllp.host, gateway.mllp.port);
      for (let index = connection; index < MESSAGES || isUnderWay; index += CONNECTIONS) {
        const answer = await sender.send(oruMessage(12, index % 500, index));
        const [code, id = ''] = saidOf(answer);
        if (code === 'AA') acknowledged.set(id, answer);
        else refused += 1;
        if (backup === undefined && acknowledged.size >= MESSAGES * 0.8) {
          isUnderWay = true;
          backup = takeBackup().finally(() => (isUnderWay = false));
        }
      }
      sender.close();
    }),
  );
  const taken = await backup;
  await gateway.kill();
  expect(taken?.code).toBe(0);

  const begun = performance.now();
  const restoreCode = await chartbridge(restored, 'restore', copy);
  const restoreMs = Math.round(performance.now() - begun);
  const [cut, spoilt] = [`${folder.path}/cut.db`, `${folder.path}/spoilt.db`];
  for (const bad of [cut, spoilt]) {
    copyFileSync(copy, bad);
    copyFileSync(`${copy}.manifest.json`, `${bad}.manifest.json`);
  }
  truncateSync(cut, 1_000_000);
  const bytes = readFileSync(spoilt);
  bytes[5_000_000] = (bytes[5_000_000] ?? 0) ^ 1;
  writeFileSync(spoilt, bytes);
  const refusals = [
    await chartbridge(`${folder.path}/n1.db`, 'restore', cut),
    await chartbridge(`${folder.path}/n2.db`, 'restore', spoilt),
  ];
  const auditCode = await chartbridge(restored, 'audit', 'verify');

  const [{ store: here }, { store: there }] = [
    await openAt(`sqlite:${live}`, storeSettings()),
    await openAt(`sqlite:${restored}`, storeSettings()),
  ];
  let resources = 0;
  let different = 0;
  for await (const some of there.walk({})) {
    for (const { type, id, version, seq, json } of some) {
      const same = await here.readVersion(type, id, version);
      resources += 1;
      different += Number(same?.json !== json || same.seq !== seq);
    }
  }
  const kept = new Map<string, string | undefined>();
  for (let after = 0, count = 500; count === 500; ) {
    const rows = await there.journal.list(after, 500);
    for (const { controlId, status, ack } of rows) if (status === 'processed') kept.set(controlId, ack);
    after = rows.at(-1)?.seq ?? after;
    count = rows.length;
  }
  await Promise.all([here.close(), there.close()]);
  const lost = [...(before ?? [])].filter(([id, answer]) => kept.get(id) !== answer);
  publish('T-23 backup under load', {
    'messages acknowledged before it began': before?.size ?? 0,
    'while it was taken': taken?.during ?? 0,
    'of them otherwise than AA': refused,
    'taken in, ms': taken?.ms ?? 0,
    'versions of resources in it': resources,
    'acknowledged before it began and not in it': lost.length,
    'resources that differ from the restored ones': different,
    'restored in, ms': restoreMs,
    'exit code of audit verify over it': auditCode,
    'damaged copies refused': refusals.filter((code) => code !== 0).length,
  });
  expect([restoreCode, auditCode, refused, lost, different]).toEqual([0, 0, 0, [], 0]);
  expect(refusals.every((code) => code !== 0)).toBe(true);
});
