import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { postMessage, type RunningGateway, scratchFolder, startGatewayProcess } from '../test/end-to-end/gateway.ts';
import { type Figure, percentile } from './measure.ts';

const STARTS = 5;
const SAMPLES = join(import.meta.dirname, '../samples');
const IDLE_MS = 5_000;
const MEGABYTE = 1_000_000;

interface Start {
  readonly readyMs: number;
  readonly idleMb: number;
  readonly usedMb: number;
}

/** A gateway as a user starts it: how long until it is ready, and what it holds in memory when nothing happens. The first start only warms. */
export async function startFigures(): Promise<Figure[]> {
  await measureStart(0);
  const starts: Start[] = [];
  while (starts.length < STARTS) starts.push(await measureStart(IDLE_MS));
  const median = (of: (start: Start) => number) =>
    percentile(
      starts.map(of).sort((a, b) => a - b),
      0.5,
    );
  return [
    { name: 'start to ready, warm', value: median(({ readyMs }) => readyMs), unit: 'ms', target: 1_000 },
    {
      name: 'memory, idle',
      value: median(({ idleMb }) => idleMb),
      unit: 'MB',
      target: 150,
      note: `${IDLE_MS / 1000} s after it was ready`,
    },
    { name: 'memory, after every sample message', value: median(({ usedMb }) => usedMb), unit: 'MB', target: 250 },
  ];
}

async function measureStart(idleMs: number): Promise<Start> {
  const folder = scratchFolder();
  const begun = performance.now();
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/bench.db`, EXPORT_DIR: `${folder.path}/exports` });
  try {
    const readyMs = performance.now() - begun;
    await pause(idleMs);
    const idleMb = await residentMb(gateway);
    for (const name of globSync('*.hl7', { cwd: SAMPLES, exclude: ['*.ack.hl7'] }))
      await postMessage(gateway, readFileSync(join(SAMPLES, name)));
    return { readyMs, idleMb, usedMb: await residentMb(gateway) };
  } finally {
    await gateway.kill();
    folder.remove();
  }
}

/** As the gateway tells it itself, by its metrics. */
async function residentMb(gateway: RunningGateway): Promise<number> {
  const metrics = await (await fetch(`${gateway.http}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]) / MEGABYTE;
}
