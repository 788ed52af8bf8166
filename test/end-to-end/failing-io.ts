import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { message } from '../intake/harness.ts';
import { startGatewayProcess } from './gateway.ts';
import { httpSender, saidOf } from './senders.ts';

/** Whether system calls can be made to fail here. */
export const hasStrace = spawnSync('strace', ['-V']).status === 0;

/** One system call of the thread that writes that is made to fail. */
export interface FailurePoint {
  /** `fdatasync` is an fsync of whatever kind. */
  readonly call: 'pwrite64' | 'fdatasync';
  readonly error: 'EIO' | 'ENOSPC';
  /** Counted from the start of the thread. */
  readonly nth: number;
}

/** What became of the messages that were sent while a system call failed. */
export interface FailureReport {
  readonly point: FailurePoint;
  readonly taken: number;
  readonly refused: number;
  /** Cut off without an answer. */
  readonly unanswered: number;
  /** Whether the call came to be made, and failed, before /readyz was asked. */
  readonly failed: boolean;
  /** What /readyz said at the end. */
  readonly ready: number;
  readonly integrity: string;
  /** AA, and not there as processed with that very answer; or AR, and there. */
  readonly untrue: readonly string[];
  /** Sent again after a restart: not AA, or not exactly one row and one patient each. */
  readonly notOne: readonly string[];
}

let opened: Promise<string> | undefined;

/** A database that a gateway has opened and closed: what it does the first time is not what is tried here. */
async function openedOnce(folder: string, environment: Record<string, string>): Promise<string> {
  mkdirSync(folder);
  await (await startGatewayProcess({ ...environment, DATABASE_URL: `sqlite:${folder}/gateway.db` })).kill();
  return folder;
}

/** Sends some messages to a gateway of which one system call fails, looks at its file, starts it again, and sends them all again. */
export async function failingIo(path: string, point: FailurePoint, messages: number): Promise<FailureReport> {
  const calls = point.call === 'fdatasync' ? 'fsync,fdatasync' : point.call;
  const environment = { DATABASE_URL: `sqlite:${path}`, LOG_LEVEL: 'warn', ACK_TIMEOUT_MS: '3000', MLLP_PORT: 'off' };
  opened ??= openedOnce(join(dirname(path), 'opened'), environment);
  const from = await opened;
  for (const file of readdirSync(from)) cpSync(`${from}/${file}`, path + file.slice('gateway.db'.length), { recursive: true });
  const log = `${path}.strace`;
  const inject = `inject=${calls}:error=${point.error}:when=${point.nth}`;
  const strace = ['strace', '-f', '--seccomp-bpf', '-e', `trace=${calls}`, '-e', inject, '-P', path, '-P', `${path}-wal`, '-o', log];
  const gateway = await startGatewayProcess(environment, strace);
  const answers = new Map<string, string>();
  const sender = httpSender(gateway.http);
  const textOf = (id: string): string => message({ id, pid: `1||${id}^^^HOSP^MR||Io^${id}||19800101|F` });
  for (let number = 0; number < messages; number += 1) answers.set(`I${number}`, await sender.send(textOf(`I${number}`)));
  // What fails only now, in the quarter of a second before the end, /readyz cannot have told of.
  const failed = spawnSync('grep', ['-q', '(INJECTED)', log]).status === 0;
  let ready = (await fetch(`${gateway.http}/readyz`)).status;
  // The write that failed may be the one that /readyz makes: it is the last, and the next is done.
  for (let tries = 0; ready !== 200 && point.call === 'pwrite64' && tries < 100; tries += 1) {
    await new Promise((wake) => setTimeout(wake, 50));
    ready = (await fetch(`${gateway.http}/readyz`)).status;
  }
  spawnSync('pkill', ['-KILL', '-P', String(gateway.process.pid)]);
  await gateway.kill('SIGKILL');

  const database = new DatabaseSync(path);
  const integrity = String(database.prepare('PRAGMA integrity_check').get()?.['integrity_check']);
  const rows = new Map(
    database
      .prepare('SELECT control_id, status, ack FROM message')
      .all()
      .map((row) => [String(row['control_id']), row]),
  );
  database.close();
  const untrue = [...answers].flatMap(([id, answer]) => {
    const [code] = saidOf(answer);
    const row = rows.get(id);
    if (code === 'AA') return row?.['status'] === 'processed' && row['ack'] === answer ? [] : [id];
    return code === 'AR' && row !== undefined ? [id] : [];
  });

  const again = await startGatewayProcess(environment);
  const second = httpSender(again.http);
  const codes = new Map<string, string | undefined>();
  for (const id of answers.keys()) codes.set(id, saidOf(await second.send(textOf(id)))[0]);
  await again.kill();
  const after = new DatabaseSync(path, { readOnly: true });
  const count = (sql: string): number => Number(after.prepare(sql).get()?.['n']);
  const counts = [
    count('SELECT count(*) AS n FROM message'),
    count("SELECT count(*) AS n FROM node WHERE version = 1 AND type = (SELECT type FROM type WHERE name = 'Patient')"),
  ];
  after.close();
  const said = [...answers.values()].map((answer) => saidOf(answer)[0]);
  return {
    point,
    taken: said.filter((code) => code === 'AA').length,
    refused: said.filter((code) => code === 'AR').length,
    unanswered: said.filter((code) => code === undefined).length,
    failed,
    ready,
    integrity,
    untrue,
    notOne: [
      ...[...codes].filter(([, code]) => code !== 'AA').map(([id]) => id),
      ...(counts.every((number) => number === messages) ? [] : [`${counts.join(' and ')} of ${messages}`]),
    ],
  };
}
