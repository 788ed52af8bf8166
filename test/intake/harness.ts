import { randomUUID } from 'node:crypto';
import { compileCompartments } from '../../src/fhir/compartments.ts';
import { compileExtractor } from '../../src/fhir/index-extraction.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { EVERYTHING, searchOf } from '../../src/fhir/search-query.ts';
import { writeAcknowledgment } from '../../src/hl7v2/acknowledgment.ts';
import { createIntake, type IntakeDependencies, type RunningIntake } from '../../src/intake/create-intake.ts';
import type { Answer, Channel } from '../../src/intake/intake.ts';
import type { Outcome, Translator } from '../../src/intake/process.ts';
import type { MessageRow } from '../../src/store/journal.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store, StoreSettings } from '../../src/store/store.ts';
import { translatorOf } from '../../src/start/translator.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';
import { mappings } from '../map/mappings.ts';

const validator = compileValidator(definitions);
const extract = compileExtractor(definitions);
const compartmentParameters = compileCompartments(definitions);

/** The translator of the project's mapping files. */
export const projectTranslator: Translator = translatorOf(mappings(), { DEFAULT_TIME_ZONE: '', DEFAULT_CHARSET: '' });

/** One answer as a sender reads it. */
export interface Heard {
  /** MSA-1. */
  readonly code: string | undefined;
  /** The whole acknowledgment; empty when there is none. */
  readonly text: string;
  /** ERR-2 and ERR-3.1 of each ERR, severity. Shape: ['PID^1^5 101 E'] */
  readonly errors: readonly string[];
}

/** What a sender hears of one message. */
export interface Exchange {
  readonly accept: Heard | undefined;
  readonly application: Heard | undefined;
  readonly answer: Answer | undefined;
}

/** An intake over a store of its own, with everything real but the clock, and with hooks to break what lies below it. */
export interface TestIntake {
  readonly intake: RunningIntake;
  readonly store: Store;
  /** What was reported, in order. */
  readonly reports: { id: string; outcome: Outcome | undefined; error: unknown }[];
  readonly clock: { now: number };
  send(message: string | Uint8Array, channel?: Partial<Channel>): Promise<Exchange>;
  /** MSA-1 of the application acknowledgment. */
  code(message: string, channel?: Partial<Channel>): Promise<string | undefined>;
  rows(): Promise<readonly MessageRow[]>;
  all(type: string): Promise<(Resource & { id: string; meta: { versionId: string } } & Record<string, unknown>)[]>;
  close(): Promise<void>;
}

/** What a test may put in place of the real parts. */
export interface TestIntakeOptions
  extends Partial<Pick<IntakeDependencies, 'translator' | 'ackTimeoutMs' | 'retry' | 'beyondMemory' | 'mayMerge'>> {
  /** Lies between the intake and the store. */
  readonly over?: (store: Store) => Store;
  /** A store that is open already; it is not closed with the intake. */
  readonly store?: Store;
  readonly path?: string;
}

/** A store as a gateway opens it. */
export function openStore(path = ':memory:', clock = { now: Date.now() }): Promise<Store> {
  return openSqliteStore({ path, ...storeSettings(clock) });
}

/** What a gateway opens a store with. */
export function storeSettings(clock = { now: Date.now() }): StoreSettings {
  return { extract, compartmentParameters, now: () => clock.now };
}

/** Opens an intake. */
export async function openIntake(options: TestIntakeOptions = {}): Promise<TestIntake> {
  const clock = { now: Date.UTC(2026, 0, 5, 12) };
  const store = options.store ?? (await openStore(options.path, clock));
  const reports: TestIntake['reports'] = [];
  let number = 0;
  const intake = createIntake({
    store: options.over?.(store) ?? store,
    translator: options.translator ?? (() => projectTranslator),
    validator,
    claims: () => [],
    now: () => new Date(clock.now),
    newId: randomUUID,
    acknowledge: (header, code, issues) => writeAcknowledgment({ header, code, issues, controlId: `ACK${(number += 1)}`, now: clock.now }),
    ...(options.beyondMemory === undefined ? {} : { beyondMemory: options.beyondMemory }),
    ...(options.mayMerge === undefined ? {} : { mayMerge: options.mayMerge }),
    ackTimeoutMs: options.ackTimeoutMs ?? 20_000,
    retry: options.retry ?? { firstMs: 1, mostMs: 4, random: () => 0.5 },
    report: (row, outcome, error) => void reports.push({ id: row.id, outcome, error }),
  });
  const send: TestIntake['send'] = async (message, channel = {}) => {
    const raw = typeof message === 'string' ? Buffer.from(message) : message;
    const reception = await intake.receive(raw, { name: 'mllp 127.0.0.1:1', synchronous: false, ...channel });
    const answer = await reception.application;
    return {
      accept: reception.accept === undefined ? undefined : heard(reception.accept),
      application: answer === undefined ? undefined : heard(answer.bytes),
      answer,
    };
  };
  return {
    intake,
    store,
    reports,
    clock,
    send,
    code: async (message, channel) => (await send(message, channel)).application?.code,
    rows: async () => (await store.journal.search({ count: 500 })).rows.toReversed(),
    async all(type) {
      const page = await store.search(searchOf(type, EVERYTHING, { count: 500 }));
      if (!page.ok) throw new Error(JSON.stringify(page.issues));
      return page.value.matches.map((match) => JSON.parse(match.json) as never);
    },
    async close() {
      intake.stop();
      await intake.idle();
      if (options.store === undefined) await store.close();
    },
  };
}

/** An acknowledgment as a sender reads it. */
function heard(bytes: Uint8Array): Heard {
  const text = Buffer.from(bytes).toString();
  const segments = text.split('\r').map((line) => line.split('|'));
  return {
    code: segments.find(([name]) => name === 'MSA')?.[1],
    text,
    errors: segments.filter(([name]) => name === 'ERR').map((fields) => `${fields[2]} ${(fields[3] ?? '').split('^')[0]} ${fields[4]}`),
  };
}

/** Fields of a test message that differ from the plain one. */
export interface MessageParts {
  readonly id?: string;
  /** MSH-9. */
  readonly type?: string;
  /** MSH-7 and EVN-2. */
  readonly time?: string;
  readonly version?: string;
  readonly processing?: string;
  /** MSH-15 and MSH-16. */
  readonly accept?: string;
  readonly application?: string;
  readonly charset?: string;
  /** PID from PID-1 on; undefined leaves the segment out. */
  readonly pid?: string | undefined;
  /** Segments after PID. */
  readonly more?: readonly string[];
  readonly sender?: string;
}

/** An admission of an invented patient, with what a test wants otherwise. */
export function message(parts: MessageParts = {}): string {
  const { id = 'M1', type = 'ADT^A01^ADT_A01', time = '20260105120000+0000', version = '2.5.1', processing = 'P' } = parts;
  const { accept = '', application = '', charset = '', sender = 'LAB|HOSP' } = parts;
  const pid = 'pid' in parts ? parts.pid : '1||1001^^^HOSP^MR||Sample^Ann||19800101|F';
  const event = type.split('^')[1] ?? '';
  return [
    `MSH|^~\\&|${sender}|CB|CB|${time}||${type}|${id}|${processing}|${version}|||${accept}|${application}||${charset}`,
    ...(type.startsWith('ADT') ? [`EVN|${event}|${time}`] : []),
    ...(pid === undefined ? [] : [`PID|${pid}`]),
    ...(parts.more ?? ['PV1|1|I|WARD^1^1||||||||||||||||V1^^^HOSP^VN']),
    '',
  ].join('\r');
}
