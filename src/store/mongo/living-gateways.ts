import type { MongoClient, ServerSessionId } from 'mongodb';
import type { Collections } from './collections.ts';

/** How long a gateway that says nothing is taken to live. Units: ms */
const LEASE_MS = 4_000;

/** A gateway uses a handful of sessions again and again; a new one takes the place of one that was cut. */
const MOST_SESSIONS = 50;

/** The gateways that work over one database. Whether one lives is told by the server's clock alone: their own clocks do not matter. */
export interface LivingGateways {
  /** Says that this one lives; gives all that do. */
  beat(): Promise<string[]>;
  /** To be called before a transaction is begun in a session, so that others can end it when this gateway is dead. */
  uses(session: ServerSessionId | undefined): Promise<void>;
  /** Forgets gateways that are dead, and ends the transactions they left open. */
  clear(): Promise<void>;
  /** This one lives no longer. */
  leave(): Promise<void>;
}

/** The gateways of a database, this one of them once it has said so. A store that is opened for a command never does. */
export function livingGateways(client: MongoClient, { gateways }: Collections, own: string): LivingGateways {
  const sessions = new Map<string, ServerSessionId>();
  let joined = false;

  /** The time of the server before which a gateway that was seen last is dead. */
  async function beginningOfLease(): Promise<Date> {
    const { localTime } = await client.db('admin').command({ hello: 1 });
    return new Date((localTime as Date).getTime() - LEASE_MS);
  }

  async function say(): Promise<void> {
    joined = true;
    const used = [...sessions.values()].slice(-MOST_SESSIONS);
    await gateways.updateOne({ _id: own }, { $currentDate: { seen: true }, $set: { sessions: used } }, { upsert: true });
  }

  async function clear(): Promise<void> {
    const dead = { seen: { $lt: await beginningOfLease() } };
    for (const { _id: id, sessions: left } of await gateways.find(dead, { promoteBuffers: false }).toArray()) {
      // A server that does not do so ends them when transactionLifetimeLimitSeconds are over.
      if (left.length > 0)
        await client
          .db('admin')
          .command({ killSessions: left })
          .catch(() => undefined);
      await gateways.deleteOne({ _id: id, ...dead });
    }
  }

  return {
    async beat() {
      await say();
      await clear();
      return (await gateways.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);
    },
    async uses(session) {
      const name = session?.id.toString('hex');
      if (session === undefined || name === undefined || sessions.has(name)) return;
      sessions.set(name, session);
      if (joined) await say();
    },
    clear,
    async leave() {
      if (joined) await gateways.deleteOne({ _id: own }, { timeoutMS: 2_000 }).catch(() => undefined);
    },
  };
}
