import { readdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { oruMessage } from '../../bench/corpus.ts';
import { scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { httpSender, mllpSender, saidOf } from '../end-to-end/senders.ts';
import { publish } from './figures.ts';

const SECONDS = Number(process.env['SECONDS'] ?? 120);
const RATE = 50;
const CONNECTIONS = 4;
/** Units: s */
const LOOK_EVERY = 10;
const folder = scratchFolder();
afterAll(() => folder.remove());

/** What a process has on its heap after a collection, by its inspector. Units: bytes */
async function heapOf(inspector: string): Promise<number> {
  const socket = new WebSocket(inspector);
  await new Promise((open) => socket.addEventListener('open', open, { once: true }));
  const call = (id: number, method: string, params: object = {}) =>
    new Promise<{ result?: { result?: { value?: number } } }>((resolve) => {
      socket.addEventListener('message', function hear({ data }) {
        const answer = JSON.parse(String(data)) as { id: number; result?: { result?: { value?: number } } };
        if (answer.id !== id) return;
        socket.removeEventListener('message', hear);
        resolve(answer);
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  await call(1, 'HeapProfiler.collectGarbage');
  const { result } = await call(2, 'Runtime.evaluate', { expression: 'process.memoryUsage().heapUsed' });
  socket.close();
  return result?.result?.value ?? 0;
}

test('two minutes of a steady load: the heap after a collection and the open files stay what they were', {
  timeout: (SECONDS * 5 + 120) * 1000,
}, async () => {
  const gateway = await startGatewayProcess({
    DATABASE_URL: `sqlite:${folder.path}/soak.db`,
    LOG_LEVEL: 'error',
    NODE_OPTIONS: '--inspect=127.0.0.1:0',
  });
  const inspector = /ws:\/\/\S+/.exec(gateway.output())?.[0] ?? '';
  const files = () => readdirSync(`/proc/${gateway.process.pid}/fd`).length;
  const otherwise: string[] = [];
  let sent = 0;
  const senders = await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, number) =>
      number % 2 === 0 ? mllpSender(gateway.mllp.host, gateway.mllp.port) : httpSender(gateway.http),
    ),
  );
  const load = async (seconds: number): Promise<void> => {
    const begun = performance.now();
    await Promise.all(
      senders.map(async (sender, connection) => {
        for (let index = connection; index < seconds * RATE; index += CONNECTIONS) {
          await new Promise((due) => setTimeout(due, Math.max(0, begun + (index * 1000) / RATE - performance.now())));
          const [code] = saidOf(await sender.send(oruMessage(3, (sent * CONNECTIONS + connection) % 500, (sent += 1))));
          if (code !== 'AA') otherwise.push(String(code));
        }
      }),
    );
  };
  // What is loaded and compiled on the way is no leak.
  await load(15);
  const heaps: number[] = [];
  let tookMs = 0;
  const filesBefore = files();
  const sentBefore = sent;
  for (let second = 0; second < SECONDS; second += LOOK_EVERY) {
    const begun = performance.now();
    await load(LOOK_EVERY);
    tookMs += performance.now() - begun;
    heaps.push((await heapOf(inspector)) / 2 ** 20);
  }
  await new Promise((wake) => setTimeout(wake, 500));
  const filesAfter = files();
  for (const sender of senders) sender.close();
  gateway.process.kill('SIGTERM');
  await gateway.kill();
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [first, last] = [mean(heaps.slice(0, heaps.length / 2)), mean(heaps.slice(heaps.length / 2))];
  const growth = Math.round((last / first - 1) * 1000) / 10;
  publish('T-25 soak', {
    seconds: SECONDS,
    messages: sent - sentBefore,
    'messages a second': Math.round(((sent - sentBefore) * 1000) / tookMs),
    'answers other than AA': otherwise.length,
    'heap after collection, first half, MB': Math.round(first * 10) / 10,
    'heap after collection, last half, MB': Math.round(last * 10) / 10,
    'heap after collection, last half against first, %': growth,
    'open files at the beginning': filesBefore,
    'open files more than at the beginning': filesAfter - filesBefore,
  });
  expect(otherwise).toEqual([]);
  expect(growth).toBeLessThan(10);
  // Connections over HTTP come and go.
  expect(filesAfter - filesBefore).toBeLessThanOrEqual(CONNECTIONS);
});
