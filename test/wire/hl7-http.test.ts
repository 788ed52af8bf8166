import { type Server, createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createByteBudget } from '../../src/wire/byte-budget.ts';
import { type Hl7HttpOptions, createHl7HttpHandler } from '../../src/wire/hl7-http.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { startMllp } from '../../src/wire/mllp.ts';
import { createMemoryIntake, message } from './memory-intake.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(options: Partial<Hl7HttpOptions> = {}) {
  const intake = createMemoryIntake();
  const handler = createHl7HttpHandler({ intake, log: quiet, budget: createByteBudget(1e9), ...options });
  const server = createServer((incoming, response) => void handler(incoming, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hl7v2`;
  const post = async (body: Uint8Array | string, headers: Record<string, string> = {}, method = 'POST') => {
    const answer = await fetch(url, {
      method,
      headers: { 'content-type': 'application/hl7-v2', ...headers },
      ...(method === 'GET' ? {} : { body: Buffer.from(body) }),
    });
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      retryAfter: answer.headers.get('retry-after'),
      allow: answer.headers.get('allow'),
      text: await answer.text(),
    };
  };
  return { intake, post, url };
}

describe('HL7 over HTTP', () => {
  test('a message is answered with its acknowledgment, synchronously whatever MSH-16 says', async () => {
    const { intake, post } = await serve();
    const answer = await post(message('M1', '', 'AL|NE'));
    expect(answer).toMatchObject({ status: 200, type: 'application/hl7-v2; charset=utf-8', retryAfter: null });
    expect(answer.text).toMatch(/\rMSA\|AA\|M1\r$/);
    expect(intake.received[0]).toMatchObject({ raw: message('M1', '', 'AL|NE'), channel: { name: 'http 127.0.0.1', synchronous: true } });
  });

  test.each([
    'application/hl7-v2',
    'application/hl7-v2+er7',
    'x-application/hl7-v2+er7',
    'text/plain',
    'Application/HL7-v2; charset=UTF-8',
  ])('%s is taken', async (type) => {
    const { intake, post } = await serve();
    expect((await post(message('M1'), { 'content-type': type })).status).toBe(200);
    expect(intake.received[0]?.channel.charset).toBe(type.includes('charset') ? 'UTF-8' : undefined);
  });

  test.each([{ 'content-type': 'application/json' }, { 'content-type': '' }, { 'content-encoding': 'gzip' }])(
    '%o is refused as a content type',
    async (headers) => {
      const { intake, post } = await serve();
      const answer = await post(message('M1'), headers);
      expect(answer.status).toBe(415);
      expect(JSON.parse(answer.text)).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [{ details: { coding: [{ code: 'content-type-unsupported' }] } }],
      });
      expect(intake.received).toEqual([]);
    },
  );

  test('other methods are refused', async () => {
    const { post } = await serve();
    expect(await post('', {}, 'GET')).toMatchObject({ status: 405, allow: 'POST' });
    expect(await post(message('M1'), {}, 'PUT')).toMatchObject({ status: 405, allow: 'POST' });
  });

  test('an empty body, and one without any MSH, are 400', async () => {
    const { post } = await serve();
    for (const body of ['', 'hello']) {
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text).issue[0].details.coding[0].code).toBe('header-unreadable');
    }
  });

  test('a body that is encoded is refused for its encoding, which is named', async () => {
    const { post } = await serve();
    const answer = await post(message('M1'), { 'content-encoding': 'gzip' });
    expect([answer.status, answer.text.includes('application/hl7-v2 encoded as gzip')]).toEqual([415, true]);
  });

  test('AE is 200 all the same, or 500 where statuses are mapped', async () => {
    expect((await (await serve()).post(message('AE1'))).status).toBe(200);
    const { post } = await serve({ ackHttpStatus: 'mapped' });
    expect((await post(message('AE1'))).status).toBe(500);
    expect((await post(message('M1'))).status).toBe(200);
    expect((await post(message('BUSY'))).status).toBe(400);
  });

  test('a message that was not stored is to be sent again', async () => {
    const { post } = await serve();
    const answer = await post(message('BUSY'));
    expect(answer).toMatchObject({ status: 200, retryAfter: '5' });
    expect(answer.text).toContain('MSA|AR|BUSY');
    expect(await post(message('LATE'))).toMatchObject({ status: 503, retryAfter: '5' });
  });

  test('a bug of ours is answered AR, to be sent again', async () => {
    const { post } = await serve();
    const answer = await post(message('THROW'));
    expect(answer).toMatchObject({ status: 200, retryAfter: '5' });
    expect(answer.text).toMatch(/MSA\|AR\|THROW\rERR.*\|internal\^/);
    const batch = await post(Buffer.concat([message('M1'), message('THROW'), message('REJECT'), message('M2')]));
    expect(batch.text.match(/MSA\|\w+\|\w+/g)).toEqual(['MSA|AA|M1', 'MSA|AR|THROW', 'MSA|AR|REJECT', 'MSA|AA|M2']);
    expect(batch.retryAfter).toBe('5');
  });

  test('a body over the limit is 413, whether its length is declared or not', async () => {
    const { intake, post, url } = await serve({ maxMessageBytes: 1000 });
    expect((await post(message('M1', 'x'.repeat(5000)))).status).toBe(413);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = request(
        url,
        { method: 'POST', headers: { 'content-type': 'application/hl7-v2', 'transfer-encoding': 'chunked' } },
        (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode));
        },
      );
      sending.on('error', reject);
      sending.end(message('M1', 'x'.repeat(3_000_000)));
    });
    expect(status).toBe(413);
    expect(intake.received).toEqual([]);
    expect((await post(message('M2'))).status).toBe(200);
  });

  test('too much under way is answered 503, to be sent again; a message that is alone has room', async () => {
    const { intake, post, url } = await serve({ budget: createByteBudget(1000) });
    expect((await post(message('M1', 'x'.repeat(5000)))).status).toBe(200);
    const slow = request(url, { method: 'POST', headers: { 'content-type': 'application/hl7-v2' } });
    const answered = new Promise<number | undefined>((resolve) => slow.on('response', (answer) => resolve(answer.resume().statusCode)));
    slow.write(message('M2', 'x'.repeat(500)));
    await expect.poll(async () => (await post(message('M3', 'x'.repeat(900)))).status).toBe(503);
    expect(await post(message('M3', 'x'.repeat(900)))).toMatchObject({ status: 503, retryAfter: '5' });
    slow.end();
    expect(await answered).toBe(200);
    expect(intake.received.map(({ controlId }) => controlId)).toContain('M2');
    expect((await post(message('M4', 'x'.repeat(900)))).status).toBe(200);
  });

  test('the room is one with that of MLLP', async () => {
    const budget = createByteBudget(300_000, 50);
    const { post, url } = await serve({ budget });
    const listener = await startMllp({ name: 'mllp', host: '127.0.0.1', port: 0, intake: createMemoryIntake(), log: quiet, budget });
    const mllp = (bytes: Uint8Array) =>
      connect(listener.address.port, '127.0.0.1', function (this: Socket) {
        this.write(bytes);
      });
    const half = mllp(Buffer.from(`\u000bMSH|^~\\&|${'x'.repeat(290_000)}`));
    await expect.poll(() => budget.held).toBeGreaterThan(280_000);
    expect((await post(message('M1', 'x'.repeat(20_000)))).status).toBe(503);
    expect((await post(message('M2', ''))).status).toBe(200);
    half.destroy();
    await expect.poll(() => budget.held).toBe(0);

    // a body that does not go on gives way to the message that waits for its room
    const slow = request(url, { method: 'POST', headers: { 'content-type': 'application/hl7-v2' } });
    const gone = new Promise((resolve) => slow.on('error', resolve));
    slow.write(message('M3', 'x'.repeat(900_000)));
    await expect.poll(() => budget.held).toBeGreaterThan(800_000);
    const sender = mllp(encodeFrame(message('M4', `NTE|1||${'x'.repeat(200_000)}\r`)));
    const answered = new Promise((resolve) => sender.on('data', resolve));
    await Promise.all([gone, answered]);
    sender.destroy();
    await listener.close();
    expect(budget.held).toBe(0);
  });

  test('the answer names the character set it is in', async () => {
    const { post } = await serve();
    const latin = Buffer.from('MSH|^~\\&|LAB\u00e9|HOSP|||||ADT^A01|M1|P|2.5.1||||||8859/1\r', 'latin1');
    expect((await post(latin)).type).toBe('application/hl7-v2; charset=iso-8859-1');
  });

  test('several messages are received one by one and answered in one batch, its wrong count said', async () => {
    const { intake, post } = await serve();
    const plain = await post(Buffer.concat([message('M1'), message('M2'), message('AE3')]));
    expect(plain.status).toBe(200);
    expect(plain.text.split('\r').map((line) => line.slice(0, 3))).toEqual(['BHS', 'MSH', 'MSA', 'MSH', 'MSA', 'MSH', 'MSA', 'BTS', '']);
    expect(intake.received.map(({ controlId }) => controlId)).toEqual(['M1', 'M2', 'AE3']);
    const file = await post(
      `FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r${message('M4').toString()}BTS|2\rBHS|^~\\&|LAB\r${message('M5').toString()}BTS|1\rFTS|2\r`,
    );
    expect(file.text.split('\r').map((line) => line.slice(0, 3))).toEqual([
      'FHS',
      'BHS',
      'MSH',
      'MSA',
      'BTS',
      'BHS',
      'MSH',
      'MSA',
      'BTS',
      'FTS',
      '',
    ]);
    expect(file.text).toMatch(/\rFTS\|2\|BTS-1 says 2 but 1 were sent\r$/);
  });

  test('a sender that goes away in the middle harms nobody', async () => {
    const { intake, post, url } = await serve();
    await new Promise<void>((resolve) => {
      const sending = request(url, { method: 'POST', headers: { 'content-type': 'application/hl7-v2', 'content-length': '5000' } });
      sending.on('error', () => resolve());
      sending.write('MSH|^~\\&|', () => sending.destroy(new RangeError('gone')));
    });
    expect((await post(message('M1'))).status).toBe(200);
    expect(intake.received).toHaveLength(1);
  });
});
