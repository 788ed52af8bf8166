import { createHash } from 'node:crypto';
import { writeAcknowledgment } from '../../src/hl7v2/acknowledgment.ts';
import { compileCompartments } from '../../src/fhir/compartments.ts';
import { compileExtractor } from '../../src/fhir/index-extraction.ts';
import { searchOf } from '../../src/fhir/search-query.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { createIntake, type RunningIntake } from '../../src/intake/create-intake.ts';
import { compileMappings, type MappingFile, type Mappings } from '../../src/map/compile-mappings.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store, StoreSettings } from '../../src/store/store.ts';
import { translatorOf } from '../../src/start/translator.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';
import { mappingFiles } from '../map/mapping-files.ts';
import { mappings } from '../map/mappings.ts';

const validator = compileValidator(definitions);
const compartmentParameters = compileCompartments(definitions);
const extract = compileExtractor(definitions, {});

/** What a message was answered with. */
export interface Posted {
  readonly code: string;
  /** ERR-5.1 of each ERR: our issue ids. */
  readonly issues: readonly string[];
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** A real intake over a real store, as the gateway has them, and questions about what is stored. */
export interface RecordUnderTest {
  readonly store: Store;
  readonly intake: RunningIntake;
  /** A message, its segments separated by line ends; MSH-10 follows from the text where it is `*`. */
  post(message: string | Uint8Array): Promise<Posted>;
  /** The resources of a type that are stored, in the order of their creation. */
  all<T extends Resource = Resource>(type: string): Promise<T[]>;
  /** The patient's id, by one of its numbers, as a search finds it. */
  patients(identifier: string): Promise<Resource[]>;
  /** Every version there is: Shape: { 'Patient/7f3c': 2 } */
  versions(): Promise<Record<string, number>>;
  /** The whole content, without the time and version: what must be equal when two records are. */
  close(): Promise<void>;
}

/** Opens a record over SQLite in memory, or over the store given. */
export async function openRecord(
  open: (settings: StoreSettings) => Promise<Store> = (settings) => openSqliteStore({ ...settings, path: ':memory:' }),
  senders: readonly MappingFile[] = [],
): Promise<RecordUnderTest> {
  const clock = { now: Date.UTC(2026, 2, 20) };
  const tick = () => (clock.now += 1000);
  const store = await open({ extract, now: tick, compartmentParameters });
  let ids = 0;
  const translator = translatorOf(withSenders(senders), { DEFAULT_TIME_ZONE: '', DEFAULT_CHARSET: '' });
  const intake = createIntake({
    store,
    translator: () => translator,
    validator,
    now: () => new Date(tick()),
    newId: () => `message-${(ids += 1)}`,
    acknowledge: (header, code, issues) => writeAcknowledgment({ header, code, issues, controlId: 'ACK1', now: clock.now }),
    ackTimeoutMs: 60_000,
    retry: { firstMs: 1, mostMs: 10, random: () => 0 },
    report: (row, _outcome, error) => {
      if (error !== undefined) throw new TypeError(`message ${row.controlId} failed`, { cause: error });
    },
  });
  const all = async <T extends Resource>(type: string) => {
    const page = await store.search(searchOf(type, { op: 'and', of: [] }, { count: 1000 }));
    if (!page.ok) throw new TypeError('the search failed');
    return page.value.matches.map(({ json }) => JSON.parse(json) as T).reverse();
  };
  return {
    store,
    intake,
    all,
    async post(message) {
      const raw = typeof message === 'string' ? Buffer.from(withControlId(message)) : message;
      const reception = await intake.receive(raw, { name: 'http test', synchronous: true });
      const answer = await reception.application;
      const bytes = answer?.bytes ?? new Uint8Array();
      const text = Buffer.from(bytes).toString('latin1');
      const issues = text
        .split('\r')
        .filter((line) => line.startsWith('ERR'))
        .map((line) => line.split('|')[5]?.split('^')[0] ?? '');
      return { code: answer?.code ?? '', issues, text, bytes };
    },
    async patients(identifier) {
      const [system, value = ''] = identifier.includes('|') ? identifier.split('|') : [undefined, identifier];
      const page = await store.search(
        searchOf('Patient', { op: 'token', parameter: 'identifier', ...(system === undefined ? {} : { system }), code: value }),
      );
      return page.ok ? page.value.matches.map(({ json }) => JSON.parse(json) as Resource) : [];
    },
    async versions() {
      const seen: Record<string, number> = {};
      let after: string | undefined;
      do {
        const page = await store.history({ count: 1000, ...(after === undefined ? {} : { after }) });
        for (const { type, id } of page.versions) seen[`${type}/${id}`] = (seen[`${type}/${id}`] ?? 0) + 1;
        after = page.next;
      } while (after !== undefined);
      return seen;
    },
    async close() {
      await intake.idle();
      await store.close();
    },
  };
}

function withSenders(senders: readonly MappingFile[]): Mappings {
  if (senders.length === 0) return mappings();
  const compiled = compileMappings([...mappingFiles(), ...senders], definitions);
  if (!compiled.ok) throw new TypeError(JSON.stringify(compiled.issues));
  return compiled.value;
}

function withControlId(message: string): string {
  const text = message
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '')
    .join('\r');
  return text.replace('|*|', `|${createHash('sha256').update(text).digest('hex').slice(0, 12)}|`);
}

/** An MSH. `at`: Shape: 20260302084500 */
export function header(event: string, at: string, from = 'ADT1|GENHOSP'): string {
  const type = event === 'R01' ? 'ORU' : 'ADT';
  return String.raw`MSH|^~\&|${from}|CB|CB|${at}-0500||${type}^${event}|*|P|2.5.1` + (type === 'ADT' ? `\nEVN|${event}|${at}-0500` : '');
}
