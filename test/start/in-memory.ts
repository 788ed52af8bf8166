import { readConfig } from '../../src/config.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { type Gateway, startGateway } from '../../src/main.ts';

/** A gateway on free ports over a database in memory. */
export async function startInMemory(settings: Record<string, string>): Promise<Gateway> {
  const config = readConfig({ PORT: '0', MLLP_PORT: '0', DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'silent', ...settings });
  if (!config.ok) throw new IssueError(...config.issues);
  return startGateway(config.value);
}
