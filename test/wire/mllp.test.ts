import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import type { Intake } from '../../src/intake/intake.ts';
import { createByteBudget } from '../../src/wire/byte-budget.ts';
import { createFrameDecoder, encodeFrame } from '../../src/wire/frame.ts';
import { type Log, type MllpEvent, type MllpListener, type MllpOptions, startMllp } from '../../src/wire/mllp.ts';
import { createMemoryIntake, message } from './memory-intake.ts';
import { publish } from '../long/figures.ts';

const haveOpenssl = spawnSync('openssl', ['version']).status === 0;
const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const bare = { name: 'mllp', host: '127.0.0.1', log: quiet, budget: createByteBudget(64 * 2 ** 20) } as const;
const listeners: MllpListener[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

async function start(intake: Intake, options: Partial<MllpOptions> = {}): Promise<MllpListener> {
  const listener = await startMllp({ ...bare, port: 0, intake, ...options });
  listeners.push(listener);
  return listener;
}

/** A sender: what it has read so far as "MSA-1 MSA-2" of each answer. */
interface Sender {
  readonly socket: Socket;
  readonly answers: string[];
  readonly raw: string[];
  readonly closed: Promise<void>;
  answered(count: number): Promise<string[]>;
}

async function sender(listener: MllpListener): Promise<Sender> {
  const socket = connect(listener.address.port, listener.address.host);
  sockets.push(socket);
  const decoder = createFrameDecoder({ maxFrameBytes: 1e8 });
  const answers: string[] = [];
  const raw: string[] = [];
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    for (const event of decoder.push(chunk)) {
      if (event.kind !== 'frame') continue;
      const text = Buffer.from(event.bytes).toString('latin1');
      raw.push(text);
      const parsed = parseMessage(text);
      const msa = parsed.ok ? parsed.value.segments[1] : undefined;
      answers.push(`${msa?.value(1)} ${msa?.value(2)}`);
    }
  });
  await new Promise<void>((resolve) => socket.on('connect', () => resolve()));
  return {
    socket,
    answers,
    raw,
    closed,
    async answered(count) {
      await until(() => answers.length >= count || socket.destroyed);
      return answers;
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('an MLLP listener', () => {
  test('hands a message to the intake as it came and sends its answer back', async () => {
    const intake = createMemoryIntake();
    const peer = await sender(await start(intake));
    peer.socket.write(encodeFrame(message('M1')));
    expect(await peer.answered(1)).toEqual(['AA M1']);
    expect(intake.received[0]?.raw).toEqual(message('M1'));
    expect(intake.received[0]?.channel).toMatchObject({ name: expect.stringMatching(/^mllp 127\.0\.0\.1:\d+$/), synchronous: false });
  });

  test('answers 1,000 frames of one write with 1,000 answers in their order, one at a time', async () => {
    const intake = createMemoryIntake();
    const peer = await sender(await start(intake));
    const ids = Array.from({ length: 1000 }, (_, index) => `M${index}`);
    peer.socket.write(Buffer.concat(ids.map((id) => encodeFrame(message(id)))));
    const answers = await peer.answered(1000);
    const inOrder = answers.filter((answer, index) => answer === `AA ${ids[index]}`).length;
    publish('T-05 framing, one write', { frames: ids.length, 'answered in their order': inOrder });
    expect(answers).toEqual(ids.map((id) => `AA ${id}`));
    expect(intake.mostAtOnce).toBe(1);
  });

  test('holds nothing of a message that is answered, where its bytes were taken away as well', async () => {
    const intake = createMemoryIntake();
    const takingAway: Intake = {
      receive: (raw, channel) => intake.receive(Uint8Array.from(raw), channel).finally(() => (raw.buffer as ArrayBuffer).transfer(0)),
    };
    const listener = await start(takingAway);
    const peer = await sender(listener);
    for (const id of ['M1', 'M2']) peer.socket.write(encodeFrame(Buffer.concat([message(id), Buffer.alloc(300_000, 'x')])));
    expect(await peer.answered(2)).toEqual(['AA M1', 'AA M2']);
    await until(() => listener.counters().bytesBuffered === 0);
  });

  test('keeps the order of answers though the first takes longest, and connections do not wait for each other', async () => {
    const intake = createMemoryIntake((id) => (id === 'SLOW' ? 150 : 0));
    const listener = await start(intake);
    const [one, other] = [await sender(listener), await sender(listener)];
    one.socket.write(Buffer.concat([encodeFrame(message('SLOW')), encodeFrame(message('M2'))]));
    other.socket.write(encodeFrame(message('M3')));
    expect(await other.answered(1)).toEqual(['AA M3']);
    expect(one.answers).toEqual([]);
    expect(await one.answered(2)).toEqual(['AA SLOW', 'AA M2']);
  });

  test('reads a frame that comes byte by byte, junk between frames, and a frame without its CR', async () => {
    const intake = createMemoryIntake();
    const listener = await start(intake);
    const peer = await sender(listener);
    for (const byte of encodeFrame(message('M1'))) {
      peer.socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await peer.answered(1)).toEqual(['AA M1']);
    peer.socket.write(Buffer.concat([Buffer.from('junk\n\0'), encodeFrame(message('M2')).subarray(0, -1)]));
    expect(await peer.answered(2)).toEqual(['AA M1', 'AA M2']);
    peer.socket.write(Buffer.concat([Buffer.from('\r'), encodeFrame(message('M3'))]));
    expect(await peer.answered(3)).toEqual(['AA M1', 'AA M2', 'AA M3']);
    expect(listener.counters()).toMatchObject({ framesTotal: 3, junkBytesTotal: 5, connections: 1, connectionsTotal: 1, bytesBuffered: 0 });
  });

  test('enhanced mode: the accept acknowledgment comes first, then the application’s where it is asked for', async () => {
    const peer = await sender(await start(createMemoryIntake(() => 20)));
    peer.socket.write(
      Buffer.concat([
        encodeFrame(message('M1', '', 'AL|AL')),
        encodeFrame(message('M2', '', 'AL|NE')),
        encodeFrame(message('M3', '', 'NE|AL')),
      ]),
    );
    const answers = await peer.answered(4);
    expect(answers.filter((answer) => answer.startsWith('C'))).toEqual(['CA M1', 'CA M2']);
    expect(answers.filter((answer) => answer.startsWith('A'))).toEqual(['AA M1', 'AA M3']);
    expect(answers.indexOf('CA M1')).toBeLessThan(answers.indexOf('AA M1'));
  });

  test('an accepted message lets the next begin before it is applied', async () => {
    const intake = createMemoryIntake(() => 100);
    const peer = await sender(await start(intake));
    peer.socket.write(Buffer.concat(['M1', 'M2', 'M3'].map((id) => encodeFrame(message(id, '', 'AL|NE')))));
    expect(await peer.answered(3)).toEqual(['CA M1', 'CA M2', 'CA M3']);
    expect(intake.mostAtOnce).toBe(3);
  });

  test('a message that was not stored is answered, and the connection closed for a resend', async () => {
    const intake = createMemoryIntake();
    const peer = await sender(await start(intake));
    peer.socket.write(Buffer.concat([encodeFrame(message('BUSY')), encodeFrame(message('M2'))]));
    await peer.closed;
    expect(peer.answers).toEqual(['AR BUSY']);
    expect(intake.received.map(({ controlId }) => controlId)).toEqual(['BUSY']);
  });

  test('no answer in time closes the connection without one', async () => {
    const peer = await sender(await start(createMemoryIntake()));
    peer.socket.write(encodeFrame(message('LATE')));
    await peer.closed;
    expect(peer.answers).toEqual([]);
  });

  test('a bug of ours is answered AR, closes that connection and no other, and its words are not logged', async () => {
    const events: MllpEvent['kind'][] = [];
    const logged: object[] = [];
    const log: Log = { ...quiet, error: (fields) => logged.push(fields) };
    const listener = await start(createMemoryIntake(), { onEvent: (event) => events.push(event.kind), log });
    const [one, other] = [await sender(listener), await sender(listener)];
    one.socket.write(encodeFrame(message('THROW')));
    await one.closed;
    expect(one.answers).toEqual(['AR THROW']);
    other.socket.write(encodeFrame(message('M1')));
    expect(await other.answered(1)).toEqual(['AA M1']);
    expect(events).toContain('fault');
    expect(logged).toMatchObject([{ fault: { name: 'RangeError' } }]);
    expect(JSON.stringify(logged)).not.toContain('a bug');
  });

  test('a frame over the limit is answered AR 207 from its header, CE in enhanced mode, and the connection closed', async () => {
    const intake = createMemoryIntake();
    const listener = await start(intake, { limits: { maxFrameBytes: 1000 } });
    for (const [acknowledgments, answer] of [
      ['', 'AR BIG'],
      ['AL|AL', 'CE BIG'],
    ] as const) {
      const peer = await sender(listener);
      peer.socket.write(Buffer.concat([encodeFrame(message('M1')), encodeFrame(message('BIG', 'x'.repeat(2_000_000), acknowledgments))]));
      await peer.closed;
      expect(peer.answers).toEqual(['AA M1', answer]);
      expect(peer.raw[1]).toMatch(/\rERR\|\|[^|]*\|207\^[^|]*\|E\|message-too-long/);
    }
    expect(intake.received.map(({ controlId }) => controlId)).toEqual(['M1', 'M1']);
    expect(listener.counters()).toMatchObject({ oversizeFramesTotal: 2, bytesBuffered: 0 });
  });

  test('a second VT drops the frame begun before it, and says so', async () => {
    const partial: Uint8Array[] = [];
    const listener = await start(createMemoryIntake(), {
      onEvent: (event) => {
        if (event.kind === 'partial') partial.push(event.bytes);
      },
    });
    const peer = await sender(listener);
    peer.socket.write(Buffer.concat([Buffer.from('\u000bMSH|half'), encodeFrame(message('M1'))]));
    expect(await peer.answered(1)).toEqual(['AA M1']);
    expect(partial.map((bytes) => Buffer.from(bytes).toString())).toEqual(['MSH|half']);
    expect(listener.counters().partialFramesTotal).toBe(1);
  });

  test('silence inside a frame closes the connection; silence between frames does not', async () => {
    const listener = await start(createMemoryIntake(), { limits: { frameSilenceMs: 60 } });
    const [quietOne, stuck] = [await sender(listener), await sender(listener)];
    stuck.socket.write('\u000bMSH|^~\\&|');
    await until(() => listener.counters().oldestPartialAgeMs > 0);
    expect(listener.counters().bytesBuffered).toBeGreaterThan(0);
    await stuck.closed;
    quietOne.socket.write(encodeFrame(message('M1')));
    expect(await quietOne.answered(1)).toEqual(['AA M1']);
    expect(listener.counters()).toMatchObject({ silencesTotal: 1, partialFramesTotal: 1, bytesBuffered: 0, oldestPartialAgeMs: 0 });
  });

  test('a sender that has said everything still reads its answers', async () => {
    const peer = await sender(await start(createMemoryIntake(() => 30)));
    peer.socket.end(Buffer.concat([encodeFrame(message('M1')), encodeFrame(message('M2')), Buffer.from('\u000bMSH|half')]));
    await peer.closed;
    expect(peer.answers).toEqual(['AA M1', 'AA M2']);
  });

  test('connections over the limit, in all or of one peer, are refused, and so is an address that may not connect', async () => {
    const listener = await start(createMemoryIntake(), { limits: { maxConnectionsPerPeer: 2 } });
    const [first] = [await sender(listener), await sender(listener)];
    const third = await sender(listener);
    await third.closed;
    first.socket.destroy();
    await until(() => listener.counters().connections === 1);
    const fourth = await sender(listener);
    fourth.socket.write(encodeFrame(message('M1')));
    expect(await fourth.answered(1)).toEqual(['AA M1']);
    expect(listener.counters().refusedTotal).toBe(1);

    const closed = await start(createMemoryIntake(), { mayConnect: (address) => address !== '127.0.0.1' });
    await (await sender(closed)).closed;
    const full = await start(createMemoryIntake(), { limits: { maxConnections: 0 } });
    await (await sender(full)).closed;
  });

  test('over the byte budget all but one wait, and everything is answered in the end', async () => {
    const intake = createMemoryIntake();
    const listener = await start(intake, { budget: createByteBudget(300_000) });
    const peers = await Promise.all(Array.from({ length: 8 }, () => sender(listener)));
    const document = 'x'.repeat(400_000);
    for (const [index, peer] of peers.entries()) peer.socket.write(encodeFrame(message(`M${index}`, `NTE|1||${document}\r`)));
    for (const [index, peer] of peers.entries()) expect(await peer.answered(1)).toEqual([`AA M${index}`]);
    expect(intake.received.every(({ raw }) => raw.length > 400_000)).toBe(true);
    expect(listener.counters().bytesBuffered).toBe(0);
  });

  test('one that holds much and sends no more keeps nobody else waiting over the byte budget', async () => {
    const listener = await start(createMemoryIntake(), { budget: createByteBudget(300_000) });
    const stuck = await sender(listener);
    stuck.socket.write(`\u000bMSH|^~\\&|${'x'.repeat(290_000)}`);
    await until(() => listener.counters().bytesBuffered > 280_000);
    const peers = await Promise.all(Array.from({ length: 4 }, () => sender(listener)));
    const document = 'x'.repeat(400_000);
    for (const [index, peer] of peers.entries()) peer.socket.write(encodeFrame(message(`M${index}`, `NTE|1||${document}\r`)));
    for (const [index, peer] of peers.entries()) expect(await peer.answered(1)).toEqual([`AA M${index}`]);
    stuck.socket.destroy();
  });

  test('closing answers the whole frames that were read and drops half ones', async () => {
    const intake = createMemoryIntake(() => 50);
    const listener = await start(intake);
    const [busy, half, idle] = [await sender(listener), await sender(listener), await sender(listener)];
    busy.socket.write(Buffer.concat(['M1', 'M2', 'M3'].map((id) => encodeFrame(message(id)))));
    half.socket.write('\u000bMSH|^~\\&|');
    await until(() => intake.received.length > 0 && listener.counters().oldestPartialAgeMs > 0);
    await listener.close();
    await Promise.all([busy.closed, half.closed, idle.closed]);
    expect(busy.answers).toEqual(['AA M1', 'AA M2', 'AA M3']);
    expect(half.answers).toEqual([]);
    await expect(startMllp({ ...bare, port: listener.address.port, intake }).then((again) => again.close())).resolves.toBeUndefined();
  });

  test('a batch in one frame has each message received by itself and one answer', async () => {
    const intake = createMemoryIntake();
    const peer = await sender(await start(intake));
    const batch = Buffer.concat([
      Buffer.from('BHS|^~\\&|LAB|HOSP|EHR|HOSP|||||B1\r'),
      message('M1'),
      message('AE2'),
      Buffer.from('BTS|2\r'),
    ]);
    peer.socket.write(encodeFrame(batch));
    await until(() => peer.raw.length === 1);
    const lines = peer.raw[0]?.split('\r') ?? [];
    expect(lines.map((line) => line.slice(0, 3))).toEqual(['BHS', 'MSH', 'MSA', 'MSH', 'MSA', 'BTS', '']);
    expect(lines[0]).toMatch(/^BHS\|\^~\\&\|EHR\|HOSP\|LAB\|HOSP\|.*\|B1$/);
    expect([lines[2], lines[4], lines[5]]).toEqual(['MSA|AA|M1', 'MSA|AE|AE2', 'BTS|2']);
    expect(intake.received.map(({ controlId }) => controlId)).toEqual(['M1', 'AE2']);
  });

  test('any bytes in any chunks leave the listener well: every frame is answered or its connection closed', async () => {
    const intake = createMemoryIntake();
    const listener = await start(intake, { limits: { maxFrameBytes: 2000, maxConnections: 1000, maxConnectionsPerPeer: 1000 } });
    const whole = encodeFrame(message('M1'));
    const piece = fc.oneof(
      fc.constant(Buffer.from(whole)),
      fc.nat(whole.length).map((length) => Buffer.from(whole.subarray(0, length))),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('\u000b', '\u001c\r', 'MSH|^~\\&|', 'BHS|', '\u000bFHS|^~\\&\rMSH\u001c\r').map((text) => Buffer.from(text)),
      fc.constant(Buffer.alloc(3000, 'x')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const peer = await sender(listener);
        for (const bytes of pieces) peer.socket.write(bytes);
        peer.socket.end();
        await peer.closed;
        for (const answer of peer.raw) expect(answer).toMatch(/^(MSH|BHS|FHS)/);
      }),
      { numRuns: 150 },
    );
    const after = await sender(listener);
    after.socket.write(whole);
    expect(await after.answered(1)).toEqual(['AA M1']);
    expect(listener.counters()).toMatchObject({ faultsTotal: 0, bytesBuffered: 0 });
  });

  test.skipIf(!haveOpenssl)(
    'over TLS with a certificate asked of the sender, only a sender that has one is heard (needs openssl)',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'mllp-tls-'));
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout ${key} -out ${cert}`;
      execFileSync('openssl', words.split(' '), { stdio: 'ignore' });
      const pem = { key: readFileSync(key), cert: readFileSync(cert) };
      rmSync(folder, { recursive: true });
      const listener = await start(createMemoryIntake(), { tls: { ...pem, ca: pem.cert } });
      const ask = (own: object) =>
        new Promise<string>((resolve) => {
          const socket = connectTls({
            port: listener.address.port,
            host: '127.0.0.1',
            ca: pem.cert,
            checkServerIdentity: () => undefined,
            ...own,
          });
          socket.on('error', () => resolve('refused'));
          socket.on('close', () => resolve('refused'));
          socket.on('data', (chunk) => resolve(chunk.toString('latin1').includes('MSA|AA|M1') ? 'answered' : 'what'));
          socket.on('secureConnect', () => socket.write(encodeFrame(message('M1'))));
          sockets.push(socket);
        });
      expect(await ask(pem)).toBe('answered');
      expect(await ask({})).toBe('refused');
    },
  );

  test('an address that is taken is said by failing to start', async () => {
    const listener = await start(createMemoryIntake());
    await expect(startMllp({ ...bare, port: listener.address.port, intake: createMemoryIntake() })).rejects.toThrow('EADDRINUSE');
  });
});
