import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { samplePath } from './expected.ts';
import { postMessage, startGatewayProcess } from './gateway.ts';

test('a message tells those who subscribed to what it makes', async () => {
  const hook = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(204).end(() => hook.emit('told', request.method, request.url)));
  });
  await new Promise<void>((ready) => hook.listen(0, '127.0.0.1', ready));
  const host = `127.0.0.1:${(hook.address() as AddressInfo).port}`;
  const gateway = await startGatewayProcess({ DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'warn', NOTIFY_ALLOWED_HOSTS: host });
  try {
    const subscription = (endpoint: string) =>
      fetch(`${gateway.fhir}/Subscription`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/fhir+json' },
        body: JSON.stringify({
          resourceType: 'Subscription',
          status: 'requested',
          reason: 'new patients',
          criteria: 'Patient?identifier:missing=false',
          channel: { type: 'rest-hook', endpoint, payload: 'application/fhir+json' },
        }),
      });
    expect((await subscription('https://elsewhere.example/')).status).toBe(422);
    const created = await subscription(`http://${host}/hooks`);
    expect([created.status, ((await created.json()) as { status: string }).status]).toEqual([201, 'active']);
    const told = once(hook, 'told');
    await postMessage(gateway, readFileSync(samplePath('adt-a01-admit', 'hl7')));
    const [method, url] = (await told) as [string, string];
    expect([method, url]).toEqual(['PUT', expect.stringMatching(/^\/hooks\/Patient\/[0-9a-f-]{36}$/)]);
  } finally {
    await gateway.kill();
    hook.close();
  }
});
