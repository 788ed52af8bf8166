import { rmSync, statSync } from 'node:fs';
import { type RunningGateway, scratchFolder, startGatewayProcess } from '../test/end-to-end/gateway.ts';
import { askingSender } from './asking-sender.ts';
import { oruMessage } from './corpus.ts';
import { type Figure, percentile } from './measure.ts';

const CONNECTIONS = 8;
const SEARCHES = 100;

/** A load, and where in it is looked. */
interface Growth {
  readonly messages: number;
  /** Messages of one connection that wait for their answers at once. */
  readonly inFlight: number;
  readonly what: string;
  /** From one number of messages to another; the first is left out of what the last is held against: a gateway warms up in it. */
  readonly windows: readonly (readonly [from: number, until: number])[];
  /** Its text and its control id. */
  readonly messageOf: (index: number) => readonly [text: string, controlId: string];
  readonly searchOf: (index: number) => string;
}

/**
 * Whether a gateway gets slower as its database grows: so many reports (`MESSAGES`, 100,000 where it is left out), told in ten windows.
 * What a message costs the processor says more than its time where the machine has other work.
 */
export function flatFigures(): Promise<Figure[]> {
  const messages = Number(process.env['MESSAGES'] ?? 100_000);
  const size = messages / 10;
  return grown({
    messages,
    inFlight: 1,
    what: 'ORU with 3 OBX',
    windows: Array.from({ length: 10 }, (_, window) => [window * size, (window + 1) * size]),
    messageOf: (index) => [oruMessage(3, index % 10_000, index), `B${index % 10_000}-${index}`],
    searchOf: (index) => `Observation?patient.identifier=${100_000 + (index % 10_000)}&code=http://loinc.org|2001-1`,
  });
}

/** The same with a million small messages (`MESSAGES`), as quickly as they are taken: what is written about persons, five times each. */
export function millionFigures(): Promise<Figure[]> {
  const messages = Number(process.env['MESSAGES'] ?? 1_000_000);
  const size = messages / 100;
  const persons = messages / 5;
  return grown({
    messages,
    inFlight: 8,
    what: 'ADT^A31 with a PID',
    windows: [1, 2, 10, 30, 100].map((part) => [(part - 1) * size, part * size] as const),
    messageOf: (index) => {
      const person = (index * 7919) % persons;
      const time = '20260105120000-0500';
      const pid = `PID|1||${person}^^^BENCH^MR||Example${person % 997}^Pat^${index}||19800101|F|||${index} Elm Street^^Springfield^IL^62701`;
      return [`MSH|^~\\&|BENCHADT|BENCH|CB|CB|${time}||ADT^A31^ADT_A05|A${index}|P|2.5.1\rEVN|A31|${time}\r${pid}\r`, `A${index}`];
    },
    searchOf: (index) => `Patient?identifier=${(index * 7919) % persons}`,
  });
}

async function grown(growth: Growth): Promise<Figure[]> {
  const folder = scratchFolder();
  const file = `${folder.path}/flat.db`;
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${file}`, LOG_LEVEL: 'warn' });
  const figures: Figure[] = [{ name: 'messages', value: growth.messages, unit: '' }];
  const costs: number[] = [];
  const times: number[] = [];
  try {
    let sent = 0;
    for (const [from, until] of growth.windows) {
      if (from > sent) await send(gateway, growth, sent, from);
      const cpuBefore = await cpuSeconds(gateway);
      const start = performance.now();
      await send(gateway, growth, from, until);
      times.push((performance.now() - start) / (until - from));
      costs.push((((await cpuSeconds(gateway)) - cpuBefore) * 1000) / (until - from));
      sent = until;
      const at = `${growth.what}, messages ${from.toLocaleString('en')} to ${until.toLocaleString('en')}`;
      figures.push(
        { name: at, value: 1000 / (times.at(-1) ?? 0), unit: 'msg/s' },
        { name: at, value: costs.at(-1) ?? 0, unit: 'ms of the processor each' },
        { name: `a search after ${until.toLocaleString('en')}, p95`, value: await searchMs(gateway, growth, until), unit: 'ms' },
      );
    }
    const longer = (values: readonly number[]) => (100 * (values.at(-1) ?? 0)) / (values[1] ?? 1);
    return [
      ...figures,
      { name: 'database at the end', value: statSync(file).size / 2 ** 20, unit: 'MB' },
      { name: 'the last window against the second, time of a message', value: longer(times), unit: '%', target: 120 },
      { name: 'the last window against the second, processor of a message', value: longer(costs), unit: '%', target: 120 },
    ];
  } finally {
    await gateway.kill();
    rmSync(folder.path, { recursive: true, force: true });
  }
}

/** Fails at any answer but AA. */
async function send({ mllp }: RunningGateway, { inFlight, messageOf }: Growth, from: number, until: number): Promise<void> {
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      const sender = await askingSender(mllp.host, mllp.port);
      let next = from + connection;
      const lane = async (): Promise<void> => {
        for (let index = next; index < until; index = next) {
          next += CONNECTIONS;
          const [text, controlId] = messageOf(index);
          await sender.send(controlId, text, 'both');
        }
      };
      await Promise.all(Array.from({ length: inFlight }, lane));
      sender.close();
    }),
  );
}

async function searchMs({ fhir }: RunningGateway, { searchOf }: Growth, until: number): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < SEARCHES; index += 1) {
    const start = performance.now();
    await (await fetch(`${fhir}/${searchOf(Math.floor((until * index) / SEARCHES))}`)).text();
    times.push(performance.now() - start);
  }
  return percentile(
    times.sort((one, other) => one - other),
    0.95,
  );
}

async function cpuSeconds({ http }: RunningGateway): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
}
