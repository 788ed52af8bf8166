import { kill, pid } from 'node:process';
import type { Logger } from 'pino';
import type { AuditRecord } from '../audit/audit-record.ts';
import { createDoor, type Refusal } from '../audit/door.ts';
import { readStart } from '../audit/kept-trail.ts';
import { makeEvents } from '../audit/make-events.ts';
import { leftInSpools, openSpool } from '../audit/spool.ts';
import { watchChain } from '../audit/chain-watch.ts';
import { createTrail, type TrailHealth } from '../audit/trail.ts';
import { doorOfChannel } from '../intake/journal-keys.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { faultOf } from '../issue/fault.ts';
import { visitNotes } from '../serve/access/visit-notes.ts';
import type { Accessed, Gate, Told } from '../serve/gate.ts';
import { overStore } from '../store/over-store.ts';
import type { Forgotten } from '../retention/retention.ts';
import type { Arrival, MessageUpdate } from '../store/journal.ts';
import type { Change, DocumentWrite, Store, Write } from '../store/store.ts';

/** The audit trail, as the parts of the gateway are handed it. */
export interface Recorder extends Required<Pick<Gate, 'record' | 'note' | 'catchUp'>> {
  /** An answer of the token endpoint. */
  token(client: string | undefined, status: number, peer: string): Promise<void>;
  /** A look at the messages. Fails: audit-unavailable */
  readonly visit: Told;
  /** The store for the intake: each change that ends a message carries its record. */
  readonly intakeStore: Store;
  /** Somebody who was refused at a door that is not the FHIR API's. */
  refused(refusal: Refusal): Promise<void>;
  /** How many were refused since the start, by what was asked for. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Messages that are forgotten: what goes with that change, and what is to be done when it is kept. */
  forgotten(messages: Forgotten): { readonly documents: readonly DocumentWrite[]; readonly kept: () => void };
  /** How the trail is; a few links more of the chain are gone over each time. */
  check(): Promise<TrailHealth & { readonly brokenAt: number | undefined }>;
  close(): Promise<void>;
}

const EVERY_MS = 30_000;
const SUMMED_EVERY_MS = 600_000;
/** Who is not let in, or not to this, or not now. */
const REFUSED: ReadonlySet<number> = new Set([401, 403, 429]);
/** Made in one round, so that reading goes on beside it. */
const A_ROUND = 2_000;
const WHEN_ASKED = 50_000;
/** A message may name itself as long as it likes. */
const LONGEST_SENDER = 256;
const ENDED: ReadonlySet<string> = new Set(['processed', 'filtered', 'error', 'rejected']);

/** What a recorder is made of. */
export interface RecorderParts {
  readonly store: Store;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly log: Logger;
  /** Where records are written down before an answer; undefined: an answer waits until its record is in the chain. */
  readonly spoolFolder: string | undefined;
}

