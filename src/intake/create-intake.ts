import { entryOf, issue, type Issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { type Charset, encodeText } from '../hl7v2/charset.ts';
import type { Header } from '../hl7v2/header.ts';
import { type Arrival, type MessageRow, UNFINISHED } from '../store/journal.ts';
import { acceptanceIssues } from './acceptance.ts';
import { type AcknowledgmentMode, modeOf } from './acknowledgment-mode.ts';
import { discardMessage } from './discard.ts';
import type { Answer, Channel, Intake, Reception } from './intake.ts';
import { channelName, charsetOfChannel, journalKeysOf, senderOf } from './journal-keys.ts';
import { createLargeTurns, digestInTurns } from './large-turns.ts';
import { codeOf, createMessageWork, hasEnded, type WorkDependencies } from './message-work.ts';
import { type Preview, previewMessage } from './preview.ts';
import { COUNTED, type Outcome } from './process.ts';
import { type Reading, readMessage } from './read.ts';

/** What intake is built from. */
export interface IntakeDependencies extends Omit<WorkDependencies, 'acknowledge' | 'giveWay'> {
  readonly newId: () => string;
  /** Any acknowledgment as text. */
  readonly acknowledge: (header: Header, code: Answer['code'], issues: readonly Issue[]) => string;
  /** Why a message written then (MSH-7.1) may be one that is forgotten; left out, none ever is. */
  readonly beyondMemory?: (sentAt: string) => Issue | undefined;
  /** Units: ms; after it a connection is closed without an answer, and the resend gets the stored one. */
  readonly ackTimeoutMs: number;
}

/** The intake as main sees it: what listeners hand messages to, and what operators ask of it. */
export interface RunningIntake extends Intake {
  /** Takes up what was received and not finished before the last stop, in the order of arrival. Resolves when all of it waits in its lane. */
  resume(): Promise<number>;
  /**
   * Processes a message again, from its bytes, with the mapping as it is now; the stored answer is replaced.
   *
   * Fails: message-not-found, message-emptied
   */
  reprocess(id: string): Promise<Result<Outcome>>;
  /**
   * What reprocessing would change; nothing is written.
   *
   * Fails: message-not-found, message-emptied
   */
  preview(id: string): Promise<Result<Preview>>;
  /**
   * Takes a message that failed off the list of those somebody must look at, for a reason that is kept with it.
   *
   * Fails: message-not-found, message-not-failed, parameter-invalid
   */
  discard(id: string, reason: string): Promise<Result<MessageRow>>;
  /** Messages that wait or are being processed. */
  readonly depth: number;
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
  /** Nothing more is begun and no retry waited for: what is not finished stays in the journal for the next start. */
  stop(): void;
}

/** The connection is closed, and the sender sends again what it has no answer to. */
const NO_ANSWER: Answer = { bytes: new Uint8Array(), code: 'AR', resend: true, close: true };

/** All is said, and the connection is closed. */
const GOODBYE: Answer = { bytes: new Uint8Array(), code: 'AR', resend: false, close: true };

/** An intake over a store. */
export function createIntake(deps: IntakeDependencies): RunningIntake {
  const turns = createLargeTurns();
  const { giveWay } = turns;
  const work = createMessageWork({ ...deps, giveWay });

  const read = (raw: Uint8Array, channel: Pick<Channel, 'charset'>) =>
    readMessage(raw, channel, (header) => deps.translator().defaultCharset(header));

  async function receive(raw: Uint8Array, channel: Channel): Promise<Reception> {
    const reading = read(raw, channel);
    const mode = modeOf(reading.header, deps.translator().alwaysAnswers(reading.header));
    const issues = [...reading.issues, ...refusals(reading, channel)];
    const rejected = issues.some((item) => item.severity === 'error' && entryOf(item).msa1 === 'AR');
    try {
      return await (rejected ? reject(raw, channel, reading, mode, issues) : take(raw, channel, reading, mode));
    } catch (error) {
      const causes = error instanceof IssueError ? error.issues : [issue('internal', { reference: deps.newId() })];
      deps.report({ id: '', controlId: '', sender: '', messageType: '', receivedAt: deps.now().getTime() }, undefined, error);
      // An answer that says it was not stored must not come to be untrue.
      if (causes.some(({ id }) => id === 'store-uncertain')) return { application: Promise.resolve(NO_ANSWER) };
      // Nothing was committed: the sender still has the message, and is told to send it again.
      return refuse(reading, mode, channel, causes);
    }
  }

  /** Why a message is not taken in, whatever it says; of a header that cannot be read it is not known who sends what. */
  function refusals({ header, issues }: Reading, channel: Channel): Issue[] {
    if (issues.some(({ id }) => id === 'header-unreadable')) return [];
    const stranger = channel.refuses?.(header.sender);
    const forgotten = deps.beyondMemory?.(header.sentAt);
    return [
      ...acceptanceIssues(header, deps.translator()),
      ...(stranger === undefined ? [] : [stranger]),
      ...(forgotten === undefined ? [] : [forgotten]),
    ];
  }

  async function journalled(
    raw: Uint8Array,
    channel: Channel,
    reading: Reading,
    end: Pick<Arrival, 'status' | 'ack' | 'issues' | 'counted'>,
  ) {
    const { header } = reading;
    if (reading.large) await giveWay();
    const sha256 = await digestInTurns(raw);
    return deps.store.journal.receive({
      id: deps.newId(),
      raw,
      sha256,
      sender: header.sender,
      controlId: header.controlId.slice(0, 256),
      messageType: [header.messageCode, header.event]
        .filter((part) => part !== '')
        .join('^')
        .slice(0, 64),
      channel: channelName(channel),
      receivedAt: deps.now().getTime(),
      keys: journalKeysOf(reading.message),
      ...end,
    });
  }

  async function take(raw: Uint8Array, channel: Channel, reading: Reading, mode: AcknowledgmentMode): Promise<Reception> {
    const received = await journalled(raw, channel, reading, { status: 'received' });
    const { row } = received;
    work.storeWorks();
    const known: Reading =
      received.kind === 'new' && received.reused
        ? { ...reading, issues: [...reading.issues, issue('control-id-reused', { at: { segment: 'MSH', occurrence: 1, field: 10 } })] }
        : reading;
    const answer = hasEnded(row)
      ? Promise.resolve(answerWith(codeOf(row), row.ack, reading.charset))
      : answerInTime(work.finish(row, known), reading.charset);
    return taken(answer, channel, reading, mode);
  }

  /** The answers to a message that is in the journal, as its sender asked for them. */
  function taken(answer: Promise<Answer>, channel: Channel, reading: Reading, mode: AcknowledgmentMode): Reception {
    const accept =
      mode.accept(true) && !channel.synchronous ? encode(deps.acknowledge(reading.header, 'CA', []), reading.charset) : undefined;
    const never = !mode.application(true) && !mode.application(false);
    const wanted = ({ bytes, code }: Answer) => channel.synchronous || (bytes.length === 0 ? !never : mode.application(code === 'AA'));
    return {
      ...(accept === undefined ? {} : { accept }),
      application: answer.then((given) => (wanted(given) ? given : undefined)),
    };
  }

  /** The outcome as an answer; after ackTimeoutMs, or when the gateway stops, a closed connection. */
  async function answerInTime(end: Promise<Outcome | undefined>, charset: Charset): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, deps.ackTimeoutMs, undefined);
    });
    const outcome = await Promise.race([end, timeout]);
    clearTimeout(timer);
    return outcome === undefined ? NO_ANSWER : answerWith(outcome.code, outcome.ack, charset);
  }

  async function reject(
    raw: Uint8Array,
    channel: Channel,
    reading: Reading,
    mode: AcknowledgmentMode,
    issues: readonly Issue[],
  ): Promise<Reception> {
    const ack = deps.acknowledge(reading.header, 'AR', issues);
    const end = { status: 'rejected' as const, ack, issues: JSON.stringify(issues) };
    const counted = [COUNTED.AR];
    const { kind, row } = await journalled(raw, channel, reading, { ...end, counted });
    // Who may not send has no say in a message that is known, and does not hear what became of it.
    if (kind === 'repeat' && isStranger(issues)) {
      deps.report(row, undefined, new IssueError(...issues));
      return refuse(reading, mode, channel, issues, ack);
    }
    // It was taken once, and what it did stands: a mapping that is gone since then does not take that back.
    if (hasEnded(row)) return taken(Promise.resolve(answerWith(codeOf(row), row.ack, reading.charset)), channel, reading, mode);
    // It is under way, and its sender may have been told that it is kept: it gets the answer of that work.
    if (kind === 'repeat' && UNFINISHED.includes(row.status))
      return taken(answerInTime(work.finish(row, reading), reading.charset), channel, reading, mode);
    deps.report(row, undefined, new IssueError(...issues));
    if (kind === 'repeat' && row.status === 'rejected' && row.issues === end.issues) return refuse(reading, mode, channel, issues, row.ack);
    if (kind === 'repeat')
      await deps.store.commit({
        messages: [
          {
            id: row.id,
            from: [row.status],
            ...end,
            processedAt: deps.now().getTime(),
            attempts: row.attempts + 1,
            of: senderOf(row),
            // one that stands as rejected was counted as it came
            ...(row.status === 'rejected' ? {} : { counted }),
          },
        ],
      });
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
    const stranger = isStranger(issues);
    // An answer to an answer would be answered in turn, and never end.
    if (reading.header.messageCode === 'ACK' && !channel.synchronous) return { application: Promise.resolve(undefined) };
    const asAccept = reading.message !== undefined && mode.enhanced && !channel.synchronous;
    if (asAccept && mode.accept(false))
      return {
        accept: encode(deps.acknowledge(reading.header, resend || stranger ? 'CE' : 'CR', issues), reading.charset),
        application: Promise.resolve(stranger ? GOODBYE : undefined),
      };
    if (asAccept && !mode.application(false)) return { application: Promise.resolve(stranger ? GOODBYE : undefined) };
    // over HTTP the status says it; a sender over MLLP would take silence for a lost connection, and send the same again
    const bytes = reading.answerable || !channel.synchronous ? encode(ack, reading.charset) : new Uint8Array();
    const close = stranger || !reading.answerable;
    return { application: Promise.resolve({ bytes, code: 'AR', resend, close, ...(stranger ? { forbidden: true } : {}) }) };
  }

  return {
    receive: turns.oneAtATime(receive),
    resume: () => work.resume(),
    async reprocess(id) {
      const row = await deps.store.journal.get(id);
      if (row === undefined) return failure(issue('message-not-found'));
      if ((await deps.store.journal.raw(id)) === undefined) return failure(issue('message-emptied'));
      const outcome = await work.finish(row, undefined, { again: true });
      return outcome === undefined ? failure(issue('internal', { reference: id })) : success(outcome);
    },
    async preview(id) {
      const row = await deps.store.journal.get(id);
      const raw = await deps.store.journal.raw(id);
      if (row === undefined) return failure(issue('message-not-found'));
      if (raw === undefined) return failure(issue('message-emptied'));
      return success(await previewMessage(row, read(raw, charsetOfChannel(row.channel)), { ...deps, giveWay }));
    },
    discard: (id, reason) => discardMessage(id, reason, deps.store, deps.now()),
    get depth() {
      return work.depth;
    },
    idle: () => work.idle(),
    stop: () => work.stop(),
  };
}

function isStranger(issues: readonly Issue[]): boolean {
  return issues.some(({ id }) => id === 'forbidden');
}

function answerWith(code: Answer['code'], ack: string, charset: Charset): Answer {
  return { bytes: encode(ack, charset), code, resend: false, close: false };
}

/** An answer in the sender's character set. It holds only ASCII and what the sender itself sent, so it can always be written in it. */
function encode(text: string, charset: Charset): Uint8Array {
  const encoded = encodeText(text, charset);
  return encoded.ok ? encoded.value : new TextEncoder().encode(text);
}
