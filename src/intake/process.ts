import { acknowledgmentCodeOf } from '../issue/error-segment.ts';
import { hasError, issue, type Issue } from '../issue/issue.ts';
import { Bug } from '../issue/issue-error.ts';
import type { Header } from '../hl7v2/header.ts';
import type { Message } from '../hl7v2/message.ts';
import type { ValidationMode } from '../map/sender.ts';
import type { Translation } from '../map/translation.ts';
import type { Counted } from '../store/feed-tally.ts';
import type { MessageRow, MessageStatus, MessageUpdate } from '../store/journal.ts';
import type { Store } from '../store/store.ts';
import type { Validator } from '../validate/validator.ts';
import { type Acceptance, acceptanceIssues, isFiltered } from './acceptance.ts';
import { decideEffects, type Effects, type EventTime, factsOf, writesOf } from './apply.ts';
import { emptyMergeIssues } from './empty-merge.ts';
import { identify } from './identify.ts';
import type { LargeTurns } from './large-turns.ts';
import { mergeRightIssues, mergesAt } from './merge-right.ts';
import { provenanceOf } from './provenance.ts';
import { senderOf } from './journal-keys.ts';
import type { Reading } from './read.ts';
import { type MessageTrace, traceOf } from './trace.ts';
import { validateEffects } from './validate-effects.ts';
import type { ClaimsOf } from './validation-issues.ts';

/** The mapping files, compiled, as intake uses them. */
export interface Translator extends Acceptance {
  /** Changes whenever a mapping file does; kept in every Provenance. */
  readonly version: string;
  /** Whether a sender that asks for no answer is answered all the same. */
  alwaysAnswers(header: Header): boolean;
  /** The character set of a sender's messages where MSH-18 is empty. */
  defaultCharset(header: Header): string | undefined;
  /** What becomes of a sender's resources that miss a profile. */
  validationOf(header: Header): ValidationMode;
  /** When the event a message tells of happened: EVN-2, else MSH-7. */
  eventTime(message: Message): EventTime;
  /** What is wrong with the message is among the issues. */
  translate(message: Message): Translation;
}

/** What a message needs to become resources. */
export interface ProcessDependencies {
  readonly store: Store;
  readonly translator: () => Translator;
  readonly validator: Validator;
  /** The profiles that resources claim where they meet them; none where this is left out. */
  readonly claims?: ClaimsOf;
  readonly giveWay: LargeTurns['giveWay'];
  readonly now: () => Date;
  /** Whether a sender may merge; everybody may where this is left out. */
  readonly mayMerge?: (sender: string) => boolean;
  /** The application acknowledgment as text. */
  readonly acknowledge: (header: Header, code: 'AA' | 'AE' | 'AR', issues: readonly Issue[]) => string;
}

/** How a message ended. */
export interface Outcome {
  readonly code: 'AA' | 'AE' | 'AR';
  readonly ack: string;
  readonly issues: readonly Issue[];
  readonly trace: MessageTrace;
  /** Counted of its sender; nothing where it had ended before. */
  readonly counted: readonly Counted[];
}

/** How an answer is counted. */
export const COUNTED = { AA: 'accepted', AE: 'failed', AR: 'rejected' } as const satisfies Record<Outcome['code'], Counted>;

/** Decisions made anew before a race is called lost: each means that another writer was quicker, so somebody always gets on. */
const MOST_DECISIONS = 20;

/**
 * A message that is in the journal, from its reading to its end: translated, identified, validated, and applied together with its
 * answer in one transaction. When anything is wrong with it nothing of it is applied, and the journal says what and where.
 *
 * Undefined when somebody else has worked on it meanwhile: what it came to is in the journal.
 *
 * Fails: throws IssueError store-busy or store-unavailable, or race-lost in the outcome; every other fault is the outcome
 */
export async function processMessage(row: MessageRow, reading: Reading, given: ProcessDependencies): Promise<Outcome | undefined> {
  // One set of mapping files from the reading to the Provenance, whatever is reloaded meanwhile.
  const translator = given.translator();
  const deps: ProcessDependencies = { ...given, translator: () => translator };
  const said = read(reading, deps);
  if (reading.large) await deps.giveWay();
  for (let attempt = 0; attempt < MOST_DECISIONS; attempt += 1) {
    const decision = await decide(row, reading, said, deps);
    if (reading.large) await deps.giveWay();
    const outcome = await tryFinish(row, reading, deps, hasError(decision.issues) ? { ...decision, effects: undefined } : decision);
    if (outcome !== 'raced') return outcome;
  }
  const lost = { issues: [...said.issues, issue('race-lost')], translation: said.translation, effects: undefined };
  const outcome = await tryFinish(row, reading, deps, lost);
  if (outcome === 'raced') throw new Bug(`message ${row.id} cannot even be given up`);
  return outcome;
}

