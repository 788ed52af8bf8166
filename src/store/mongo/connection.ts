import type { Db, MongoClient } from 'mongodb';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';

/** The database of a URL that names none. */
const DEFAULT_DATABASE = 'chartbridge';

/** A connection to a server that can keep our promises, and its database. */
export interface Connection {
  readonly client: MongoClient;
  readonly db: Db;
}

/**
 * Connects, whatever the URL says about reading and writing: reads are of what a majority has, at the primary; writes are on a majority's
 * disks. The driver is loaded here, so that who uses SQLite does not wait for it.
 *
 * Fails: setting-invalid, thrown (the URL is none; the server has no transactions); store-unavailable, thrown (nobody answers)
 */
export async function connect(url: string, serverSelectionMs: number): Promise<Connection> {
  const { MongoClient } = await import('mongodb');
  let client: MongoClient;
  try {
    client = new MongoClient(url, {
      serverSelectionTimeoutMS: serverSelectionMs,
      readPreference: 'primary',
      readConcern: { level: 'majority' },
      writeConcern: { w: 'majority', journal: true },
      retryWrites: true,
      promoteBuffers: true,
      appName: 'chartbridge',
    });
  } catch (error) {
    throw unusable(error instanceof Error ? `the URL cannot be read (${error.name})` : 'the URL cannot be read');
  }
  try {
    await client.connect();
    const hello = await client.db('admin').command({ hello: 1 });
    const replicated = typeof hello['setName'] === 'string' || hello['msg'] === 'isdbgrid';
    if (!replicated || typeof hello['logicalSessionTimeoutMinutes'] !== 'number')
      throw unusable(
        'the server has no transactions: it is neither a replica set nor a sharded cluster. A replica set of one member will do',
      );
    return { client, db: client.db(databaseOf(client, url)) };
  } catch (error) {
    await client.close();
    if (error instanceof IssueError) throw error;
    throw new IssueError(issue('store-unavailable', { reason: error instanceof Error ? error.name : 'no answer' }));
  }
}

/** The database named in the URL, else our own name; the driver's default would be `test`. */
function databaseOf(client: MongoClient, url: string): string {
  const named = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(url)?.[1];
  return named === undefined ? (client.options.dbName === 'test' ? DEFAULT_DATABASE : client.options.dbName) : decodeURIComponent(named);
}

function unusable(reason: string): IssueError {
  return new IssueError(issue('setting-invalid', { setting: 'DATABASE_URL', reason }));
}
