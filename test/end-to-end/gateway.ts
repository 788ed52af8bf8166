import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** A gateway in a process of its own, as a user starts it, on free ports and a database of its own. */
export interface RunningGateway {
  readonly http: string;
  readonly fhir: string;
  readonly mllp: { host: string; port: number };
  readonly process: ChildProcess;
  /** Everything it has written, log and all. */
  output(): string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** A folder that is gone after the tests. */
export function scratchFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'chartbridge-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A port for a gateway whose address must stay over a restart: of this process of tests, and below those the system hands out. */
export const ownPort = (): string => String(20_000 + (process.pid % 12_000));

/** Starts the gateway, under another program where one is named, and waits until it says that it is ready. */
export async function startGatewayProcess(environment: Record<string, string>, under: readonly string[] = []): Promise<RunningGateway> {
  const [command = process.execPath, ...rest] = [...under, process.execPath, 'chartbridge.js', 'serve'] as readonly string[];
  const child = spawn(command, rest, {
    cwd: root,
    env: { ...process.env, PORT: '0', MLLP_PORT: '0', LOG_LEVEL: 'info', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit').then(() => true);
  while (!output.includes('Try it:')) {
    const gone = await Promise.race([exited, new Promise<false>((wake) => setTimeout(wake, 20, false))]);
    if (gone) throw new Error(`the gateway did not start:\n${output}`);
  }
  const http = /POST (http:\/\/[^/\s]+)\/hl7v2/.exec(output)?.[1] ?? '';
  const [, host = '', port = ''] = /mllp:\/\/(\S+):(\d+) and/.exec(output) ?? [];
  return {
    http,
    fhir: `${http}/fhir`,
    mllp: { host, port: Number(port) },
    process: child,
    output: () => output,
    async kill(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await exited;
      const leak = OF_A_PATIENT.exec(output);
      if (leak !== null) throw new Error(`the gateway wrote something of a patient: ${output.slice(leak.index - 200, leak.index + 200)}`);
    },
  };
}

/** What of a message or a resource would look like in the output of a gateway, whatever patients a suite has. */
const OF_A_PATIENT = /\bPID\||\^\^\^|\bOBX\||"resourceType"|"family"|"birthDate"/;

/** Posts a message over HTTP. */
export async function postMessage(
  gateway: RunningGateway,
  message: Uint8Array | string,
): Promise<{ status: number; ack: string; contentType: string }> {
  const response = await fetch(`${gateway.http}/hl7v2`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/hl7-v2' },
    body: Buffer.from(message),
  });
  return { status: response.status, ack: await response.text(), contentType: response.headers.get('content-type') ?? '' };
}

/** A search over FHIR, as a client does it. */
export async function searchFhir(
  gateway: RunningGateway,
  query: string,
): Promise<{ resourceType: string; id: string; [element: string]: unknown }[]> {
  const response = await fetch(`${gateway.fhir}/${query}`, { headers: { Accept: 'application/fhir+json' } });
  const bundle = (await response.json()) as { entry?: { resource: { resourceType: string; id: string }; search?: { mode?: string } }[] };
  return (bundle.entry ?? []).filter((entry) => entry.search?.mode !== 'outcome').map((entry) => entry.resource);
}
