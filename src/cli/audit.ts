import { stderr, stdout } from 'node:process';
import { verifyTrail } from '../audit/verify-trail.ts';
import { readConfig } from '../config.ts';
import { readDefinitions } from '../definitions-file.ts';
import { textOf } from '../issue/issue.ts';
import { openStore, settingsOfStore } from '../open-store.ts';

const USAGE = 'chartbridge audit verify\n';

/** `chartbridge audit verify`: checks the audit trail of the configured database. 0 when it is whole, 1 when not, 2 when it cannot be read. */
export async function audit(words: string[]): Promise<number> {
  const config = readConfig();
  if (words.length !== 1 || words[0] !== 'verify' || !config.ok) {
    stderr.write(config.ok ? USAGE : config.issues.map((one) => `${textOf(one)}\n`).join(''));
    return 2;
  }
  const { store, name } = await openStore(config.value.DATABASE_URL, settingsOfStore(config.value, readDefinitions()));
  try {
    const { links, records, events, hash, faults } = await verifyTrail(store);
    stdout.write(`${name}: ${records} records in ${links} links, ${events} AuditEvents\n`);
    for (const fault of faults) stdout.write(`FAULT ${fault}\n`);
    stdout.write(faults.length === 0 ? `whole; last hash ${hash || '(none yet)'}\n` : 'NOT WHOLE\n');
    return faults.length === 0 ? 0 : 1;
  } finally {
    await store.close();
  }
}
