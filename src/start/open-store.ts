import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import { compileCompartments } from '../fhir/compartments.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { compileExtractor } from '../fhir/index-extraction.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { hostAndPort } from '../secure/host-and-port.ts';
import type { Store, StoreSettings } from '../store/store.ts';

/**
 * The store at an address. A folder that is not there is made.
 *
 * Shape: sqlite:data/chartbridge.db, sqlite::memory:, mongodb://db1,db2,db3/chartbridge
 * Fails: throws IssueError setting-invalid, store-unavailable, store-newer, store-in-use
 */
export async function openStore(url: string, settings: StoreSettings): Promise<{ store: Store; name: string }> {
  if (/^mongodb(\+srv)?:/.test(url)) {
    const { openMongoStore } = await import('../store/mongo/open-mongo-store.ts');
    return { store: await openMongoStore({ ...settings, url }), name: 'MongoDB' };
  }
  if (!url.startsWith('sqlite:'))
    throw new IssueError(issue('setting-invalid', { setting: 'DATABASE_URL', reason: 'it must begin with sqlite: or mongodb:' }));
  const { openSqliteStore } = await import('../store/sqlite/open.ts');
  const path = url.slice('sqlite:'.length);
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  return {
    store: await openSqliteStore({ ...settings, path }),
    name: path === ':memory:' ? 'SQLite in memory: everything is lost at the end' : `SQLite in ${path}`,
  };
}

/** What the configured store is opened with: what a resource can be found by, and whose compartment it is in. */
export function settingsOfStore(config: Config, definitions: Definitions): StoreSettings {
  return {
    extract: compileExtractor(definitions, baseUrlOf(config)),
    now: Date.now,
    compartmentParameters: compileCompartments(definitions),
  };
}

/** Without a stated address, a gateway on a free port does not know its own before it listens: references by it are kept as they are. */
export function baseUrlOf({ BASE_URL, HOST, PORT, TLS_CERT }: Config): { baseUrl?: string } {
  if (BASE_URL !== '') return { baseUrl: BASE_URL };
  return PORT === 0 ? {} : { baseUrl: `${TLS_CERT === '' ? 'http' : 'https'}://${hostAndPort(HOST, PORT)}/fhir` };
}
