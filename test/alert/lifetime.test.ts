import { afterAll, afterEach, expect, test } from 'vitest';
import { type RunningGateway, scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { httpSender } from '../end-to-end/senders.ts';
import { message } from '../intake/harness.ts';

const folder = scratchFolder();
let gateway: RunningGateway;
afterEach(() => gateway.kill('SIGKILL'));
afterAll(() => folder.remove());

interface Row {
  readonly status: string;
  readonly repeats: number;
  readonly type: string;
}

const start = async () => {
  gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/counted.db`, LOG_LEVEL: 'silent' });
};
const json = async (path: string) => (await fetch(`${gateway.http}${path}`)).json();

/** Every third is a merge, every fifth fails, and those of the seventh come twice. */
const of = (number: number) =>
  number % 5 === 0
    ? message({ id: `N${number}`, pid: '1||||Nobody' })
    : number % 3 === 0
      ? message({ id: `N${number}`, type: 'ADT^A40^ADT_A39', more: [`MRG|${number}^^^HOSP^MR`] })
      : message({ id: `N${number}`, pid: `1||${number}^^^HOSP^MR||Sample^Ann` });

test('what is counted over the life of a feed is what is in the journal, however often the gateway is killed', async () => {
  await start();
  for (let life = 0; life < 2; life += 1) {
    let number = 0;
    let isEnough: () => void = () => undefined;
    const enough = new Promise<void>((resolve) => (isEnough = resolve));
    const senders = Array.from({ length: 4 }, async () => {
      const sender = httpSender(gateway.http);
      for (;;) {
        const mine = 1000 * life + (number += 1);
        if (number === 40) isEnough();
        await sender.send(of(mine));
        if (mine % 7 === 0) await sender.send(of(mine));
      }
    });
    const ended = Promise.allSettled(senders);
    await enough;
    await gateway.kill('SIGKILL');
    await ended;
    await start();
  }
  for (let left = 1; left > 0; await new Promise((wake) => setTimeout(wake, 50))) {
    const { queue } = (await json('/status')) as { queue: { received: number; queued: number } };
    left = queue.received + queue.queued;
  }
  const rows: Row[] = [];
  for (let path: string | undefined = '/messages?_count=500'; path !== undefined; ) {
    const page = (await json(path)) as { messages: Row[]; next?: string };
    rows.push(...page.messages);
    path = page.next;
  }
  const count = (isCounted: (row: Row) => boolean) => rows.filter(isCounted).length;
  const repeated = rows.reduce((sum, { repeats }) => sum + repeats, 0);
  const failed = count(({ status }) => status === 'error');
  const { feeds } = (await json('/status')) as { feeds: { sender: string; lifetime: Record<string, number> }[] };
  expect(rows.length).toBeGreaterThan(20);
  expect(feeds).toMatchObject([
    {
      sender: 'LAB|HOSP',
      lifetime: {
        received: rows.length + repeated,
        repeated,
        accepted: count(({ status }) => status === 'processed'),
        rejected: 0,
        merged: count(({ status, type }) => status === 'processed' && type === 'ADT^A40'),
      },
    },
  ]);
  // one that failed and came again failed again
  expect(feeds[0]?.lifetime['failed']).toBeGreaterThanOrEqual(failed);
  expect(feeds[0]?.lifetime['failed']).toBeLessThanOrEqual(failed + repeated);
});
