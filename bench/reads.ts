import { rmSync } from 'node:fs';
import autocannon from 'autocannon';
import { sendMessages } from '../src/wire/mllp-client.ts';
import { type RunningGateway, scratchFolder, startGatewayProcess } from '../test/end-to-end/gateway.ts';
import { oruMessage } from './corpus.ts';
import { atRate, RATE } from './intake.ts';
import { type Figure, percentile } from './measure.ts';

/** Of twelve results each: 100,800 Observations, and what goes with them. */
const MESSAGES = 8_400;
const CONNECTIONS = 50;
const SECONDS = 10;

/** What readers wait over 100,000 resources, fifty of them at once, while a hundred messages a second arrive; and what their senders wait. */
export async function readFigures(): Promise<Figure[]> {
  const folder = scratchFolder();
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/reads.db`, LOG_LEVEL: 'warn' });
  try {
    await Promise.all(
      Array.from({ length: 8 }, (_, connection) => {
        const own = Array.from({ length: MESSAGES / 8 }, (_unused, index) =>
          Buffer.from(oruMessage(12, connection * 1000 + (index % 200), index)),
        );
        return sendMessages(gateway.mllp.host, gateway.mllp.port, own);
      }),
    );
    const [, patient = ''] = await firstOf(gateway, 'Patient');
    const [observations, observation = ''] = await firstOf(gateway, 'Observation');
    const asked = [
      ['read by id', `Observation/${observation}`],
      ['search Observation by patient and code', `Observation?patient=${patient}&code=http://loinc.org|2001-1`],
      ['search with _include', `Observation?patient=${patient}&_include=Observation:subject&_count=20`],
    ] as const;
    const figures: Figure[] = [
      { name: 'resources', value: observations, unit: '', note: 'Observations; with all else half as many again' },
    ];
    const accepted: number[] = [];
    for (const [name, path] of asked) {
      const arriving = atRate(gateway, SECONDS, name);
      const result = await autocannon({ url: `${gateway.fhir}/${path}`, connections: CONNECTIONS, duration: SECONDS });
      accepted.push(...(await arriving).map(({ acceptMs }) => acceptMs));
      if (result.non2xx > 0) console.error(`${result.non2xx} answers of ${path} were not 2xx`);
      const note = `${Math.round(result.requests.average)} req/s by ${CONNECTIONS} readers`;
      figures.push({ name: `${name}, p99`, value: result.latency.p99, unit: 'ms', note, target: name === 'read by id' ? 50 : 200 });
    }
    accepted.sort((one, other) => one - other);
    return [...figures, { name: `accepted meanwhile, p99 at ${RATE} msg/s`, value: percentile(accepted, 0.99), unit: 'ms' }];
  } finally {
    await gateway.kill();
    rmSync(folder.path, { recursive: true, force: true });
  }
}

/** How many there are of a type, and the id of one. */
async function firstOf({ fhir }: RunningGateway, type: string): Promise<readonly [number, string | undefined]> {
  const bundle = (await (await fetch(`${fhir}/${type}?_count=1&_total=accurate`)).json()) as {
    total: number;
    entry: { resource: { id: string } }[];
  };
  return [bundle.total, bundle.entry[0]?.resource.id];
}
