import { rmSync } from 'node:fs';
import { type RunningGateway, scratchFolder, startGatewayProcess } from '../test/end-to-end/gateway.ts';
import { askingSender } from './asking-sender.ts';
import { oruMessage } from './corpus.ts';
import { type Figure, percentile } from './measure.ts';

const CONNECTIONS = 8;
const DURABLE = 4_000;
/** Units: messages/s */
export const RATE = 100;
const SECONDS = 30;

/** What senders of a gateway see: how fast it says that it has a message, and how fast that the message is applied. */
export async function intakeFigures(): Promise<Figure[]> {
  const folder = scratchFolder();
  try {
    return [...(await withGateway(`${folder.path}/offered.db`, offered)), ...(await withGateway(`${folder.path}/durable.db`, durable))];
  } finally {
    rmSync(folder.path, { recursive: true, force: true });
  }
}

async function withGateway(path: string, measure: (gateway: RunningGateway) => Promise<Figure[]>): Promise<Figure[]> {
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${path}`, LOG_LEVEL: 'warn' });
  try {
    return await measure(gateway);
  } finally {
    await gateway.kill();
  }
}

/** So many messages a second, sent when they are due and not when the one before is answered: three admissions to each report. */
async function offered(gateway: RunningGateway): Promise<Figure[]> {
  await atRate(gateway, 5, 'warm');
  await metricOf(gateway, 'nodejs_eventloop_lag_p99_seconds');
  const answered = await atRate(gateway, SECONDS, 'load');
  const lag = await metricOf(gateway, 'nodejs_eventloop_lag_p99_seconds');
  const memory = await metricOf(gateway, 'process_resident_memory_bytes');
  const sorted = (times: readonly number[]) => [...times].sort((one, other) => one - other);
  const accept = sorted(answered.map(({ acceptMs }) => acceptMs));
  const application = sorted(answered.map(({ applicationMs }) => applicationMs));
  const note = (times: readonly number[]) => `p50 ${percentile(times, 0.5).toFixed(1)} ms`;
  return [
    { name: `accepted, p99 at ${RATE} msg/s`, value: percentile(accept, 0.99), unit: 'ms', target: 25, note: note(accept) },
    { name: `processed, p99 at ${RATE} msg/s`, value: percentile(application, 0.99), unit: 'ms', target: 250, note: note(application) },
    {
      name: `event loop lag, p99 at ${RATE} msg/s`,
      value: lag * 1000,
      unit: 'ms',
      target: 50,
      note: 'of which 10 are the clock it is taken by',
    },
    { name: `memory (RSS) at ${RATE} msg/s`, value: memory / 2 ** 20, unit: 'MB', target: 400 },
  ];
}

/** Sends the messages of so many seconds, each when it is due, and gives what each sender waited. */
export async function atRate({ mllp }: RunningGateway, seconds: number, name: string) {
  const senders = await Promise.all(Array.from({ length: CONNECTIONS }, () => askingSender(mllp.host, mllp.port)));
  const start = performance.now();
  const answers = await Promise.all(
    Array.from({ length: RATE * seconds }, async (_, index) => {
      await new Promise((due) => setTimeout(due, Math.max(0, start + (index * 1000) / RATE - performance.now())));
      const controlId = `${name}-${index}`;
      const patient = index % 500;
      const text = index % 4 === 0 ? oruMessage(12, patient, index) : admission(patient, index);
      return senders[patient % CONNECTIONS]?.send(controlId, asking(text, controlId, 'AL|AL'), 'both');
    }),
  );
  for (const sender of senders) sender.close();
  return answers.filter((answer) => answer !== undefined);
}

/** As fast as it is taken: each connection sends the next message when the one before is accepted, and asks for nothing more. */
async function durable(gateway: RunningGateway): Promise<Figure[]> {
  await atRate(gateway, 5, 'warm');
  const { mllp } = gateway;
  const senders = await Promise.all(Array.from({ length: CONNECTIONS * 4 }, () => askingSender(mllp.host, mllp.port)));
  const times: number[] = [];
  let next = 0;
  const start = performance.now();
  await Promise.all(
    senders.map(async (sender) => {
      for (let index = next++; index < DURABLE; index = next++) {
        const controlId = `durable-${index}`;
        times.push((await sender.send(controlId, asking(oruMessage(12, index % 500, index), controlId, 'AL|NE'), 'accept')).acceptMs);
      }
    }),
  );
  const perSecond = (DURABLE * 1000) / (performance.now() - start);
  for (const sender of senders) sender.close();
  times.sort((one, other) => one - other);
  const note = `${senders.length} connections, each waiting for its answer; p99 ${percentile(times, 0.99).toFixed(0)} ms`;
  return [{ name: 'MLLP, durable accept acknowledgments', value: perSecond, unit: 'msg/s', target: 1000, note }];
}

function admission(patient: number, message: number): string {
  const time = '20260105120000-0500';
  return [
    `MSH|^~\\&|BENCHADT|BENCH|CB|CB|${time}||ADT^A01^ADT_A01|A${message}|P|2.5.1`,
    `EVN|A01|${time}`,
    `PID|1||${100000 + patient}^^^BENCH^MR||Example${patient % 997}^Pat^Q||19800101|F|||${message} Elm Street^^Springfield^IL^62701`,
    `PV1|1|I|WARD^${message % 40}^A||||1234^Healer^Hanna|||||||||||V${patient}^^^BENCH^VN|||||||||||||||||||||||||${time}`,
    '',
  ].join('\r');
}

/** The message under another control id, asking for answers: MSH-10, MSH-15 and MSH-16. */
function asking(text: string, controlId: string, asks: string): string {
  const end = text.indexOf('\r');
  const fields = text.slice(0, end).split('|');
  fields[9] = controlId;
  return `${fields.join('|')}|||${asks}${text.slice(end)}`;
}

async function metricOf(gateway: RunningGateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.http}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
}
