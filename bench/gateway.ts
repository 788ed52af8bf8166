import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync, statSync } from 'node:fs';
import autocannon from 'autocannon';
import { scratchFolder, startGatewayProcess } from '../test/end-to-end/gateway.ts';
import { sendMessages } from '../src/wire/mllp-client.ts';
import { oruMessage } from './corpus.ts';
import { type Figure, percentile } from './measure.ts';

const MESSAGES = 1200;
const CONNECTIONS = 8;
const RESULTS = 12;
/** Sent before the clock starts: what is measured is a gateway that has been running, not its code being compiled. */
const WARMING = 800;

/** The whole way in and out: a gateway in its own process, the load on the other core. */
export async function gatewayFigures(): Promise<Figure[]> {
  const folder = scratchFolder();
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/bench.db`, LOG_LEVEL: 'warn' });
  try {
    await mllpToStored(gateway.mllp, WARMING, 100_000);
    const stored = await mllpToStored(gateway.mllp, MESSAGES, 0);
    const bytes = statSync(`${folder.path}/bench.db`).size;
    const patient = await firstId(`${gateway.fhir}/Patient?_count=1`);
    const observation = await firstId(`${gateway.fhir}/Observation?_count=1`);
    const body = await (await fetch(`${gateway.fhir}/Observation/${observation}`)).text();
    const raw = await rawHttp(body);
    const read = await load(`${gateway.fhir}/Observation/${observation}`);
    const search = await load(`${gateway.fhir}/Observation?patient=${patient}&code=http://loinc.org|2001-1`);
    return [
      {
        name: `MLLP to stored, ORU with ${RESULTS} OBX, ${CONNECTIONS} connections`,
        value: stored.perSecond,
        unit: 'msg/s',
        target: 300,
        note: `p50 ${percentile(stored.timesMs, 0.5).toFixed(0)} ms, p99 ${percentile(stored.timesMs, 0.99).toFixed(0)} ms`,
      },
      { name: 'disk a message, all resources and indexes', value: bytes / (MESSAGES + WARMING) / 1024, unit: 'KB' },
      { name: 'node:http, the same bytes', value: raw.perSecond, unit: 'req/s' },
      {
        name: 'read by id',
        value: read.perSecond,
        unit: 'req/s',
        target: 3000,
        ratioTo: `${(read.perSecond / raw.perSecond).toFixed(2)} of node:http`,
        note: `p99 ${read.p99} ms`,
      },
      {
        name: 'search Observation by patient and code',
        value: search.perSecond,
        unit: 'req/s',
        target: 1000,
        ratioTo: `${(search.perSecond / raw.perSecond).toFixed(2)} of node:http`,
        note: `p99 ${search.p99} ms`,
      },
    ];
  } finally {
    await gateway.kill();
    rmSync(folder.path, { recursive: true, force: true });
  }
}

async function mllpToStored({ host, port }: { host: string; port: number }, messages: number, firstPatient: number) {
  const share = Array.from({ length: CONNECTIONS }, (_, connection) =>
    Array.from({ length: messages / CONNECTIONS }, (_unused, index) =>
      Buffer.from(oruMessage(RESULTS, firstPatient + connection * 1000 + (index % 200), index)),
    ),
  );
  const start = performance.now();
  const reports = await Promise.all(share.map((messages) => sendMessages(host, port, messages)));
  const seconds = (performance.now() - start) / 1000;
  const sent = reports.flatMap((report) => report.sent);
  const refused = sent.filter(({ code }) => code !== 'AA');
  if (refused.length > 0)
    console.error(`${refused.length} of ${sent.length} messages were not taken; the first: ${JSON.stringify(refused[0])}`);
  return { perSecond: (sent.length - refused.length) / seconds, timesMs: sent.map(({ tookMs }) => tookMs).sort((a, b) => a - b) };
}

async function firstId(url: string): Promise<string> {
  const bundle = (await (await fetch(url)).json()) as { entry: { resource: { id: string } }[] };
  return bundle.entry[0]?.resource.id ?? '';
}

async function load(url: string): Promise<{ perSecond: number; p99: number }> {
  await autocannon({ url, connections: 16, duration: 2 });
  const result = await autocannon({ url, connections: 16, duration: 6 });
  if (result.non2xx > 0) console.error(`${result.non2xx} answers of ${url} were not 2xx`);
  return { perSecond: result.requests.average, p99: result.latency.p99 };
}

async function rawHttp(body: string) {
  const server = createServer((_request, response) => response.writeHead(200, { 'Content-Type': 'application/fhir+json' }).end(body));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const result = await load(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  server.close();
  return result;
}
