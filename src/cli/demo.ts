import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process, { stderr, stdout } from 'node:process';
import { readConfig } from '../config.ts';
import { headerOfBytes } from '../hl7v2/decode-message.ts';
import { type Gateway, startGateway } from '../main.ts';
import { sendMessages } from '../wire/mllp-client.ts';
import { type FileMessage, messagesOf } from './message-files.ts';

const SAMPLES = join(import.meta.dirname, '..', '..', 'samples');

/** `chartbridge demo [--exit]`: a gateway on a scratch database, the samples over MLLP and HTTP by turns, and where to look. With --exit it ends by itself. */
export async function demo(words: string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'chartbridge-demo-'));
  const leave = words.includes('--exit');
  const config = readConfig({
    PORT: leave ? '0' : '8080',
    MLLP_PORT: leave ? '0' : '2575',
    DATABASE_URL: `sqlite:${join(folder, 'demo.db')}`,
    LOG_LEVEL: 'error',
  });
  if (!config.ok) return 2;
  const gateway = await startGateway(config.value);
  try {
    const failures = await play(gateway);
    stdout.write(await whereToLook(gateway));
    if (!leave) {
      stdout.write('\nRunning until Ctrl-C; the database goes with it.\n');
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    }
    return failures === 0 ? 0 : 1;
  } finally {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function play(gateway: Gateway): Promise<number> {
  let failures = 0;
  let index = 0;
  for await (const message of messagesOf([SAMPLES])) {
    const over = index++ % 2 === 0 ? 'MLLP' : 'HTTP';
    const code = over === 'MLLP' ? await overMllp(gateway, message) : await overHttp(gateway, message);
    const resources = await resourcesOf(gateway, message);
    if (code !== 'AA') failures += 1;
    stdout.write(`${code.padEnd(3)} ${over}  ${relative(SAMPLES, message.source).padEnd(34)} ${resources}\n`);
  }
  if (index === 0) stderr.write(`chartbridge demo: there are no samples in ${SAMPLES}\n`);
  return failures;
}

async function overMllp(gateway: Gateway, { raw }: FileMessage): Promise<string> {
  const { hostname, port } = new URL(`mllp://${gateway.mllp}`);
  const report = await sendMessages(hostname.replace(/^\[|\]$/g, ''), Number(port), [raw]);
  return report.sent[0]?.code ?? report.sent[0]?.failure ?? '';
}

async function overHttp(gateway: Gateway, { raw }: FileMessage): Promise<string> {
  const response = await fetch(`${gateway.http}/hl7v2`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/hl7-v2' },
    body: Buffer.from(raw),
  });
  return /^MSA.(\w\w)/m.exec((await response.text()).replaceAll('\r', '\n'))?.[1] ?? String(response.status);
}

/** What a message became, as its trace tells. Shape: Patient created, Encounter updated, 3 Observation created */
async function resourcesOf(gateway: Gateway, { raw }: FileMessage): Promise<string> {
  const found = await getJson<{ messages: { trace: string }[] }>(
    `${gateway.http}/messages?control-id=${encodeURIComponent(headerOfBytes(raw).controlId)}`,
  );
  const [message] = found.messages;
  if (message === undefined) return 'not in the journal';
  const trace = await getJson<{ resources?: { reference: string; action: string }[] }>(`${gateway.http}${message.trace}`);
  const counts = new Map<string, number>();
  for (const { reference, action } of trace.resources ?? []) {
    const what = `${reference.split('/')[0]} ${action}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => (count === 1 ? what : `${count} ${what}`)).join(', ');
}

async function whereToLook(gateway: Gateway): Promise<string> {
  const lines = await Promise.all(
    ['Patient', 'Encounter', 'Observation', 'DiagnosticReport'].map(async (type) => {
      const bundle = await getJson<{ total?: number; entry?: { resource: { id: string } }[] }>(
        `${gateway.fhirBase}/${type}?_count=1&_total=accurate`,
      );
      return `  ${String(bundle.total ?? 0).padStart(4)} ${type.padEnd(17)} ${gateway.fhirBase}/${type}${bundle.entry?.[0] === undefined ? '' : `/${bundle.entry[0].resource.id}`}`;
    }),
  );
  return `\nWhat they became:\n${lines.join('\n')}\nMessages and why they became that: ${gateway.http}/messages\n`;
}

async function getJson<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}
