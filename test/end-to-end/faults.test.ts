import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { cases } from '../cases.ts';
import { message } from '../intake/harness.ts';
import { type RunningGateway, scratchFolder, searchFhir, startGatewayProcess } from './gateway.ts';
import { networkRun } from './network-run.ts';
import { httpSender, mllpSender, saidOf } from './senders.ts';
import { publish } from '../long/figures.ts';

const folder = scratchFolder();
const running: RunningGateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.kill('SIGKILL');
});
const disk = `${folder.path}/disk`;
mkdirSync(disk);
const mounted = process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', disk]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', ['-l', disk]);
  folder.remove();
});

const start = async (database: string, more: Record<string, string> = {}) => {
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${database}`, LOG_LEVEL: 'warn', ...more });
  running.push(gateway);
  return gateway;
};
const of = (id: string, more = '') => message({ id, pid: `1||${id}^^^HOSP^MR||Fault^${id}${more}||19800101|F`, more: [`PV1|1|O`] });
const ready = async (gateway: RunningGateway) => (await fetch(`${gateway.http}/readyz`)).status;
const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

interface Row {
  readonly controlId: string;
  readonly status: string;
}

const rowsOf = (path: string): Row[] => {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('SELECT control_id AS controlId, status FROM message ORDER BY seq').all() as unknown as Row[];
  database.close();
  return rows;
};

describe('a network that fails', () => {
  test('an answer that never arrives is the same answer when the message is sent again, and the message has one effect', async () => {
    const path = `${folder.path}/proxy.db`;
    const gateway = await start(path);
    // 1,000 rounds are in test/long.
    const rounds = cases(120, 40);
    const report = await networkRun(gateway, rounds);
    expect(report).toMatchObject({ otherAnswer: [], notOneEffect: 0 });
    expect(report.cut).toBeGreaterThan(rounds / 8);
    expect(rowsOf(path)).toHaveLength(rounds);
  });
});

describe('a store that fails', () => {
  test('while another process holds the database: "not stored, resend", the process answers; after it everything goes on', async () => {
    const path = `${folder.path}/locked.db`;
    const gateway = await start(path);
    const sender = httpSender(gateway.http);
    expect(saidOf(await sender.send(of('L0')))).toEqual(['AA', 'L0']);

    const other = new DatabaseSync(path, { timeout: 1000 });
    other.exec('BEGIN IMMEDIATE');
    const waiting = ['L1', 'L2', 'L3'].map(async (id) => saidOf(await sender.send(of(id))));
    const enhanced = await mllpSender(gateway.mllp.host, gateway.mllp.port);
    const accept = enhanced.send(message({ id: 'L4', accept: 'AL', application: 'AL' }));
    expect((await fetch(`${gateway.http}/livez`)).status).toBe(200);
    // What is stored can be read meanwhile.
    expect(await searchFhir(gateway, 'Patient')).toHaveLength(1);
    expect(await ready(gateway)).toBe(503);
    expect(await Promise.all(waiting)).toEqual([
      ['AR', 'L1'],
      ['AR', 'L2'],
      ['AR', 'L3'],
    ]);
    expect(saidOf(await accept)).toEqual(['CE', 'L4']);
    expect(rowsOf(path).map(({ controlId }) => controlId)).toEqual(['L0']);
    other.exec('ROLLBACK');
    other.close();
    for (const id of ['L1', 'L2', 'L3']) expect(saidOf(await sender.send(of(id)))).toEqual(['AA', id]);
    expect(await ready(gateway)).toBe(200);
  });

  describe.skipIf(!mounted)('a full disk (needs the right to mount)', () => {
    test('no false AA while it is full, and everything goes on once there is space, without a restart', async () => {
      const path = `${disk}/full.db`;
      writeFileSync(`${disk}/ballast`, Buffer.alloc(8 * 2 ** 20));
      const gateway = await start(path, { ACK_TIMEOUT_MS: '500' });
      const sender = httpSender(gateway.http);
      const taken: string[] = [];
      const refused: [string, string][] = [];
      for (let number = 0; refused.length < 5 && number < 5000; number += 1) {
        const text = `${of(`D${number}`)}NTE|1||${'x'.repeat(60_000)}\r`;
        const answer = await sender.send(text);
        const [code] = saidOf(answer);
        // Either it was not stored, or it is in the journal and waits for space: then it is not answered in time.
        if (code !== 'AA') expect(answer).toMatch(code === 'AR' ? /\|207\^/ : /^Not answered in time, resend/);
        if (code === 'AA') taken.push(`D${number}`);
        else refused.push([`D${number}`, text]);
      }
      expect(refused).toHaveLength(5);
      fillUp(`${disk}/rest`);
      // What the log has room for is still taken, and said to be; then nothing is.
      for (let number = 0; refused.length < 10 && number < 500; number += 1) {
        const text = of(`E${number}`);
        const [code] = saidOf(await sender.send(text));
        if (code === 'AA') taken.push(`E${number}`);
        else refused.push([`E${number}`, text]);
      }
      const full = performance.now();
      for (let asked = 0; asked < 50 && (await ready(gateway)) !== 503; asked += 1);
      const toldMs = Math.round(performance.now() - full);
      expect(await ready(gateway)).toBe(503);
      rmSync(`${disk}/rest`);
      expect((await fetch(`${gateway.http}/livez`)).status).toBe(200);
      rmSync(`${disk}/ballast`);
      const freed = performance.now();
      while ((await ready(gateway)) !== 200) await sleep(50);
      const readyMs = Math.round(performance.now() - freed);
      // The resend of what waits gets its answer as soon as it is there.
      for (const [id, text] of refused) {
        let code: string | undefined;
        while (code === undefined && performance.now() - freed < 20_000) [code] = saidOf(await sender.send(text));
        expect([id, code]).toEqual([id, 'AA']);
      }
      await gateway.kill();
      const rows = new Map(rowsOf(path).map(({ controlId, status }) => [controlId, status]));
      const lost = taken.filter((id) => rows.get(id) !== 'processed');
      publish('T-10 a full disk', {
        'messages taken': taken.length,
        'messages refused, or not answered in time, and taken when there was space': refused.length,
        'AA for what is not stored': lost.length,
        'until /readyz tells, ms': toldMs,
        'until it is ready again after there is space, without a restart, ms': readyMs,
      });
      expect(lost).toEqual([]);
    });
  });
});

/** Writes until not one page more fits. */
function fillUp(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch {
    closeSync(file);
  }
}

describe('two gateways over one file', () => {
  test('the second waits for the first to stop and takes over; while it works a third is refused; after kill -9 the next starts at once', async () => {
    const path = `${folder.path}/two.db`;
    const first = await start(path);
    const waiting = start(path);
    await sleep(1500);
    await first.kill('SIGTERM');
    const second = await waiting;
    await expect(start(path)).rejects.toThrow('Another gateway works over this database');
    expect(saidOf(await httpSender(second.http).send(of('W1')))).toEqual(['AA', 'W1']);
    await second.kill('SIGKILL');
    expect(saidOf(await httpSender((await start(path)).http).send(of('W1')))).toEqual(['AA', 'W1']);
    expect(rowsOf(path)).toHaveLength(1);
  });
});

describe('a stop', () => {
  test('under load leaves no message without its answer, and ends by itself', async () => {
    const path = `${folder.path}/stop.db`;
    const gateway = await start(path);
    const answered: string[] = [];
    const unanswered: { id: string; sentAt: number }[] = [];
    let signalledAt = Number.POSITIVE_INFINITY;
    const senders = Array.from({ length: 8 }, async (_, number) => {
      const sender = number % 2 === 0 ? await mllpSender(gateway.mllp.host, gateway.mllp.port) : httpSender(gateway.http);
      for (let index = 0; ; index += 1) {
        const id = `S${number}-${index}`;
        const sentAt = performance.now();
        try {
          expect(saidOf(await sender.send(of(id)))).toEqual(['AA', id]);
          answered.push(id);
        } catch {
          unanswered.push({ id, sentAt });
          return;
        }
      }
    });
    while (answered.length < 60) await sleep(20);
    signalledAt = performance.now();
    gateway.process.kill('SIGTERM');
    await Promise.all([...senders, once(gateway.process, 'exit')]);
    expect(gateway.process.exitCode).toBe(0);
    // What was on its way when the signal came has its answer; only what was sent into a closing connection has none.
    expect(unanswered.filter(({ sentAt }) => sentAt < signalledAt)).toEqual([]);
    const rows = new Map(rowsOf(path).map(({ controlId, status }) => [controlId, status]));
    expect(answered.filter((id) => rows.get(id) !== 'processed')).toEqual([]);
    expect(answered.length).toBeGreaterThan(20);
  });
});
