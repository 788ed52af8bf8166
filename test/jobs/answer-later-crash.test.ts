import { join } from 'node:path';
import type { Bundle } from 'fhir/r4.js';
import { expect, test } from 'vitest';
import { ownPort, scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { ended, type Manifest } from './gateway.ts';

const COUNT = 600;

test('a batch whose gateway is killed in the middle ends with each entry done once', async () => {
  const folder = scratchFolder();
  const environment = {
    PORT: ownPort(),
    MLLP_PORT: 'off',
    DATABASE_URL: `sqlite:${join(folder.path, 'test.db')}`,
    EXPORT_DIR: join(folder.path, 'exports'),
  };
  let gateway = await startGatewayProcess(environment);
  try {
    const total = async () => ((await (await fetch(`${gateway.fhir}/Basic?_summary=count`)).json()) as Bundle).total ?? 0;
    const entry = Array.from({ length: COUNT }, (_, at) => ({
      resource: { resourceType: 'Basic', code: { text: `number ${at}` } },
      request: { method: 'POST', url: 'Basic' },
    }));
    const begun = await fetch(gateway.fhir, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json', prefer: 'respond-async' },
      body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }),
    });
    const location = begun.headers.get('content-location') ?? '';
    await expect.poll(total, { timeout: 30_000, interval: 10 }).toBeGreaterThan(50);
    await gateway.kill('SIGKILL');
    gateway = await startGatewayProcess(environment);
    expect(await total()).toBeLessThan(COUNT);
    const done = await ended(location);
    expect([done.status, await done.clone().text()]).toEqual([200, expect.stringContaining('"output"')]);
    const { output } = (await done.json()) as Manifest;
    const answer = (await (await fetch(output[0]?.url ?? '')).json()) as Bundle;
    expect(new Set(answer.entry?.map(({ response }) => response?.status))).toEqual(new Set(['201 Created']));
    expect(new Set(answer.entry?.map(({ response }) => response?.location)).size).toBe(COUNT);
    expect(await total()).toBe(COUNT);
  } finally {
    await gateway.kill();
    folder.remove();
  }
});
