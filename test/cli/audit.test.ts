import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOf, type Link } from '../../src/audit/chain.ts';
import { LINKS } from '../../src/audit/kept-trail.ts';
import { readConfig } from '../../src/config.ts';
import { readDefinitions } from '../../src/start/definitions-file.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { startGateway } from '../../src/main.ts';
import { openStore, settingsOfStore } from '../../src/start/open-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-audit-'));
const environment = {
  PORT: '0',
  MLLP_PORT: 'off',
  LOG_LEVEL: 'silent',
  DATABASE_URL: `sqlite:${folder}/a.db`,
  EXPORT_DIR: `${folder}/exports`,
};
const config = readConfig(environment);
if (!config.ok) throw new IssueError(...config.issues);

beforeAll(async () => {
  const gateway = await startGateway(config.value);
  for (let turn = 0; turn < 3; turn += 1) await fetch(`${gateway.fhirBase}/Patient?family=x`);
  await gateway.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...words: string[]) => {
  const cli = resolve(import.meta.dirname, '../../chartbridge.js');
  const { status, stdout } = spawnSync(process.execPath, [cli, 'audit', ...words], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  return { status, stdout };
};

test('a whole trail is 0, one that was changed is 1, anything else is 2', async () => {
  expect(run().status).toBe(2);
  const whole = run('verify');
  expect([whole.status, whole.stdout.includes('3 records')]).toEqual([0, true]);
  const { store } = await openStore(environment.DATABASE_URL, settingsOfStore(config.value, readDefinitions()));
  const [text = ''] = await store.documents([{ kind: LINKS, key: keyOf(1) }]);
  const link = JSON.parse(text) as Link;
  const records = link.records.map((one) => ({ ...one, peer: '192.0.2.1' }));
  await store.commit({ documents: [{ kind: LINKS, key: keyOf(1), json: JSON.stringify({ ...link, records }) }] });
  await store.close();
  const changed = run('verify');
  expect([changed.status, changed.stdout.includes('FAULT link 1')]).toEqual([1, true]);
});

test('archiving says what went where, and an archive is verified by itself', () => {
  expect(run('archive', `${folder}/a.ndjson`).status).toBe(2);
  expect(run('archive', `${folder}/a.ndjson`, '--before', '2019-01-01')).toEqual({ status: 0, stdout: 'nothing is that old\n' });
  expect(run('verify', `${folder}/none.ndjson`).status).toBe(1);
});
