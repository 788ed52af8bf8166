import { acknowledgmentCodeOf } from '../issue/error-segment.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { MessageRow } from '../store/journal.ts';
import { charsetOfChannel, laneKeysOf } from './journal-keys.ts';
import { createLanes } from './lanes.ts';
import { type Outcome, type ProcessDependencies, processMessage } from './process.ts';
import { type Reading, readMessage } from './read.ts';
import { createRetry, type RetrySettings } from './retry.ts';
import { type MessageTrace, traceOf } from './trace.ts';

/** What messages in the journal are worked on with. */
export interface WorkDependencies extends ProcessDependencies {
  readonly retry: RetrySettings;
  /** A line for the operator about one message; no values of it. */
  readonly report: (
    row: Pick<MessageRow, 'id' | 'controlId' | 'sender' | 'messageType' | 'receivedAt'>,
    outcome: Outcome | undefined,
    error?: unknown,
  ) => void;
}

/** The messages that are waiting for their turn or being worked on. */
export interface MessageWork {
  /**
   * Brings a journalled message to its end, in its lanes; undefined when the gateway stops first. One that has ended well is not worked
   * on again unless `again` says so. Large ones are worked on one at a time: each takes ten times its bytes meanwhile.
   */
  finish(
    row: MessageRow,
    reading: Reading | undefined,
    how?: { readonly again?: boolean; readonly large?: boolean },
  ): Promise<Outcome | undefined>;
  /** The store has just kept something: what waits for it need not wait long. */
  storeWorks(): void;
  /** Takes up what was received and not finished before the last stop, in the order of arrival; how many there were. */
  resume(): Promise<number>;
  /** Messages that wait or are being worked on. */
  readonly depth: number;
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
  /** Begins nothing more and waits for no retry: what is not finished stays in the journal for the next start. */
  stop(): void;
}

/** With more waiting than this, a message is read again from the journal when its turn comes, so that a backlog does not fill the memory. */
const MOST_KEPT_READ = 512;

/** A message that was under way at so many stops in a row may be what stopped the gateway. */
const MOST_STARTS = 5;

/** The one place where messages are worked on: a message twice at one time is one work. */
export function createMessageWork(deps: WorkDependencies): MessageWork {
  const lanes = createLanes();
  const retry = createRetry(deps.retry);
  const atWork = new Map<string, Promise<Outcome | undefined>>();
  let stopped = false;

  function finish(
    row: MessageRow,
    reading: Reading | undefined,
    how: { again?: boolean; large?: boolean } = {},
  ): Promise<Outcome | undefined> {
    const running = atWork.get(row.id);
    if (running !== undefined) return running;
    const { id, controlId, sender, messageType, receivedAt } = row;
    const kept = lanes.depth < MOST_KEPT_READ ? reading : undefined;
    const keys = [...laneKeysOf(row.keys, row.channel), ...(how.large === true ? ['large'] : [])];
    const task = lanes
      .run(keys, async () => (stopped ? undefined : retry(() => attempt(id, kept, how.again === true))))
      .then(
        (outcome) => {
          if (outcome !== undefined) deps.report({ id, controlId, sender, messageType, receivedAt }, outcome);
          return outcome;
        },
        (error: unknown) => {
          deps.report({ id, controlId, sender, messageType, receivedAt }, undefined, error);
          return undefined;
        },
      )
      .finally(() => atWork.delete(id));
    atWork.set(id, task);
    return task;
  }

  async function attempt(id: string, known: Reading | undefined, again: boolean): Promise<Outcome> {
    const row = await deps.store.journal.get(id);
    if (row === undefined) throw new IssueError(issue('message-not-found'));
    if (!again && hasEnded(row)) return outcomeOf(row);
    const reading = known ?? (await readAgain(row));
    try {
      return await processMessage(row, reading, deps);
    } catch (error) {
      if (error instanceof IssueError) throw error;
      deps.report(row, undefined, error);
      return endInError(row, reading, issue('internal', { reference: row.id }));
    }
  }

  async function readAgain(row: MessageRow): Promise<Reading> {
    return readMessage((await deps.store.journal.raw(row.id)) ?? new Uint8Array(), charsetOfChannel(row.channel), (header) =>
      deps.translator().defaultCharset(header),
    );
  }

  /** Not the message's fault: it keeps its place in the journal as an error, its sender learns that it is not to blame, and its lane goes on. */
  async function endInError(row: MessageRow, reading: Reading, cause: Issue): Promise<Outcome> {
    const issues = [...reading.issues, cause];
    const outcome: Outcome = {
      code: 'AR',
      ack: deps.acknowledge(reading.header, 'AR', issues),
      issues,
      trace: traceOf(reading, undefined, undefined, 'AR'),
    };
    await deps.store.commit({
      messages: [
        {
          id: row.id,
          from: [row.status],
          status: 'error',
          processedAt: deps.now().getTime(),
          attempts: row.attempts + 1,
          ack: outcome.ack,
          issues: JSON.stringify(issues),
          trace: JSON.stringify(outcome.trace),
        },
      ],
    });
    return outcome;
  }

  /** Counted before they are tried: a message that takes the process down with it must not do so for ever. */
  async function countStart(rows: readonly MessageRow[]): Promise<void> {
    await deps.store.commit({
      messages: rows.map(({ id, status, attempts }) => ({ id, from: [status], status: 'queued' as const, attempts: attempts + 1 })),
    });
  }

  return {
    finish,
    storeWorks: () => retry.hasten(),
    async resume() {
      let after = 0;
      let count = 0;
      for (;;) {
        const rows = await deps.store.journal.pending(after, 500);
        const last = rows.at(-1);
        if (last === undefined) return count;
        for (const row of rows.filter(({ attempts }) => attempts >= MOST_STARTS)) {
          await endInError(row, await readAgain(row), issue('message-abandoned', { count: row.attempts }));
        }
        const taken = rows.filter(({ attempts }) => attempts < MOST_STARTS);
        await countStart(taken);
        for (const row of taken) void finish(row, undefined);
        count += taken.length;
        after = last.seq;
      }
    },
    get depth() {
      return lanes.depth;
    },
    idle: () => lanes.idle(),
    stop() {
      stopped = true;
      retry.stop();
    },
  };
}

/** Whether the same bytes again get the stored answer. */
export function hasEnded(row: MessageRow): row is MessageRow & { ack: string } {
  return (row.status === 'processed' || row.status === 'filtered') && row.ack !== undefined;
}

/** MSA-1 of the stored answer: a message that was discarded keeps the one it failed with. */
export function codeOf(row: MessageRow): Outcome['code'] {
  return acknowledgmentCodeOf(JSON.parse(row.issues ?? '[]') as Issue[]);
}

function outcomeOf(row: MessageRow & { ack: string }): Outcome {
  return {
    code: codeOf(row),
    ack: row.ack,
    issues: JSON.parse(row.issues ?? '[]') as Issue[],
    trace: JSON.parse(row.trace ?? '{}') as MessageTrace,
  };
}
