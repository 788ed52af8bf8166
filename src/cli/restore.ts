import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { stderr, stdout } from 'node:process';
import { restoreDatabase, verifyBackup } from '../store/sqlite/backup.ts';
import { databasePath, told } from './database-path.ts';

/** `chartbridge restore PATH [--check]`: puts a backup where the database is to be, or only proves it. */
export async function restore(words: string[]): Promise<number> {
  const [from, ...rest] = words.filter((word) => word !== '--check');
  if (from === undefined || rest.length > 0) {
    stderr.write('chartbridge restore PATH [--check]\n');
    return 2;
  }
  if (words.includes('--check')) {
    return told('restore', async () => {
      const { made } = await verifyBackup(from);
      stdout.write(`${from} of ${made} is whole\n`);
    });
  }
  const to = databasePath('restore');
  if (to === undefined) return 2;
  return told('restore', async () => {
    mkdirSync(dirname(to), { recursive: true });
    const { made, bytes } = await restoreDatabase(from, to);
    stdout.write(`${to}: the backup of ${made}, ${bytes} bytes\n`);
  });
}
