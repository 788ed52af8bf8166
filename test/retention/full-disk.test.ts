import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type RunningGateway, scratchFolder, searchFhir, startGatewayProcess } from '../end-to-end/gateway.ts';
import { httpSender, saidOf } from '../end-to-end/senders.ts';
import { message } from '../intake/harness.ts';
import { publish } from '../long/figures.ts';

const folder = scratchFolder();
const disk = `${folder.path}/disk`;
mkdirSync(disk);
const mounted = process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk]).status === 0;
let running: RunningGateway | undefined;
afterEach(() => running?.kill('SIGKILL'));
afterAll(() => {
  if (mounted) spawnSync('umount', ['-l', disk]);
  folder.remove();
});

const path = `${disk}/full.db`;
const start = async (more: Record<string, string> = {}) => {
  running = await startGatewayProcess({
    DATABASE_URL: `sqlite:${path}`,
    LOG_LEVEL: 'info',
    ACK_TIMEOUT_MS: '2000',
    DISK_RESERVE_BYTES: String(8 * 2 ** 20),
    ...more,
  });
  return running;
};
const of = (id: string) => `${message({ id, pid: `1||${id}^^^HOSP^MR||Full^${id}||19800101|F` })}NTE|1||${'x'.repeat(100_000)}\r`;
const ready = async (gateway: RunningGateway) => (await fetch(`${gateway.http}/readyz`)).status;

describe.skipIf(!mounted)('a full disk with a reserve (needs the right to mount)', () => {
  test('stops taking, goes on reading, starts again, and retention makes room', async () => {
    let gateway = await start();
    await expect.poll(() => statSync(`${path}.reserve`, { throwIfNoEntry: false })?.size).toBe(8 * 2 ** 20);
    const taken: string[] = [];
    let refused = '';
    const sender = httpSender(gateway.http);
    for (let number = 0; refused === '' && number < 2000; number += 1) {
      const answer = await sender.send(of(`F${number}`));
      if (saidOf(answer)[0] === 'AA') taken.push(`F${number}`);
      else refused = answer;
    }
    expect(refused).toMatch(/\|AR\|[\s\S]*\|207\^|^Not answered in time/);
    await expect.poll(() => ready(gateway)).toBe(503);
    expect(statSync(`${path}.reserve`).size).toBe(0);
    expect(await sender.send(of('NO'))).toMatch(/disk-full/);
    const written = await fetch(`${gateway.http}/fhir/Patient`, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: '{"resourceType":"Patient"}',
    });
    expect([written.status, written.headers.get('retry-after'), await written.text()]).toEqual([
      507,
      '30',
      expect.stringContaining('disk-full'),
    ]);
    expect(await searchFhir(gateway, `Patient?identifier=${taken[0]}`)).toHaveLength(1);
    await expect.poll(() => gateway.output()).toContain('"alert":"disk-full"');
    await gateway.kill('SIGKILL');

    // not one page is left but what was the reserve
    const rest = openSync(`${disk}/rest`, 'w');
    for (let left = 6 * 2 ** 20; left > 0; left -= 4096) writeSync(rest, Buffer.alloc(4096));
    closeSync(rest);
    gateway = await start();
    const told = [await ready(gateway), (await fetch(`${gateway.http}/livez`)).status];
    expect(told).toEqual([503, 200]);
    expect(await searchFhir(gateway, `Patient?identifier=${taken[0]}`)).toHaveLength(1);
    expect(await httpSender(gateway.http).send(of('NO'))).toMatch(/disk-full/);
    await gateway.kill('SIGKILL');

    rmSync(`${disk}/rest`);
    gateway = await start({ MESSAGE_KEEP_BYTES: String(2 ** 20) });
    await expect.poll(() => ready(gateway)).toBe(200);
    expect(saidOf(await httpSender(gateway.http).send(of('YES')))).toEqual(['AA', 'YES']);
    await expect.poll(() => gateway.output()).toContain('messages forgotten');
    // nobody's effect is lost, and a repeat of what was forgotten has none
    expect(saidOf(await httpSender(gateway.http).send(of(taken[0] as string)))).toEqual(['AA', taken[0]]);
    const [patient] = await searchFhir(gateway, `Patient?identifier=${taken[0]}`);
    expect(patient?.['meta']).toMatchObject({ versionId: '1' });
    publish('T-10 a full disk at a start', {
      'messages taken before it was full': taken.length,
      'started on the full disk, answer of /readyz': told[0] ?? 0,
      'answer of /livez': told[1] ?? 0,
      'taken again once there is space': 1,
    });
  });
});
