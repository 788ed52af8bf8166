import { afterAll, expect, test } from 'vitest';
import { headerOfBytes } from '../../src/hl7v2/decode-message.ts';
import { scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { mllpSender, type Sender } from '../end-to-end/senders.ts';
import { mutant } from '../intake/mutate.ts';
import { publish } from './figures.ts';

const MESSAGES = Number(process.env['MESSAGES'] ?? 10_000);
const CONNECTIONS = 8;
const folder = scratchFolder();
afterAll(() => folder.remove());

test('10,000 mutated messages over sockets: each answered or its connection closed, the process alive, no answer 5xx', {
  timeout: 3_600_000,
}, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/fuzz.db`, LOG_LEVEL: 'error' });
  const codes: Record<string, number> = {};
  const times = new Map<number, number>();
  let closed = 0;
  const count = (code: string) => (codes[code] = (codes[code] ?? 0) + 1);
  const statuses: number[] = [];
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      let sender: Sender | undefined;
      for (let number = connection; number < MESSAGES; number += CONNECTIONS) {
        const bytes = mutant(seed, number);
        const begun = performance.now();
        if (connection % 2 === 1) {
          const response = await fetch(`${gateway.http}/hl7v2`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/hl7-v2' },
            body: bytes,
          });
          if (response.status >= 500) statuses.push(number);
          const answer = Buffer.from(await response.arrayBuffer())
            .toString('latin1')
            .replaceAll('\u0000', '');
          count(/\rMSA.([AC][AER])/.exec(answer)?.[1] ?? `HTTP ${response.status}`);
        } else {
          // What asks for no answer gets none, and what holds frame bytes is another message: neither is waited for.
          const { acceptAcknowledgment, applicationAcknowledgment } = headerOfBytes(bytes);
          if (acceptAcknowledgment !== '' || applicationAcknowledgment !== '' || bytes.includes(0x0b) || bytes.includes(0x1c)) continue;
          sender ??= await mllpSender(gateway.mllp.host, gateway.mllp.port);
          const answer = await sender.send(bytes).catch(() => undefined);
          if (answer === undefined) {
            closed += 1;
            sender.close();
            sender = undefined;
          } else count(/\rMSA.([AC][AER])/.exec(answer.replaceAll('\u0000', ''))?.[1] ?? 'other');
        }
        times.set(number, performance.now() - begun);
      }
      sender?.close();
    }),
  );
  const alive = (await fetch(`${gateway.http}/readyz`)).status;
  const bugs = (gateway.output().match(/"msg":"message failed"/g) ?? []).length;
  await gateway.kill();
  const worst = [...times].sort(([, one], [, other]) => other - one).slice(0, 20);
  const alone = await timesAlone(worst.map(([number]) => mutant(seed, number)));
  publish('T-04 fuzz, over sockets', {
    'mutated messages': MESSAGES,
    'of them sent (the others ask for no answer, or hold bytes of a frame)': Object.values(codes).reduce(
      (sum, count) => sum + count,
      closed,
    ),
    ...Object.fromEntries(Object.entries(codes).map(([code, number]) => [`answered ${code}`, number])),
    'connections closed without an answer (no MSH)': closed,
    'answers 5xx': statuses.length,
    'errors of the gateway in its log': bugs,
    'slowest answer, ms': Math.round(worst[0]?.[1] ?? 0),
    'the twenty slowest sent again one by one, the slowest of them, ms': Math.round(Math.max(...alone)),
    seed,
  });
  expect(alive).toBe(200);
  expect(statuses).toEqual([]);
  expect(bugs).toBe(0);
  expect(gateway.process.exitCode).toBe(0);
});

/** How long each takes on a gateway that does nothing else, after a warm-up. Units: ms */
async function timesAlone(messages: readonly Uint8Array[]): Promise<number[]> {
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/alone.db`, LOG_LEVEL: 'error' });
  const times: number[] = [];
  const post = async (body: Uint8Array): Promise<void> => {
    await (
      await fetch(`${gateway.http}/hl7v2`, { method: 'POST', headers: { 'Content-Type': 'application/hl7-v2' }, body: Buffer.from(body) })
    ).arrayBuffer();
  };
  for (let number = 0; number < 50; number += 1) await post(mutant(0, number));
  for (const message of messages) {
    const begun = performance.now();
    await post(message);
    times.push(performance.now() - begun);
  }
  await gateway.kill();
  return times;
}
