import type { Store, StoreSettings } from '../store.ts';
import { addCompositeFunction } from './composite.ts';
import { IN_MEMORY, openReading, openWriting } from './connection.ts';
import { errorOf, faultOf } from './database-error.ts';
import type { SearchSettings } from './search.ts';
import { SqliteStore } from './sqlite-store.ts';
import { Statements } from './statements.ts';
import { addTimeLimit } from './time-limit.ts';
import { WriteInPlace } from './write-in-place.ts';
import { WriteThread } from './write-thread.ts';
import { Writer } from './writer.ts';

/** The settings of the store, and where its file is. */
export interface SqliteSettings extends StoreSettings, SearchSettings {
  /** A file, made when it is not there; `:memory:` for a database that is gone when it is closed. */
  readonly path: string;
}

/**
 * Opens the store over a SQLite file, or in memory.
 *
 * A file is written by a thread of its own, so that an fsync stops nobody else, and read by this one. In memory there is no fsync to wait for:
 * one connection, here, does both.
 *
 * Fails: throws IssueError store-newer (a newer Chartbridge wrote it), store-in-use, store-busy, store-unavailable
 */
export async function openSqliteStore(settings: SqliteSettings): Promise<Store> {
  if (settings.path === IN_MEMORY) {
    const statements = new Statements(openWriting(IN_MEMORY));
    addCompositeFunction(statements.database);
    addTimeLimit(statements.database);
    return new SqliteStore(settings, statements, new WriteInPlace(new Writer(statements)));
  }
  const thread = await WriteThread.open(settings.path, settings.alone === true);
  try {
    const statements = new Statements(openReading(settings.path));
    addCompositeFunction(statements.database);
    addTimeLimit(statements.database);
    return new SqliteStore(settings, statements, thread);
  } catch (error) {
    await thread.close();
    throw errorOf(faultOf(error));
  }
}
