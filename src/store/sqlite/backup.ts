import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { SCHEMA_VERSION } from './schema.ts';

/** What is written beside a backup, and held against it before it is restored. */
export interface BackupManifest {
  readonly made: string;
  readonly schema: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Rows of the tables that hold what cannot be made anew. */
  readonly counts: Readonly<Record<string, number>>;
}

const COUNTED = ['node', 'past', 'claim', 'document', 'message', 'message_raw', 'piece'] as const;
/** All pages in one step: a step sees one state of the database, and who writes meanwhile is not waited for. */
const ALL_PAGES = 2 ** 31 - 1;

/** Where the manifest of a backup is. */
export function manifestPath(path: string): string {
  return `${path}.manifest.json`;
}

/**
 * Copies a database, which may be in use, into one file, proves the copy and writes its manifest beside it.
 *
 * Fails: throws IssueError target-not-empty, store-unavailable (there is no database), backup-invalid
 */
export async function backupDatabase(path: string, to: string, now: Date): Promise<BackupManifest> {
  if (!existsSync(path)) throw new IssueError(issue('store-unavailable', { reason: 'there is no database' }));
  refuseExisting(to, manifestPath(to));
  const part = `${to}.part`;
  await rm(part, { force: true });
  const source = new DatabaseSync(path, { readOnly: true });
  try {
    await backup(source, part, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
  const { schema, counts } = inspect(part);
  await sync(part);
  const manifest: BackupManifest = { made: now.toISOString(), schema, bytes: (await stat(part)).size, sha256: await hashOf(part), counts };
  await writeFile(manifestPath(to), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  await rename(part, to);
  await sync(dirname(to));
  return manifest;
}

/**
 * Holds a backup against its manifest: its length, its hash, SQLite's own check, its schema and the number of rows.
 *
 * Fails: throws IssueError backup-invalid, store-newer
 */
export async function verifyBackup(path: string): Promise<BackupManifest> {
  const manifest = await readManifest(path);
  const bytes = await stat(path).then(
    ({ size }) => size,
    () => -1,
  );
  if (bytes !== manifest.bytes) throw invalid(bytes < 0 ? 'the file is not there' : `it has ${bytes} bytes, not ${manifest.bytes}`);
  if ((await hashOf(path)) !== manifest.sha256) throw invalid('its hash is another');
  const found = inspect(path);
  if (found.schema > SCHEMA_VERSION) throw new IssueError(issue('store-newer', { found: found.schema, known: SCHEMA_VERSION }));
  const different = COUNTED.find((table) => found.counts[table] !== manifest.counts[table]);
  if (found.schema !== manifest.schema || different !== undefined) throw invalid('it does not hold what its manifest says');
  return manifest;
}

/**
 * Puts a proven backup where a database is to be. What is there already is never written over.
 *
 * Fails: throws IssueError backup-invalid, store-newer, target-not-empty
 */
export async function restoreDatabase(path: string, to: string): Promise<BackupManifest> {
  refuseExisting(to, `${to}-wal`, `${to}-shm`);
  const manifest = await verifyBackup(path);
  const part = `${to}.part`;
  await copyFile(path, part);
  await sync(part);
  if ((await hashOf(part)) !== manifest.sha256) throw invalid('the disk did not take it as it is');
  await rename(part, to);
  await sync(dirname(to));
  return manifest;
}

/** Opens a database alone and asks it whether it is whole. Fails: throws IssueError backup-invalid */
function inspect(path: string): Pick<BackupManifest, 'schema' | 'counts'> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // one file that needs none beside it; a backup that is so already is not written to
    if (database.prepare('PRAGMA journal_mode').get()?.['journal_mode'] !== 'delete') database.exec('PRAGMA journal_mode = DELETE');
    const answer = database.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
    if (answer !== 'ok') throw invalid('SQLite finds it damaged');
    const schema = Number(database.prepare('SELECT schema FROM chartbridge').get()?.['schema']);
    const counts: Record<string, number> = {};
    for (const table of COUNTED) counts[table] = Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
    return { schema, counts };
  } catch (error) {
    if (error instanceof IssueError) throw error;
    throw invalid('SQLite cannot read it');
  } finally {
    database?.close();
  }
}

async function readManifest(path: string): Promise<BackupManifest> {
  try {
    const manifest = JSON.parse(await readFile(manifestPath(path), 'utf8')) as BackupManifest;
    if (typeof manifest.sha256 === 'string' && typeof manifest.counts === 'object') return manifest;
  } catch {
    // said below
  }
  throw invalid('its manifest is not there or cannot be read');
}

function refuseExisting(...paths: string[]): void {
  for (const path of paths) if (existsSync(path)) throw new IssueError(issue('target-not-empty', { target: path }));
}

function invalid(reason: string): IssueError {
  return new IssueError(issue('backup-invalid', { reason }));
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** On the disk, whatever happens next. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync();
  await handle.close();
}