/** Starts the trail: what a stop left is put into the chain first. */
export async function startRecorder({ store, now, newId, log, spoolFolder }: RecorderParts): Promise<Recorder> {
  if (spoolFolder !== undefined) {
    const left = leftInSpools(spoolFolder, isRunningElsewhere);
    await createTrail(store).takeUp(left.records);
    left.remove();
  }
  const spool = spoolFolder === undefined ? undefined : openSpool(spoolFolder, pid);
  const trail = createTrail(store, spool);
  await trail.takeUp();
  const chain = watchChain(store);
  let making: Promise<boolean> | undefined;
  const make = (most: number) => (making ??= makeEvents(store, most).finally(() => (making = undefined)));
  const failed = (error: unknown) => log.error({ fault: faultOf(error) }, 'the audit trail cannot be written');
  const timer = setInterval(() => void make(A_ROUND).catch(failed), EVERY_MS).unref();
  const recordOf = (accessed: Accessed): AuditRecord => toRecord(accessed, now());

  const refusedRecord = (refusal: Refusal): AuditRecord => ({
    id: newId(),
    time: now().toISOString(),
    ...refusal,
    outcome: 'refused',
    patients: [],
  });

  const door = createDoor(
    (refusal) => trail.record(refusedRecord(refusal)),
    () => now().getTime(),
  );
  const summing = setInterval(() => void door.sum().catch(failed), SUMMED_EVERY_MS).unref();

  return {
    refused: (refusal) => door.refused(refusal).catch(failed),
    refusals: door.counts,
    record(accessed, isNoted) {
      const record = recordOf(accessed);
      const keep = () => trail.record(record, isNoted);
      return REFUSED.has(accessed.status) && !isNoted ? door.refused(record, keep) : keep();
    },
    note: (accessed) => trail.note(recordOf(accessed)),
    async catchUp() {
      await trail.flush();
      await making?.catch(() => false);
      if (!(await make(WHEN_ASKED))) throw new IssueError(issue('store-busy'));
      const { archives = [] } = (await readStart(store)).start;
      const last = archives.at(-1);
      return last === undefined ? [] : [issue('audit-archived', { until: last.until, file: last.file })];
    },
    token(client, status, peer) {
      const asked = { what: 'token', method: 'POST', client: client ?? '', peer } as const;
      if (status >= 400) return door.refused({ ...asked, client: '' }, () => trail.record(refusedRecord(asked)));
      return trail.record({ ...refusedRecord(asked), outcome: 'success' });
    },
    async visit(request, access, isAllowed) {
      const record: AuditRecord = {
        id: newId(),
        time: now().toISOString(),
        what: 'messages',
        method: request.method ?? '',
        client: access?.client ?? '',
        ...(access?.user === undefined ? {} : { user: access.user }),
        ...(access?.token === undefined ? {} : { token: access.token }),
        peer: request.socket.remoteAddress ?? '',
        query: request.url?.slice(0, 2_000) ?? '',
        outcome: isAllowed ? 'success' : 'refused',
        patients: [],
      };
      try {
        await (isAllowed ? trail.record(record) : door.refused(record, () => trail.record(record)));
      } catch (error) {
        failed(error);
        throw new IssueError(issue('audit-unavailable'));
      }
    },
    forgotten({ what, count, from, to }) {
      const times = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
      const record: AuditRecord = {
        id: newId(),
        time: now().toISOString(),
        what: 'forget',
        method: '',
        client: 'chartbridge',
        peer: '',
        query: `${what} of ${count} messages received ${times}`,
        outcome: 'success',
        patients: [],
      };
      return { documents: [trail.note(record)], kept: () => void trail.record(record, true).catch(failed) };
    },
    intakeStore: overStore(store, {
      journal: {
        ...store.journal,
        async receive(arrival) {
          const received = await store.journal.receive(arrival);
          // of others the change that ends them tells; who may not send at all is told of by the door
          if (received.kind === 'new' && arrival.status === 'rejected' && !isForbidden(arrival))
            await trail.record(messageRecord({ ...received.row, of: received.row }, [], now(), newId));
          return received;
        },
      },
      async commit(change) {
        const records = messageRecords(change, now(), newId);
        if (records.length === 0) return store.commit(change);
        const commit = await store.commit({
          ...change,
          documents: [...(change.documents ?? []), ...records.map((record) => trail.note(record))],
        });
        // it is kept with the change already; the chain may follow
        if (commit.ok) for (const record of records) trail.record(record, true).catch(failed);
        return commit;
      },
    }),
    async check() {
      const health = await trail.check();
      await chain.step();
      return { ...health, brokenAt: chain.brokenAt };
    },
    async close() {
      clearInterval(timer);
      clearInterval(summing);
      await door.sum().catch(failed);
      await making?.catch(failed);
      await trail.idle();
      spool?.close();
    },
  };
}

/** A process of this number may be another's; one of our own number is us, started anew. */
function isRunningElsewhere(process: number): boolean {
  if (process === pid) return false;
  try {
    return kill(process, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function toRecord({ id, interaction, method, access, peer, server, target, query, status, patients }: Accessed, time: Date): AuditRecord {
  const name = target.id === '' ? target.type : `${target.type}/${target.id}`;
  return {
    id,
    time: time.toISOString(),
    what: interaction,
    method,
    client: access?.client ?? '',
    ...(access?.user === undefined ? {} : { user: access.user }),
    ...(access?.token === undefined ? {} : { token: access.token }),
    peer,
    ...(server === undefined ? {} : { server }),
    ...(name === '' ? {} : { target: name }),
    ...(query === undefined ? {} : { query }),
    outcome: status < 400 ? 'success' : status < 500 ? 'refused' : 'failed',
    patients,
  };
}

function messageRecords({ messages = [], writes = [] }: Change, time: Date, newId: () => string): AuditRecord[] {
  return messages.filter(({ status }) => ENDED.has(status)).map((step) => messageRecord(step, writes, time, newId));
}

function isForbidden({ issues = '[]' }: Arrival): boolean {
  return (JSON.parse(issues) as Issue[]).some(({ id }) => id === 'forbidden');
}

function messageRecord(
  { id, status, of }: Pick<MessageUpdate, 'id' | 'status' | 'of'>,
  writes: readonly Write[],
  time: Date,
  newId: () => string,
): AuditRecord {
  const notes = visitNotes();
  notes.writes(writes);
  return {
    id: newId(),
    time: time.toISOString(),
    what: 'message',
    method: '',
    client: of?.sender.slice(0, LONGEST_SENDER) ?? '',
    ...doorOfChannel(of?.channel),
    query: `message ${id}`,
    outcome: status === 'processed' || status === 'filtered' ? 'success' : 'refused',
    patients: [...notes.patients],
  };
}
