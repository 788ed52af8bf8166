import { rmSync } from 'node:fs';
import { scratchFolder, startGatewayProcess } from '../test/end-to-end/gateway.ts';
import { sendMessages } from '../src/wire/mllp-client.ts';
import { oruMessage } from './corpus.ts';
import type { Figure } from './measure.ts';

const CONNECTIONS = 8;
const RESULTS = 3;
const PATIENTS = 10_000;

/**
 * Whether a gateway gets slower as its database grows: so many messages (`MESSAGES`, 100,000 where it is left out), told in ten windows.
 * What a message costs the processor says more than its time where the machine has other work.
 */
export async function flatFigures(): Promise<Figure[]> {
  const messages = Number(process.env['MESSAGES'] ?? 100_000);
  const folder = scratchFolder();
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/flat.db`, LOG_LEVEL: 'warn' });
  const cpuSeconds = async (): Promise<number> => {
    const text = await (await fetch(`${gateway.http}/metrics`)).text();
    return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
  };
  const figures: Figure[] = [];
  try {
    const size = messages / 10;
    const costs: number[] = [];
    const rates: number[] = [];
    for (let window = 0; window < 10; window += 1) {
      const cpuBefore = await cpuSeconds();
      const start = performance.now();
      const reports = await Promise.all(
        Array.from({ length: CONNECTIONS }, (_, connection) => {
          const own: Uint8Array[] = [];
          for (let index = window * size + connection; index < (window + 1) * size; index += CONNECTIONS)
            own.push(Buffer.from(oruMessage(RESULTS, index % PATIENTS, index)));
          return sendMessages(gateway.mllp.host, gateway.mllp.port, own);
        }),
      );
      const taken = reports.reduce((sum, { codes }) => sum + (codes['AA'] ?? 0), 0);
      rates.push((taken * 1000) / (performance.now() - start));
      costs.push((((await cpuSeconds()) - cpuBefore) * 1000) / taken);
      const until = (window + 1) * size;
      figures.push({
        name: `stored, ORU with ${RESULTS} OBX, messages ${(until - size).toLocaleString('en')} to ${until.toLocaleString('en')}`,
        value: rates.at(-1) ?? 0,
        unit: 'msg/s',
        note: `${costs.at(-1)?.toFixed(2)} ms of the processor each`,
      });
    }
    const longer = (values: readonly number[]) => (values.at(-1) ?? 0) / (values[1] ?? 1);
    return [
      ...figures,
      { name: 'the last window against the second, time of a message', value: 100 / longer(rates), unit: '%', target: 120 },
      { name: 'the last window against the second, processor of a message', value: 100 * longer(costs), unit: '%', target: 120 },
    ];
  } finally {
    await gateway.kill();
    rmSync(folder.path, { recursive: true, force: true });
  }
}
