import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { httpSender } from '../end-to-end/senders.ts';
import { message } from '../intake/harness.ts';
import { publish } from './figures.ts';

const MESSAGES = 1000;
const BAD = 500;
const PATIENTS = 50;
const folder = scratchFolder();
afterAll(() => folder.remove());

const of = (name: string, index: number): string =>
  message({
    id: `${name}${index}`,
    type: 'ADT^A08^ADT_A01',
    pid: index === BAD ? '1||||Nameless^Patient' : `1||${name}${index % PATIENTS}^^^HOSP^MR||Batch^Step${index}||19800101|F`,
    more: ['PV1|1|O'],
  });
const batch = (name: string): string =>
  `BHS|^~\\&|LAB|HOSP\r${Array.from({ length: MESSAGES }, (_, index) => of(name, index)).join('')}BTS|${MESSAGES}\r`;

const numbersOf = (path: string) => {
  const database = new DatabaseSync(path, { readOnly: true });
  const count = (sql: string) => Number(database.prepare(sql).get()?.['n']);
  const numbers = {
    stored: count("SELECT count(*) AS n FROM message WHERE status = 'processed'"),
    error: count("SELECT count(*) AS n FROM message WHERE status = 'error'"),
    rows: count('SELECT count(*) AS n FROM message'),
    // Each message is one version of its patient.
    versions: count("SELECT sum(version) AS n FROM node WHERE type = (SELECT type FROM type WHERE name = 'Patient')"),
  };
  database.close();
  return numbers;
};

test('a batch of 1,000 with one bad: 999 stored, one error, one answer; killed in the middle and sent again the same', {
  timeout: 300_000,
}, async () => {
  const path = `${folder.path}/batch.db`;
  const environment = { DATABASE_URL: `sqlite:${path}`, LOG_LEVEL: 'error' };
  const gateway = await startGatewayProcess(environment);
  const begun = performance.now();
  const answer = await httpSender(gateway.http).send(batch('B'));
  const tookMs = Math.round(performance.now() - begun);
  const wrong = await httpSender(gateway.http).send(`BHS|^~\\&|LAB|HOSP\r${of('W', 0)}BTS|7\r`);
  const without = await httpSender(gateway.http).send(`BHS|^~\\&|LAB|HOSP\r${of('T', 0)}`);
  await gateway.kill();
  const codes = [...answer.matchAll(/\rMSA\|(\w\w)\|B(\d+)/g)];
  const whole = numbersOf(path);

  const cut = `${folder.path}/cut.db`;
  const cutEnvironment = { ...environment, DATABASE_URL: `sqlite:${cut}` };
  const dying = await startGatewayProcess(cutEnvironment);
  const lost = httpSender(dying.http)
    .send(batch('K'))
    .then(
      () => 'answered',
      () => 'cut off',
    );
  await new Promise((wake) => setTimeout(wake, tookMs / 3));
  await dying.kill('SIGKILL');
  const first = await lost;
  const atTheKill = numbersOf(cut).rows;
  const again = await startGatewayProcess(cutEnvironment);
  const second = await httpSender(again.http).send(batch('K'));
  await again.kill();
  const after = numbersOf(cut);
  const expected = { stored: MESSAGES - 1, error: 1, rows: MESSAGES, versions: MESSAGES - 1 };
  const astray = Object.entries(expected).reduce((sum, [name, count]) => sum + Math.abs(after[name as keyof typeof after] - count), 0);

  publish('T-16 batches', {
    messages: MESSAGES,
    stored: codes.filter(([, code]) => code === 'AA').length,
    'in error': codes.filter(([, code]) => code === 'AE').length,
    'answers out of their order': codes.filter(([, , number], index) => Number(number) !== index).length,
    'batches of answers': (answer.match(/(^|\r)BHS\|/g) ?? []).length,
    'counted by its BTS': Number(/\rBTS\|(\d+)/.exec(answer)?.[1]),
    ms: tookMs,
    'a wrong count is told': Number(/\rBTS\|1\|.*7/.test(wrong)),
    'without its BTS it is answered': Number(/MSA\|AA\|T0/.test(without)),
    'in the journal when it was killed': atTheKill,
    'of the batch sent again answered': (second.match(/\rMSA\|/g) ?? []).length,
    'lost or doubled after a kill in the middle and the batch sent again': astray,
  });
  expect(whole).toMatchObject({ stored: MESSAGES - 1 + 2, error: 1 });
  expect([first, codes.length]).toEqual(['cut off', MESSAGES]);
  expect(atTheKill).toBeGreaterThan(0);
  expect(atTheKill).toBeLessThan(MESSAGES);
  expect(after).toEqual(expected);
});
