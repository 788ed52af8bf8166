import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { message } from '../intake/harness.ts';
import { scratchFolder, startGatewayProcess } from './gateway.ts';
import { mllpSender } from './senders.ts';
import { publish } from '../long/figures.ts';

const MESSAGES = 100;
const folder = scratchFolder();
afterAll(() => folder.remove());
const hasStrace = spawnSync('strace', ['-V']).status === 0;

/** Sends messages, half of them content with an accept acknowledgment, to a gateway whose system calls are written down. */
async function traced(database: string, name: string): Promise<string> {
  const log = `${folder.path}/${name}.strace`;
  const calls = 'trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync';
  const strace = ['strace', '-f', '--seccomp-bpf', '-y', '-s', '400', '-e', calls, '-o', log];
  const gateway = await startGatewayProcess({ DATABASE_URL: database, LOG_LEVEL: 'warn' }, strace);
  const sender = await mllpSender(gateway.mllp.host, gateway.mllp.port);
  for (let number = 0; number < MESSAGES; number += 1) {
    const accept = number % 2 === 0 ? {} : { accept: 'AL', application: 'NE' };
    await sender.send(message({ id: `${name}${number}`, pid: `1||${number}^^^HOSP^MR||Sample^Ann||19800101|F`, ...accept }));
  }
  sender.close();
  // strace hands the signal on to what it runs.
  spawnSync('pkill', ['-TERM', '-P', String(gateway.process.pid)]);
  await gateway.kill();
  return readFileSync(log, 'utf8');
}

/** For each acknowledgment: how often the write-ahead log was flushed to the disk after its message was read and before it was written. */
function flushesBeforeAnswers(log: string): { code: string; flushes: number }[] {
  const found: { code: string; flushes: number }[] = [];
  const begun = new Set<string>();
  let flushes = 0;
  for (const line of log.split('\n')) {
    const thread = line.slice(0, line.indexOf(' '));
    if (/\b(fsync|fdatasync)\(.*-wal>/.test(line)) {
      if (line.includes('unfinished')) begun.add(thread);
      else if (line.endsWith('= 0')) flushes += 1;
    } else if (/<\.\.\. (fsync|fdatasync) resumed>/.test(line) && begun.delete(thread) && line.endsWith('= 0')) flushes += 1;
    else if (/MSH\|.*\|\|(ADT|ORU)\^/.test(line) && /\b(read|recvfrom|readv|recvmsg)\b/.test(line)) flushes = 0;
    const code = /\b(?:write|writev|sendto|sendmsg)\(.*MSA\|([AC][AER])\|/.exec(line)?.[1];
    if (code !== undefined) found.push({ code, flushes });
  }
  return found;
}

describe.skipIf(!hasStrace)('the order of reading, flushing and answering (needs strace)', () => {
  test('no answer before the disk has what it promises: on a fresh database and on one opened again', async () => {
    const figures: Record<string, number> = {};
    for (const name of ['F', 'R']) {
      const answers = flushesBeforeAnswers(await traced(`sqlite:${folder.path}/flush.db`, name));
      // An accept acknowledgment promises the journal; an application acknowledgment the resources as well.
      const early = answers.filter(({ code, flushes }) => flushes < (code === 'CA' ? 1 : 2));
      const where = name === 'F' ? 'a fresh database' : 'a database opened again';
      figures[`answers over ${where}`] = answers.length;
      figures[`of them before what they promise was flushed, ${where}`] = early.length;
      expect(answers).toHaveLength(MESSAGES);
      expect(early).toEqual([]);
      expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['AA', 'CA']));
    }
    publish('T-02 order of flush and answer', figures);
  });

  test('a gateway that keeps nothing is found out by the same measure', async () => {
    const answers = flushesBeforeAnswers(await traced('sqlite::memory:', 'N'));
    expect(answers).toHaveLength(MESSAGES);
    const early = answers.filter(({ flushes }) => flushes === 0);
    publish('T-02 order of flush and answer, the control', { answers: MESSAGES, 'found out to be before a flush': early.length });
    expect(early).toHaveLength(MESSAGES);
  });
});
