import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createByteBudget } from '../../src/wire/byte-budget.ts';
import { startMllp } from '../../src/wire/mllp.ts';
import { sendMessages } from '../../src/wire/mllp-client.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { createMemoryIntake, message } from './memory-intake.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

test('messages are sent one after the other and their answers reported', async () => {
  const intake = createMemoryIntake(() => 2);
  const listener = await startMllp({ name: 'mllp', host: '127.0.0.1', port: 0, intake, log, budget: createByteBudget(1e9) });
  const heard: string[] = [];
  const messages = [
    message('M1'),
    message('AE2'),
    message('M3', '', 'AL|AL'),
    message('M4', '', 'AL|NE'),
    message('M5', '', 'NE|NE'),
    message('M6'),
  ];
  const report = await sendMessages('127.0.0.1', listener.address.port, messages, { onSent: ({ controlId }) => heard.push(controlId) });
  expect(report.sent.map(({ controlId, code, failure }) => `${controlId} ${code ?? failure}`)).toEqual([
    'M1 AA',
    'AE2 AE',
    'M3 AA',
    'M4 CA',
    'M5 not-asked',
    'M6 AA',
  ]);
  expect(report).toMatchObject({ codes: { AA: 3, AE: 1, CA: 1 }, unsent: 0 });
  expect(heard).toHaveLength(6);
  await listener.close();
});

test('after the answer to another message nothing more is sent', async () => {
  const server = createServer((socket) => socket.on('data', () => socket.write(encodeFrame(Buffer.from('MSH|^~\\&|\rMSA|AA|OTHER\r')))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const report = await sendMessages('127.0.0.1', port, [message('M1'), message('M2')]);
  expect(report).toMatchObject({ sent: [{ controlId: 'M1', failure: 'mismatch' }], unsent: 1, codes: {} });
  server.close();
});

test('no answer in time, or a closed connection, ends the sending', async () => {
  const server = createServer((socket) => socket.on('data', (chunk) => (chunk.includes('CLOSE') ? socket.destroy() : undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect((await sendMessages('127.0.0.1', port, [message('M1')], { timeoutMs: 20 })).sent).toMatchObject([{ failure: 'timeout' }]);
  expect((await sendMessages('127.0.0.1', port, [message('CLOSE')])).sent).toMatchObject([{ failure: 'closed' }]);
  server.close();
  await expect(sendMessages('127.0.0.1', 1, [message('M1')])).rejects.toThrow('ECONNREFUSED');
});
