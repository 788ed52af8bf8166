import { stderr, stdout } from 'node:process';
import { backupDatabase, manifestPath } from '../store/sqlite/backup.ts';
import { databasePath, told } from './database-path.ts';

/** `chartbridge backup PATH`: a copy of the SQLite database, which may be in use, proven, with its manifest beside it. */
export async function backup(words: string[]): Promise<number> {
  const [to, ...rest] = words;
  if (to === undefined || rest.length > 0) {
    stderr.write('chartbridge backup PATH\n');
    return 2;
  }
  const path = databasePath('backup');
  if (path === undefined) return 2;
  return told('backup', async () => {
    const { counts, bytes, sha256 } = await backupDatabase(path, to, new Date());
    const rows = Object.entries(counts).map(([table, count]) => `${count} ${table}`);
    stdout.write(`${to}: ${bytes} bytes, ${rows.join(', ')}; sha256 ${sha256}\nkeep ${manifestPath(to)} with it\n`);
  });
}
