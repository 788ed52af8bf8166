import { createHash } from 'node:crypto';
import { entryOf, issue, type Issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { type Charset, encodeText } from '../hl7v2/charset.ts';
import type { Header } from '../hl7v2/header.ts';
import type { MessageRow } from '../store/journal.ts';
import { acceptanceIssues } from './acceptance.ts';
import { type AcknowledgmentMode, modeOf } from './acknowledgment-mode.ts';
import type { Answer, Channel, Intake, Reception } from './intake.ts';
import { journalKeysOf, laneKeysOf } from './journal-keys.ts';
import { createLanes } from './lanes.ts';
import { type Outcome, type ProcessDependencies, processMessage } from './process.ts';
import { type Reading, readMessage } from './read.ts';
import { createRetry, type RetrySettings } from './retry.ts';
import { traceOf } from './trace.ts';

/** What intake is built from. */
export interface IntakeDependencies extends Omit<ProcessDependencies, 'acknowledge'> {
  readonly newId: () => string;
  /** Any acknowledgment as text. */
  readonly acknowledge: (header: Header, code: Answer['code'], issues: readonly Issue[]) => string;
  /** Units: ms; after it a connection is closed without an answer, and the resend gets the stored one. */
  readonly ackTimeoutMs: number;
  readonly retry: RetrySettings;
  /** A line for the operator about one message; no values of it. */
  readonly report: (
    row: Pick<MessageRow, 'id' | 'controlId' | 'sender' | 'messageType'>,
    outcome: Outcome | undefined,
    error?: unknown,
  ) => void;
}

/** The intake as main sees it: what listeners hand messages to, and what operators ask of it. */
export interface RunningIntake extends Intake {
  /** Takes up what was received and not finished before the last stop, in the order of arrival. Resolves when all of it waits in its lane. */
  resume(): Promise<number>;
  /**
   * Processes a message again, from its bytes, with the mapping as it is now; the stored answer is replaced.
   *
   * Fails: message-not-found
   */
  reprocess(id: string): Promise<Result<Outcome>>;
  /** Messages that wait or are being processed. */
  readonly depth: number;
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
  /** No retry is waited for any longer: what is not finished stays in the journal for the next start. */
  stop(): void;
}

/** An intake over a store. */
export function createIntake(deps: IntakeDependencies): RunningIntake {
  const lanes = createLanes();
  const retry = createRetry(deps.retry);
  const atWork = new Map<string, Promise<Outcome | undefined>>();

  const read = (raw: Uint8Array, channel: Pick<Channel, 'charset'>) =>
    readMessage(raw, channel, (header) => deps.translator().defaultCharset(header));

  /** Puts a journalled message in its lanes; undefined when the gateway stops before it is finished. */
  function work(row: MessageRow, reading: Reading | undefined): Promise<Outcome | undefined> {
    const running = atWork.get(row.id);
    if (running !== undefined) return running;
    const task = lanes
      .run(laneKeysOf(row.keys, row.channel), () => retry(() => attempt(row.id, reading)))
      .then(
        (outcome) => {
          deps.report(row, outcome);
          return outcome;
        },
        (error: unknown) => {
          deps.report(row, undefined, error);
          return undefined;
        },
      )
      .finally(() => atWork.delete(row.id));
    atWork.set(row.id, task);
    return task;
  }

  async function attempt(id: string, known: Reading | undefined): Promise<Outcome> {
    const row = await deps.store.journal.get(id);
    if (row === undefined) throw new IssueError(issue('message-not-found'));
    const reading = known ?? read((await deps.store.journal.raw(id)) ?? new Uint8Array(), {});
    try {
      return await processMessage(row, reading, deps);
    } catch (error) {
      if (error instanceof IssueError) throw error;
      return endInError(row, reading, error);
    }
  }

  /** A bug of ours: the message keeps its place in the journal as an error, its sender learns that it is not to blame, and its lane goes on. */
  async function endInError(row: MessageRow, reading: Reading, error: unknown): Promise<Outcome> {
    const issues = [...reading.issues, issue('internal', { reference: row.id })];
    const ack = deps.acknowledge(reading.header, 'AR', issues);
    await deps.store.commit({
      messages: [
        {
          id: row.id,
          from: [row.status],
          status: 'error',
          processedAt: deps.now().getTime(),
          attempts: row.attempts + 1,
          ack,
          issues: JSON.stringify(issues),
        },
      ],
    });
    deps.report(row, undefined, error);
    return { code: 'AR', ack, issues, trace: traceOf(reading, undefined, undefined, 'AR') };
  }

  async function receive(raw: Uint8Array, channel: Channel): Promise<Reception> {
    const reading = read(raw, channel);
    const mode = modeOf(reading.header);
    const issues = [...reading.issues, ...acceptanceIssues(reading.header, deps.translator().supported)];
    const rejected = issues.some((item) => item.severity === 'error' && entryOf(item).msa1 === 'AR');
    try {
      return await (rejected ? reject(raw, channel, reading, mode, issues) : take(raw, channel, reading, mode));
    } catch (error) {
      // Nothing was committed: the sender still has the message, and is told to send it again.
      const causes = error instanceof IssueError ? error.issues : [issue('internal', { reference: deps.newId() })];
      if (!(error instanceof IssueError)) deps.report({ id: '', controlId: '', sender: '', messageType: '' }, undefined, error);
      return refuse(reading, mode, channel, causes);
    }
  }

  function journalled(
    raw: Uint8Array,
    channel: Channel,
    reading: Reading,
    end: { status: 'received' } | { status: 'rejected'; ack: string; issues: string },
  ) {
    const { header } = reading;
    return deps.store.journal.receive({
      id: deps.newId(),
      raw,
      sha256: createHash('sha256').update(raw).digest('hex'),
      sender: header.sender,
      controlId: header.controlId.slice(0, 256),
      messageType: [header.messageCode, header.event]
        .filter((part) => part !== '')
        .join('^')
        .slice(0, 64),
      channel: channel.name,
      receivedAt: deps.now().getTime(),
      keys: journalKeysOf(reading.message),
      ...end,
    });
  }

  async function take(raw: Uint8Array, channel: Channel, reading: Reading, mode: AcknowledgmentMode): Promise<Reception> {
    const received = await journalled(raw, channel, reading, { status: 'received' });
    const { row } = received;
    const finished = received.kind === 'repeat' && (row.status === 'processed' || row.status === 'filtered') && row.ack !== undefined;
    const known: Reading =
      received.kind === 'new' && received.reused
        ? { ...reading, issues: [...reading.issues, issue('control-id-reused', { at: { segment: 'MSH', occurrence: 1, field: 10 } })] }
        : reading;
    const application = finished ? Promise.resolve(storedAnswer(row.ack ?? '', reading)) : answerOf(work(row, known), reading);
    const accept =
      mode.accept(true) && !channel.synchronous ? encode(deps.acknowledge(reading.header, 'CA', []), reading.charset) : undefined;
    const never = !mode.application(true) && !mode.application(false);
    const wanted = (answer: Answer) => channel.synchronous || (answer.bytes.length === 0 ? !never : mode.application(answer.code === 'AA'));
    return {
      ...(accept === undefined ? {} : { accept }),
      application: application.then((answer) => (wanted(answer) ? answer : undefined)),
    };
  }

  /** The outcome as an answer; after ackTimeoutMs, or when the gateway stops, a closed connection. */
  async function answerOf(work_: Promise<Outcome | undefined>, reading: Reading): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, deps.ackTimeoutMs, undefined);
    });
    const outcome = await Promise.race([work_, timeout]);
    clearTimeout(timer);
    return outcome === undefined
      ? { bytes: new Uint8Array(), code: 'AR', resend: true, close: true }
      : { bytes: encode(outcome.ack, reading.charset), code: outcome.code, resend: false, close: false };
  }

  async function reject(
    raw: Uint8Array,
    channel: Channel,
    reading: Reading,
    mode: AcknowledgmentMode,
    issues: readonly Issue[],
  ): Promise<Reception> {
    const ack = deps.acknowledge(reading.header, 'AR', issues);
    const { row } = await journalled(raw, channel, reading, { status: 'rejected', ack, issues: JSON.stringify(issues) });
    deps.report(row, undefined, new IssueError(...issues));
    return refuse(reading, mode, channel, issues, ack);
  }

  /** An answer to a message that is not taken: CR or CE where the sender asked for accept acknowledgments, else AR. */
  function refuse(
    reading: Reading,
    mode: AcknowledgmentMode,
    channel: Channel,
    issues: readonly Issue[],
    ack = deps.acknowledge(reading.header, 'AR', issues),
  ): Reception {
    const resend = issues.some((item) => entryOf(item).retry);
    const asAccept = reading.message !== undefined && mode.enhanced && !channel.synchronous;
    if (asAccept && mode.accept(false))
      return {
        accept: encode(deps.acknowledge(reading.header, resend ? 'CE' : 'CR', issues), reading.charset),
        application: Promise.resolve(undefined),
      };
    if (asAccept && !mode.application(false)) return { application: Promise.resolve(undefined) };
    const bytes = reading.answerable ? encode(ack, reading.charset) : new Uint8Array();
    return { application: Promise.resolve({ bytes, code: 'AR', resend, close: !reading.answerable }) };
  }

  return {
    receive,
    async resume() {
      let after = 0;
      let count = 0;
      for (;;) {
        const rows = await deps.store.journal.pending(after, 500);
        for (const row of rows) void work(row, undefined);
        count += rows.length;
        const last = rows.at(-1);
        if (last === undefined) return count;
        after = last.seq;
      }
    },
    async reprocess(id) {
      const row = await deps.store.journal.get(id);
      if (row === undefined) return failure(issue('message-not-found'));
      const outcome = await work(row, undefined);
      return outcome === undefined ? failure(issue('internal', { reference: id })) : success(outcome);
    },
    get depth() {
      return lanes.depth;
    },
    idle: () => lanes.idle(),
    stop: () => retry.stop(),
  };
}

function storedAnswer(ack: string, reading: Reading): Answer {
  return { bytes: encode(ack, reading.charset), code: 'AA', resend: false, close: false };
}

/** An answer in the sender's character set. It holds only ASCII and what the sender itself sent, so it can always be written in it. */
function encode(text: string, charset: Charset): Uint8Array {
  const encoded = encodeText(text, charset);
  return encoded.ok ? encoded.value : new TextEncoder().encode(text);
}