/** What a message would do if it were processed now; nothing is written. Fails: throws IssueError store-busy or store-unavailable */
export async function decideMessage(row: MessageRow, reading: Reading, deps: ProcessDependencies): Promise<Decision> {
  return decide(row, reading, read(reading, deps), deps);
}

interface Said {
  readonly issues: readonly Issue[];
  readonly translation: Translation | undefined;
  readonly time: EventTime | undefined;
}

/** What a message says, before anything stored is looked at. */
function read(reading: Reading, { translator: current, mayMerge }: ProcessDependencies): Said {
  const { message, header } = reading;
  const translator = current();
  const issues = [...reading.issues, ...acceptanceIssues(header, translator)];
  if (message === undefined || hasError(issues) || isFiltered(issues)) return { issues, translation: undefined, time: undefined };
  const translation = translator.translate(message);
  issues.push(...emptyMergeIssues(message, header.event));
  issues.push(...mergeRightIssues(mergesAt(translation), mayMerge?.(header.sender) ?? true));
  return { issues: [...issues, ...translation.issues], translation, time: translator.eventTime(message) };
}

async function decide(row: MessageRow, reading: Reading, said: Said, deps: ProcessDependencies): Promise<Decision> {
  const { issues, translation, time } = said;
  if (hasError(issues) || translation === undefined || time === undefined) return { issues, translation, effects: undefined };
  const identified = await identify(translation.made, row.sender, deps.store);
  if (!identified.ok) return { issues: [...issues, ...identified.issues], translation, effects: undefined };
  if (reading.large) await deps.giveWay();
  const effects = await decideEffects(
    identified.value,
    row.sender,
    { event: reading.header.event, time, test: ['T', 'D'].includes(reading.header.processingId) },
    deps.store,
  );
  const validated = validateEffects(effects, {
    validator: deps.validator,
    mode: deps.translator().validationOf(reading.header),
    claims: deps.claims ?? (() => []),
  });
  return { issues: [...issues, ...validated.effects.issues], translation, ...validated };
}

/** What is to become of a message. */
export interface Decision {
  readonly issues: readonly Issue[];
  readonly translation: Translation | undefined;
  /** Undefined when nothing is to be applied. */
  readonly effects: Effects | undefined;
  /** What validation found of each resource that would be written; undefined when it did not come to that. */
  readonly found?: ReadonlyMap<string, readonly Issue[]>;
}

/** Commits what was decided together with the message's end. Another writer was quicker: `raced`; with the message itself: undefined. */
async function tryFinish(
  row: MessageRow,
  reading: Reading,
  deps: ProcessDependencies,
  decision: Decision,
): Promise<Outcome | 'raced' | undefined> {
  const now = deps.now();
  const code = acknowledgmentCodeOf(decision.issues);
  const ack = deps.acknowledge(
    reading.header,
    code,
    decision.issues.filter((item) => item.severity !== 'information'),
  );
  const trace = traceOf(reading, decision.translation, decision.effects?.effects, code, decision.found);
  const { effects } = decision;
  const changed = (effects?.effects ?? [])
    .filter((effect) => effect.action !== 'unchanged')
    .map(({ resource }) => `${resource.resourceType}/${resource.id}`);
  const told = provenanceOf(row, changed, deps.translator().version, now);
  const provenance = told === undefined ? [] : [told];
  const status: MessageStatus =
    code === 'AA'
      ? isFiltered(decision.issues)
        ? 'filtered'
        : 'processed'
      : code === 'AR' && decision.translation === undefined
        ? 'rejected'
        : 'error';
  const merged = effects !== undefined && decision.translation !== undefined && mergesAt(decision.translation) !== undefined;
  const counted: Counted[] = [COUNTED[code], ...(merged ? (['merged'] as const) : [])];
  const update: MessageUpdate = {
    id: row.id,
    from: [row.status],
    status,
    processedAt: now.getTime(),
    attempts: row.attempts + 1,
    ack,
    issues: JSON.stringify(decision.issues),
    trace: JSON.stringify(trace),
    counted,
    of: senderOf(row),
  };
  const committed = await deps.store.commit({
    writes: [...writesOf(effects?.effects ?? []), ...provenance],
    claims: effects?.claims ?? [],
    documents: [...(effects?.documents ?? []), ...factsOf(effects?.effects ?? [], row.sender)],
    messages: [update],
  });
  if (committed.ok) return { code, ack, issues: decision.issues, trace, counted };
  return committed.conflict === 'message' ? undefined : 'raced';
}
