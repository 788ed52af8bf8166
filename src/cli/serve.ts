import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import process, { stderr, stdout } from 'node:process';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { readConfig } from '../config.ts';
import { textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { Gateway } from '../main.ts';
import { withPackages } from '../start/profile-files.ts';
import { takePackages } from './package-words.ts';

/** `chartbridge serve [--ig PATH]...`: runs until SIGINT or SIGTERM, then finishes what it has begun. */
export async function serve(words: string[]): Promise<number> {
  const { packages } = takePackages(words);
  const config = readConfig();
  if (!config.ok) {
    for (const item of config.issues) stderr.write(`chartbridge: ${textOf(item)}\n`);
    return 2;
  }
  if (availableParallelism() <= BUSY_THREADS) setFlagsFromString('--no-parallel-scavenge');
  let gateway: Gateway;
  try {
    gateway = await withSmallYoungGeneration(async () => (await import('../main.ts')).startGateway(withPackages(config.value, packages)));
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    for (const item of error.issues) stderr.write(`chartbridge: ${textOf(item)}\n`);
    return 1;
  }
  stdout.write(greeting(gateway));
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await gateway.close();
  return 0;
}

/**
 * The threads that have work all the time: this one and the writer's. Where no processor is left over, V8's threads that help to collect
 * what is new only take it from these two, and cost half as much again as collecting alone.
 */
const BUSY_THREADS = 2;

/** The most room for what is new: a message takes half a megabyte of it, and with more the memory rises and the work does not fall. Units: bytes */
const YOUNG_BYTES = 64 * 2 ** 20;

/**
 * Most of what a start makes stays. V8 takes that for a sign of load and makes the room for what is new some 50 MB larger, which nothing
 * gives back; where that room does not grow, what stays is moved out of it just as fast. Under load it may grow, and not for ever.
 */
async function withSmallYoungGeneration<T>(start: () => Promise<T>): Promise<T> {
  setFlagsFromString('--semi-space-growth-factor=1');
  try {
    return await start();
  } finally {
    setFlagsFromString('--semi-space-growth-factor=2');
    const observer = new PerformanceObserver(() => {
      const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
      if (young === undefined || young.space_size < YOUNG_BYTES) return;
      setFlagsFromString('--semi-space-growth-factor=1');
      observer.disconnect();
    });
    observer.observe({ entryTypes: ['gc'] });
  }
}

function greeting(gateway: Gateway): string {
  return [
    `Chartbridge is ready (${gateway.database}).`,
    `  FHIR       ${gateway.fhirBase}`,
    `  HL7 v2     ${gateway.mllp === undefined ? 'MLLP is off' : `mllp://${gateway.mllp}`} and POST ${gateway.http}/hl7v2`,
    ...[...gateway.listeners].map(([name, address]) => `  ${name.padEnd(10)} mllp://${address}`),
    `  messages   ${gateway.http}/messages`,
    ...gateway.warnings.map((warning) => `  warning    ${warning}`),
    'Try it:',
    `  curl -s -H 'Content-Type: application/hl7-v2' --data-binary @samples/adt-a01-admit.hl7 ${gateway.http}/hl7v2`,
    '',
  ].join('\n');
}
