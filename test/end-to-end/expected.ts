import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { postMessage, type RunningGateway } from './gateway.ts';

const root = resolve(import.meta.dirname, '../..');

/** The project's samples, in the order of their names. Shape: adt-a01-admit */
export const sampleNames = globSync('*.hl7', { cwd: join(root, 'samples') })
  .filter((name) => !name.endsWith('.ack.hl7'))
  .map((name) => name.slice(0, -'.hl7'.length))
  .sort();

/** A file of a sample. */
export function samplePath(name: string, kind: 'hl7' | 'bundle.json' | 'ack.hl7'): string {
  return join(root, 'samples', `${name}.${kind}`);
}

/** An acknowledgment with what differs each time (its own time and control id) made the same. */
function settledAck(ack: string): string {
  return ack.replace(/^(MSH.(?:[^|]*\|){5})[^|]*(\|[^|]*\|[^|]*\|)[^|]*/, '$120260101000000.000+0000$2CB0000000000000000');
}

/** What `convert` prints of files and folders, a line a message. */
export function convertOffline(...paths: string[]): {
  source: string;
  controlId: string;
  ack: string;
  issues: { severity: string; details: { coding: { code: string }[] }; expression?: string[] }[];
  unused: string[];
  bundle?: { entry: { fullUrl: string; resource: Record<string, unknown> }[] };
}[] {
  let output: string;
  try {
    output = execFileSync(process.execPath, ['chartbridge.js', 'convert', ...paths], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  } catch (error) {
    // Exit code 1 says that a message was not AA; what was printed is still the answer.
    output = (error as { stdout: string }).stdout;
  }
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Posts a sample and gives its settled acknowledgment. */
export async function acknowledged(gateway: RunningGateway, name: string): Promise<string> {
  return settledAck((await postMessage(gateway, readFileSync(samplePath(name, 'hl7')))).ack);
}
