import { existsSync } from 'node:fs';
import { stderr, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { readDefinitions } from '../start/definitions-file.ts';
import { issue, textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { openStore, settingsOfStore } from '../start/open-store.ts';
import { copyStore } from '../store/copy-store.ts';
import type { Store } from '../store/store.ts';
import { told } from './database-path.ts';

const USAGE = 'chartbridge migrate --from URL --to URL\n';
const EVERY = 10_000;

/** `chartbridge migrate`: copies everything one store keeps into another and compares them. Broken off, it is gone on with by the same command. */
export async function migrate(words: string[]): Promise<number> {
  const { values } = parseArgs({ args: words, options: { from: { type: 'string' }, to: { type: 'string' } } });
  const { from, to } = values;
  const config = readConfig();
  if (from === undefined || to === undefined || from === to || !config.ok) {
    stderr.write(config.ok ? USAGE : config.issues.map((item) => `chartbridge migrate: ${textOf(item)}\n`).join(''));
    return 2;
  }
  return told('migrate', async () => {
    requireThere(from);
    const settings = settingsOfStore(config.value, readDefinitions());
    const open: Store[] = [];
    try {
      const source = (await openStore(from, settings)).store;
      open.push(source);
      const target = (await openStore(to, settings)).store;
      open.push(target);
      let next = EVERY;
      const digest = await copyStore(source, target, ({ versions, messages }) => {
        if (versions + messages < next) return;
        next += EVERY;
        stderr.write(`${versions} versions, ${messages} messages\n`);
      });
      const { versions, messages, claims, documents } = digest;
      stdout.write(`${versions} versions, ${messages} messages, ${claims} claims, ${documents} documents: the same in both\n`);
    } finally {
      for (const store of open) await store.close();
    }
  });
}

/** Opening a database that is not there would make an empty one. Fails: throws IssueError setting-invalid */
function requireThere(url: string): void {
  if (url.startsWith('sqlite:') && !existsSync(url.slice('sqlite:'.length)))
    throw new IssueError(issue('setting-invalid', { setting: '--from', reason: 'there is no such database' }));
}
