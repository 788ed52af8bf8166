import { randomUUID } from 'node:crypto';
import { stderr, stdout } from 'node:process';
import { archiveTrail } from '../audit/archive.ts';
import { type TrailReport, verifyArchive, verifyTrail } from '../audit/verify-trail.ts';
import { readConfig } from '../config.ts';
import { readDefinitions } from '../start/definitions-file.ts';
import { textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { openStore, settingsOfStore } from '../start/open-store.ts';
import type { Store } from '../store/store.ts';

const USAGE = `chartbridge audit verify                       checks the trail of the configured database
chartbridge audit verify FILE                  checks an archive
chartbridge audit archive FILE --before DATE   moves what is older into a file
`;

/**
 * `chartbridge audit verify [FILE]`: checks the audit trail of the configured database, or an archive. 0 when it is whole, 1 when not, 2 when it
 * cannot be read. `chartbridge audit archive FILE --before DATE`: moves what is older into a file.
 */
export async function audit(words: string[]): Promise<number> {
  const config = readConfig();
  const task = taskOf(words);
  if (task === undefined || !config.ok) {
    stderr.write(config.ok ? USAGE : config.issues.map((one) => `${textOf(one)}\n`).join(''));
    return 2;
  }
  const { store, name } = await openStore(config.value.DATABASE_URL, settingsOfStore(config.value, readDefinitions()));
  try {
    return await task(store, name);
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    await store.close();
  }
}

function taskOf([command, path, option, date, ...rest]: string[]): ((store: Store, name: string) => Promise<number>) | undefined {
  if (command === 'verify' && option === undefined)
    return async (store, name) =>
      path === undefined ? print(name, await verifyTrail(store)) : print(path, await verifyArchive(store, path));
  const before = /^\d{4}-\d{2}-\d{2}$/.test(date ?? '') ? Date.parse(date as string) : Number.NaN;
  if (command !== 'archive' || path === undefined || option !== '--before' || Number.isNaN(before) || rest.length > 0) return undefined;
  return async (store) => {
    const archived = await archiveTrail(store, { path, before, now: new Date(), newId: randomUUID });
    if (archived === undefined) stdout.write('nothing is that old\n');
    else
      stdout.write(
        `${path}: links ${archived.from} to ${archived.to}, last hash ${archived.hash}, SHA-256 of the file ${archived.sha256}\n`,
      );
    return 0;
  };
}

function print(name: string, { start, links, records, events, hash, faults }: TrailReport): number {
  stdout.write(`${name}: ${records} records in ${links} links, ${events} AuditEvents\n`);
  if (start.number > 0) stdout.write(`begins after link ${start.number}, hash ${start.hash}\n`);
  for (const fault of faults) stdout.write(`FAULT ${fault}\n`);
  stdout.write(faults.length === 0 ? `whole; last hash ${hash || '(none yet)'}\n` : 'NOT WHOLE\n');
  return faults.length === 0 ? 0 : 1;
}
