import { rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scratchFolder } from '../end-to-end/gateway.ts';
import type { Gateway } from '../../src/main.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { startInMemory } from './in-memory.ts';
import { updateOf } from './update-message.ts';

const folder = scratchFolder();
const path = join(folder.path, 'listeners.yaml');
let gateway: Gateway;

beforeAll(async () => {
  writeFileSync(path, 'lab: { MLLP_PORT: 0 }\nadt: { MLLP_PORT: 0 }\n');
  gateway = await startInMemory({ LISTENERS: path, SHUTDOWN_MS: '1000' });
});
afterAll(async () => {
  await gateway.close();
  folder.remove();
});

/** The code of the answer; empty when the connection was closed instead. */
const send = (socket: Socket, sender = 'LABSYS') =>
  new Promise<string>((resolve) => {
    socket.once('close', () => resolve(''));
    socket.once('data', (part) => resolve(/MSA\|(\w\w)/.exec(part.toString('latin1'))?.[1] ?? ''));
    socket.write(encodeFrame(Buffer.from(updateOf(sender))));
  });
const opened = (name: string) => {
  const [host = '', port = ''] = gateway.listeners.get(name)?.split(':') ?? [];
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  return socket;
};
const once = async (name: string, sender?: string) => {
  const socket = opened(name);
  const code = await send(socket, sender);
  socket.destroy();
  return code;
};
const names = () => [...gateway.listeners.keys()].toSorted((a, b) => (a < b ? -1 : 1));

test('a listener begins, changes and ends with the file; who is connected to another notices nothing', async () => {
  const standing = opened('lab');
  expect(await send(standing)).toBe('AA');
  const left = opened('adt');
  expect(await send(left)).toBe('AA');
  const closed = new Promise((resolve) => left.once('close', resolve));
  writeFileSync(path, 'poct: { MLLP_PORT: 0, ALLOWED_SENDERS: POCT|GENHOSP }\nlab: { MLLP_PORT: 0 }\n');
  await expect.poll(names).toEqual(['lab', 'poct']);
  await closed;
  expect([await once('poct', 'POCT'), await once('poct'), await send(standing)]).toEqual(['AA', 'AR', 'AA']);
  const metrics = await (await fetch(`${gateway.http}/metrics`)).text();
  expect(['lab', 'poct', 'adt'].map((name) => metrics.includes(`chartbridge_mllp{listener="${name}"`))).toEqual([true, true, false]);

  writeFileSync(path, 'poct: { MLLP_PORT: 0, ALLOWED_SENDERS: "POCT|GENHOSP, LABSYS|GENHOSP" }\nlab: { MLLP_PORT: 0 }\n');
  await expect.poll(() => once('poct')).toBe('AA');
  expect([await once('lab'), await send(standing)]).toEqual(['AA', 'AA']);
  standing.destroy();
});

test.each([
  ['is wrong', () => 'poct: { MLLP_PORT: 70000 }\n'],
  ['would be open to the network', () => 'wide: { MLLP_PORT: 0, HOST: 0.0.0.0 }\n'],
  ['wants a port that is taken', (port: number) => `first: { MLLP_PORT: 0 }\nsecond: { MLLP_PORT: ${port} }\n`],
  ['is gone', () => undefined],
])('a file that %s leaves all as it was, until there is one that can be used', async (_what, text) => {
  writeFileSync(path, 'lab: { MLLP_PORT: 0 }\n');
  await expect.poll(names).toEqual(['lab']);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const file = text((taken.address() as AddressInfo).port);
  if (file === undefined) rmSync(path);
  else writeFileSync(path, file);
  // it is looked at every second; what is not taken is taken by no later look either
  await new Promise((wake) => setTimeout(wake, 1_500));
  await expect.poll(names).toEqual(['lab']);
  await expect.poll(() => once('lab')).toBe('AA');
  writeFileSync(path, 'lab: { MLLP_PORT: 0 }\nnext: { MLLP_PORT: 0 }\n');
  await expect.poll(names).toEqual(['lab', 'next']);
  await new Promise((resolve) => taken.close(resolve));
});
