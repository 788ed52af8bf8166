import { acknowledgmentCodeOf } from '../issue/error-segment.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { MessageRow } from '../store/journal.ts';
import { laneKeysOf } from '../store/lane-keys.ts';
import { charsetOfChannel, senderOf } from './journal-keys.ts';
import { createLanes } from './lanes.ts';
import { COUNTED, type Outcome, type ProcessDependencies, processMessage } from './process.ts';
import { type Reading, readMessage } from './read.ts';
import { createRetry, type RetrySettings } from './retry.ts';
import { createTakenUp, isAbandoned, MOST_STARTS } from './taken-up.ts';
import { type MessageTrace, traceOf } from './trace.ts';
import { createTurns } from './turns.ts';

/** What messages in the journal are worked on with. */
export interface WorkDependencies extends ProcessDependencies {
  readonly retry: RetrySettings;
  /** A line for the operator about one message; no values of it. */
  readonly report: (
    row: Pick<MessageRow, 'id' | 'controlId' | 'sender' | 'messageType' | 'receivedAt'> & { readonly channel?: string },
    outcome: Outcome | undefined,
    error?: unknown,
  ) => void;
}

/** The messages that are waiting for their turn or being worked on. */
export interface MessageWork {
  /**
   * Brings a journalled message to its end, in its lanes; undefined when the gateway stops first. One that has ended well is not worked
   * on again unless `again` says so.
   */
  finish(row: MessageRow, reading: Reading | undefined, how?: { readonly again?: boolean }): Promise<Outcome | undefined>;
  /** The store has just kept something: what waits for it need not wait long. */
  storeWorks(): void;
  /**
   * Takes up what was received and not finished before the last stop, in the order of arrival; how many there were. From then on also what
   * another gateway over the same journal leaves when it ends.
   */
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

/** How often a message that waits for another gateway looks for its end. Units: ms */
const LOOK_AGAIN_MS = 100;

/** The most messages that are taken up in one step. */
const MOST_TAKEN = 500;

/** The one place where messages are worked on: a message twice at one time is one work. */
export function createMessageWork(deps: WorkDependencies): MessageWork {
  const lanes = createLanes();
  const nextTurn = createTurns();
  const retry = createRetry(deps.retry);
  const takenUp = createTakenUp(deps.store);
  const atWork = new Map<string, Promise<Outcome | undefined>>();
  const attempts = new Map<string, Promise<Outcome | undefined>>();
  const { sharing } = deps.store.journal;
  let takingOver: NodeJS.Timeout | undefined;
  let lastTaken: Promise<unknown> = Promise.resolve();
  let stopped = false;

  function finish(row: MessageRow, reading: Reading | undefined, how: { again?: boolean } = {}): Promise<Outcome | undefined> {
    const running = atWork.get(row.id);
    if (running !== undefined) return running;
    const { id, controlId, sender, messageType, receivedAt } = row;
    const kept = lanes.depth < MOST_KEPT_READ ? reading : undefined;
    const keys = [...laneKeysOf(row), ...takenUp.lanesOf(id)];
    // It is as it has just been kept, where nobody else works on it; what is applied says so again.
    const fresh = sharing === undefined && kept !== undefined && row.status === 'received' && how.again !== true ? row : undefined;
    const task = lanes
      .run(keys, async () => {
        await (reading?.large === true ? deps.giveWay() : nextTurn());
        let outcome: Outcome | undefined;
        try {
          outcome = stopped ? undefined : await retry(() => attempt(id, kept, how.again === true, fresh));
        } finally {
          await takenUp.outlived(id, outcome !== undefined);
        }
        return outcome;
      })
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

  /** One attempt for all who wait for it: what was taken over may be worked on before its turn in the lanes comes. */
  function attempt(id: string, known: Reading | undefined, again: boolean, fresh?: MessageRow): Promise<Outcome | undefined> {
    const running = attempts.get(id);
    if (running !== undefined) return running;
    const task = tryOut(id, known, again, fresh).finally(() => attempts.delete(id));
    attempts.set(id, task);
    return task;
  }

  async function tryOut(id: string, known: Reading | undefined, again: boolean, fresh?: MessageRow): Promise<Outcome | undefined> {
    for (let look = fresh; ; look = undefined) {
      if (stopped) return undefined;
      const row = look ?? (await deps.store.journal.get(id));
      if (row === undefined) throw new IssueError(issue('message-not-found'));
      if (!again && hasEnded(row)) return outcomeOf(row);
      const first = await sharing?.before(row);
      const begun = first === undefined ? await takenUp.begin(row) : undefined;
      const outcome = begun === undefined ? undefined : await work(begun, known ?? (await readAgain(row)));
      if (outcome !== undefined) return outcome;
      if (first?.here === true && first.id !== id) await attempt(first.id, undefined, false);
      else if (first !== undefined) await pause(LOOK_AGAIN_MS);
    }
  }

  async function work(row: MessageRow, reading: Reading): Promise<Outcome | undefined> {
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
  async function endInError(row: MessageRow, reading: Reading, cause: Issue): Promise<Outcome | undefined> {
    const issues = [...reading.issues, cause];
    const outcome: Outcome = {
      code: 'AR',
      ack: deps.acknowledge(reading.header, 'AR', issues),
      issues,
      trace: traceOf(reading, undefined, undefined, 'AR'),
      counted: [COUNTED.AR],
    };
    const committed = await deps.store.commit({
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
          counted: outcome.counted,
          of: senderOf(row),
        },
      ],
    });
    return committed.ok ? outcome : undefined;
  }

  async function takeUp(): Promise<number> {
    const { journal } = deps.store;
    let after = 0;
    let count = 0;
    for (;;) {
      const rows = await (sharing === undefined
        ? journal.pending(after, MOST_TAKEN)
        : sharing.takeOver(MOST_TAKEN, (id) => atWork.has(id)));
      const last = rows.at(-1);
      if (last === undefined) return count;
      for (const row of rows.filter((one) => one.attempts >= MOST_STARTS)) {
        await endInError(row, await readAgain(row), issue('message-abandoned', { count: row.attempts }));
      }
      const taken = rows.filter((one) => one.attempts < MOST_STARTS);
      for (const row of taken) {
        takenUp.add(row);
        void finish(row, undefined);
      }
      count += taken.length;
      if (stopped) return count;
      after = last.seq;
    }
  }

  function takeOverLater(everyMs: number): void {
    if (stopped) return;
    takingOver = setTimeout(() => {
      // While the database does not answer, the other gateways take this one for dead, and rightly so.
      lastTaken = takeUp()
        .catch(() => undefined)
        .then(() => takeOverLater(everyMs));
    }, everyMs).unref();
  }

  return {
    finish,
    storeWorks: () => retry.hasten(),
    async resume() {
      const count = await takeUp();
      if (sharing !== undefined) takeOverLater(sharing.everyMs);
      return count;
    },
    get depth() {
      return lanes.depth;
    },
    async idle() {
      await lanes.idle();
      await lastTaken;
    },
    stop() {
      stopped = true;
      clearTimeout(takingOver);
      retry.stop();
    },
  };
}

/** Whether the same bytes again get the stored answer. */
export function hasEnded(row: MessageRow): row is MessageRow & { ack: string } {
  return (row.status === 'processed' || row.status === 'filtered' || isAbandoned(row)) && row.ack !== undefined;
}

/** MSA-1 of the stored answer: a message that was discarded keeps the one it failed with. */
export function codeOf(row: MessageRow): Outcome['code'] {
  return acknowledgmentCodeOf(JSON.parse(row.issues ?? '[]') as Issue[]);
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}

function outcomeOf(row: MessageRow & { ack: string }): Outcome {
  return {
    code: codeOf(row),
    ack: row.ack,
    issues: JSON.parse(row.issues ?? '[]') as Issue[],
    trace: JSON.parse(row.trace ?? '{}') as MessageTrace,
    counted: [],
  };
}
