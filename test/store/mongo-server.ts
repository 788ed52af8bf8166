import type { TestProject } from 'vitest/node';
import { startMongoServer } from '../../scripts/mongo-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Undefined when no server could be had: the suite is then skipped by name. */
    mongo: { url: string; name: string } | undefined;
    /** The same server without transactions. */
    standalone: string | undefined;
  }
}

/** Starts the servers of the suite once and hands down where they are; vitest calls what it returns at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startMongoServer({ log: console.error });
  const standalone = server === undefined ? undefined : await startMongoServer({ standalone: true, log: console.error });
  if (server !== undefined) console.log(`the MongoDB suite runs on ${server.name}`);
  project.provide('mongo', server === undefined ? undefined : { url: server.url, name: server.name });
  project.provide('standalone', standalone?.url);
  return async () => {
    await standalone?.stop();
    await server?.stop();
  };
}
