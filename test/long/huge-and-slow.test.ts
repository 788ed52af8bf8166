import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { mllpSender, saidOf } from '../end-to-end/senders.ts';
import { message } from '../intake/harness.ts';
import { publish } from './figures.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

const SECONDS = 15;
const SLOW = 200;
const ENDLESS = 50;
const HUGE = 30;
/** Of the document; in base64 the field has 10 MB. Units: bytes */
const DOCUMENT = 7_500_000;

const mostMemory = (pid: number): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

test('slow senders, endless frames and huge messages: the memory stays bounded and the healthy are served', {
  timeout: 600_000,
}, async () => {
  const gateway = await startGatewayProcess({
    DATABASE_URL: `sqlite:${folder.path}/huge.db`,
    LOG_LEVEL: 'error',
    MAX_CONNECTIONS: '500',
    MAX_CONNECTIONS_PER_PEER: '500',
  });
  const { host, port } = gateway.mllp;
  let number = 0;
  /** The times of healthy senders over some seconds, sorted. */
  const healthy = async (seconds: number): Promise<number[]> => {
    const until = performance.now() + seconds * 1000;
    const times: number[] = [];
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        const sender = await mllpSender(host, port);
        while (performance.now() < until) {
          number += 1;
          const begun = performance.now();
          const answer = await sender.send(
            message({ id: `H${number}`, pid: `1||${number % 500}^^^HOSP^MR||Sample^Ann||19800101|F`, more: ['PV1|1|O'] }),
          );
          expect(saidOf(answer)[0]).toBe('AA');
          times.push(performance.now() - begun);
          await new Promise((wake) => setTimeout(wake, 40));
        }
        sender.close();
      }),
    );
    return times.sort((one, other) => one - other);
  };
  const p99 = (times: readonly number[]): number => times[Math.floor(times.length * 0.99)] ?? 0;
  await healthy(3);
  const before = p99(await healthy(8));

  const sockets: Socket[] = [];
  const open = (): Socket => {
    const socket = connect({ host, port });
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
    return socket;
  };
  const slow = Array.from({ length: SLOW }, () => {
    const socket = open();
    socket.write('\u000bMSH|^~\\&|SLOW|');
    return setInterval(() => !socket.destroyed && socket.write('x'), 1000);
  });
  let closedWithAr = 0;
  for (let count = 0; count < ENDLESS; count += 1) {
    const socket = open();
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const go = (): void => {
      while (!socket.destroyed && socket.writable && socket.write(chunk));
    };
    socket.on('drain', go);
    socket.on('data', (answer) => (closedWithAr += Number(answer.includes('MSA|AR|'))));
    socket.on('connect', () => {
      socket.write('\u000bMSH|^~\\&|ENDLESS|HOSP|CB|CB|20260105||ADT^A01^ADT_A01|E1|P|2.5.1\rPID|1||');
      go();
    });
  }
  let huge = 0;
  const content = randomBytes(DOCUMENT).toString('base64');
  const hugeSenders = Promise.all(
    Array.from({ length: 4 }, async (_, connection) => {
      for (let count = connection; count < HUGE; count += 4) {
        const sender = await mllpSender(host, port);
        const text = message({
          id: `B${count}`,
          type: 'ORU^R01^ORU_R01',
          more: [
            // half of them is the same report again
            `OBR|1||F${count % 2 === 0 ? 1 : count}^HOSP|11502-2^Report^LN|||20260105||||||||||||||||||F`,
            `OBX|1|ED|11502-2^Report^LN||^application^pdf^Base64^${content}||||||F`,
          ],
        });
        const code = await sender.send(text).then(
          (answer) => saidOf(answer)[0],
          () => undefined,
        );
        huge += Number(code === 'AA');
        sender.close();
      }
    }),
  );
  const times = await healthy(SECONDS);
  await hugeSenders;
  for (const timer of slow) clearInterval(timer);
  for (const socket of sockets) socket.destroy();
  const memory = mostMemory(gateway.process.pid ?? 0);
  const alive = (await fetch(`${gateway.http}/readyz`)).status;
  await gateway.kill();
  publish('T-06 huge and slow senders', {
    'connections at one byte a second': SLOW,
    'endless frames': ENDLESS,
    'of them closed at 16 MiB with AR': closedWithAr,
    'messages with a field of 10 MB': HUGE,
    'of them AA': huge,
    'healthy p99 before, ms': Math.round(before),
    'healthy p99 meanwhile, ms': Math.round(p99(times)),
    'healthy p99 meanwhile, in those before': Math.round((p99(times) / before) * 10) / 10,
    'most memory (RSS), MB': Math.round(memory),
  });
  expect(alive).toBe(200);
  expect(closedWithAr).toBe(ENDLESS);
  expect(huge).toBe(HUGE);
  // The aim is 512; what a collector gives back late is not ours to say.
  expect(memory).toBeLessThan(640);
});
