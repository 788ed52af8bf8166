import type { Patient } from 'fhir/r4.js';
import { EVERYTHING, searchOf } from '../../src/fhir/search-query.ts';
import type { MessageRow } from '../../src/store/journal.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from '../../src/start/open-store.ts';
import { openIntake, storeSettings } from '../intake/harness.ts';
import { type RunningGateway, startGatewayProcess } from './gateway.ts';
import { httpSender, mllpSender, saidOf, seeded, type Sender } from './senders.ts';

/** How a crash run goes. */
export interface CrashPlan {
  /** Shape: sqlite:/tmp/crash.db, mongodb://127.0.0.1:27017/crash */
  readonly database: string;
  readonly messages: number;
  readonly connections: number;
  readonly kills: number;
  readonly seed: number;
  /**
   * Gateways over the one database. With two, the one that was killed stays away until the other is: what it had under way is the
   * other's to finish.
   */
  readonly gateways?: 1 | 2;
  /** How a gateway is ended; SIGKILL where it is left out. */
  readonly signal?: 'SIGKILL' | 'SIGTERM';
}

/** What a crash run found: everything but the first figures is to be zero. */
export interface CrashReport {
  readonly seed: number;
  readonly messages: number;
  readonly kills: number;
  readonly resent: number;
  /** From the start of the process, with two gateways from the end of one, to the first answer after it. Units: ms */
  readonly slowestRestartMs: number;
  /** From the signal to the end of the process. Units: ms */
  readonly slowestEndMs: number;
  /** Gateways that ended with another exit code than 0; all of them, where they were killed. */
  readonly otherExits: number;
  readonly seconds: number;
  /** Acknowledged and not applied, or not in the journal, or under another answer than the sender got. */
  readonly lost: readonly string[];
  /** Rows, resources or versions that an undisturbed run does not have. */
  readonly doubled: readonly string[];
  /** Patients whose versions are not in the order in which their messages were sent. */
  readonly disordered: readonly string[];
  /** Resources that differ from an undisturbed run, but for times. */
  readonly different: readonly string[];
}

const STEPS = 10;

/** Step by step one patient's life: admission, eight changes of name, each with a result, discharge. */
function messageOf(patient: number, step: number, acceptOnly: boolean): string {
  const event = step === 0 ? 'A01' : step === STEPS - 1 ? 'A03' : step % 2 === 1 ? 'A08' : 'R01';
  const type = event === 'R01' ? 'ORU^R01^ORU_R01' : `ADT^${event}^ADT_${event === 'A03' ? 'A03' : 'A01'}`;
  const time = `202601${String(step + 1).padStart(2, '0')}080000+0000`;
  const pid = `PID|1||${1000 + patient}^^^HOSP^MR||Sample^Step${step}||1980010${(patient % 9) + 1}|F`;
  const visit = `PV1|1|I|WARD^1^1||||||||||||||||V${patient}^^^HOSP^VN|||||||||||||||||||||||||20260101080000+0000`;
  return [
    `MSH|^~\\&|CRASH|HOSP|CB|CB|${time}||${type}|C${patient}-${step}|P|2.5.1|||${acceptOnly ? 'AL|NE' : '|'}`,
    ...(event === 'R01' ? [] : [`EVN|${event}|${time}`]),
    pid,
    visit,
    ...(event === 'R01'
      ? [
          `OBR|1|P${patient}-${step}^HOSP|F${patient}-${step}^HOSP|24323-8^Panel^LN|||${time}|||||||||||||||${time}|||F`,
          `OBX|1|NM|2001-1^Analyte^LN||${step}.${patient % 10}|mg/dL^^UCUM||N|||F|||${time}`,
        ]
      : []),
    '',
  ].join('\r');
}

/** Sends, kills, starts again, and at the end opens the database and compares it with a run that nobody disturbed. */
export async function crashRun(plan: CrashPlan): Promise<CrashReport> {
  const begun = performance.now();
  const random = seeded(plan.seed);
  const start = () => startGatewayProcess({ DATABASE_URL: plan.database, LOG_LEVEL: 'warn', ACK_TIMEOUT_MS: '60000' });
  const running: RunningGateway[] = await Promise.all(Array.from({ length: plan.gateways ?? 1 }, start));
  let restart: Promise<void> | undefined;
  let startedAt: number | undefined;
  let slowestRestartMs = 0;
  let slowestEndMs = 0;
  let otherExits = 0;
  let resent = 0;
  const acknowledged = new Map<string, string>();
  const patients = Math.floor(plan.messages / STEPS);
  const total = patients * STEPS;
  const killAt = Array.from({ length: plan.kills }, (_, index) => Math.floor(((index + 0.2 + 0.6 * random()) * total) / plan.kills));

  const kill = (): void => {
    restart = (async () => {
      // Not right after an answer, where nothing may be under way.
      await new Promise((wake) => setTimeout(wake, random() * 40));
      // With two, the one that was away comes back before the other goes.
      if (running.length < (plan.gateways ?? 1)) running.push(await start());
      const [ending] = running.splice(Math.floor(random() * running.length), 1);
      const signalled = performance.now();
      await ending?.kill(plan.signal ?? 'SIGKILL');
      const from = performance.now();
      slowestEndMs = Math.max(slowestEndMs, from - signalled);
      otherExits += Number(ending?.process.exitCode !== 0);
      if (running.length === 0) running.push(await start());
      startedAt = from;
      restart = undefined;
    })();
  };
  const heard = (controlId: string, answer: string): void => {
    acknowledged.set(controlId, answer);
    if (startedAt !== undefined) slowestRestartMs = Math.max(slowestRestartMs, performance.now() - startedAt);
    startedAt = undefined;
    if (restart === undefined && killAt[0] !== undefined && acknowledged.size >= killAt[0]) {
      killAt.shift();
      kill();
    }
  };

  /** One connection: every second over HTTP; of those over MLLP every second is content with the accept acknowledgment. */
  const connection = async (number: number): Promise<void> => {
    const overHttp = number % 2 === 1;
    const acceptOnly = number % 4 === 2;
    let sender: Sender | undefined;
    for (let patient = number; patient < patients; patient += plan.connections) {
      for (let step = 0; step < STEPS; step += 1) {
        const controlId = `C${patient}-${step}`;
        for (let tries = 0; ; tries += 1) {
          if (tries > 0) resent += 1;
          try {
            sender ??= await connectTo(running[number % running.length], overHttp);
            const answer = await sender.send(messageOf(patient, step, acceptOnly));
            const [code, echoed] = saidOf(answer);
            if (code === (acceptOnly ? 'CA' : 'AA') && echoed === controlId) {
              heard(controlId, answer);
              break;
            }
            if (tries > 50) throw new TypeError(`${controlId} is answered ${answer}`);
          } catch (error) {
            if (error instanceof TypeError && error.message.includes('is answered')) throw error;
          }
          sender?.close();
          sender = undefined;
          if (running.length === 0) await restart;
          await new Promise((wake) => setTimeout(wake, 5));
        }
      }
    }
    sender?.close();
  };
  await Promise.all(Array.from({ length: plan.connections }, (_, number) => connection(number)));
  await restart;
  for (const gateway of running) await untilNothingWaits(gateway);
  await Promise.all(running.map((gateway) => gateway.kill('SIGTERM')));

  const expected = await undisturbed(patients, plan.connections);
  const { store } = await openStore(plan.database, storeSettings());
  try {
    const found = await contentOf(store);
    const rows = await rowsOf(store);
    return {
      seed: plan.seed,
      messages: total,
      kills: plan.kills - killAt.length,
      resent,
      slowestRestartMs: Math.round(slowestRestartMs),
      slowestEndMs: Math.round(slowestEndMs),
      otherExits,
      seconds: Math.round((performance.now() - begun) / 1000),
      lost: lostIn(acknowledged, rows, total),
      doubled: [
        ...rows.map(({ controlId }) => controlId).filter((id, index, all) => all.indexOf(id) !== index),
        ...[...found].filter(([name, { version }]) => (expected.get(name)?.version ?? 0) < version).map(([name]) => name),
      ],
      disordered: await disorderedIn(store, patients),
      different: [...new Set([...expected.keys(), ...found.keys()])].filter((name) => found.get(name)?.text !== expected.get(name)?.text),
    };
  } finally {
    await store.close();
  }
}

async function connectTo(gateway: RunningGateway | undefined, overHttp: boolean): Promise<Sender> {
  if (gateway === undefined) throw new RangeError('no gateway runs');
  return overHttp ? httpSender(gateway.http) : mllpSender(gateway.mllp.host, gateway.mllp.port);
}

async function untilNothingWaits(gateway: RunningGateway): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${gateway.http}/metrics`)).text();
    const waiting = [...text.matchAll(/chartbridge_journal_messages\{status="(?:received|queued)"\} (\d+)/g)];
    if (waiting.every(([, count]) => count === '0')) return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** The same messages, each patient's in order, with nothing in the way. */
async function undisturbed(patients: number, connections: number): Promise<Map<string, { version: number; text: string }>> {
  const model = await openIntake();
  for (let patient = 0; patient < patients; patient += 1) {
    for (let step = 0; step < STEPS; step += 1) await model.send(messageOf(patient, step, (patient % connections) % 4 === 2));
  }
  const content = await contentOf(model.store);
  await model.close();
  return content;
}

/**
 * Every resource with its version, and its text without the times of the store. The Provenance of a message is named by its row, which is
 * another in each run; AuditEvents are made every half minute, and an undisturbed run has no trail.
 */
async function contentOf(store: Store): Promise<Map<string, { version: number; text: string }>> {
  const content = new Map<string, { version: number; text: string }>();
  for (let after: string | undefined; ; ) {
    const page = await store.search({ ...searchOf('', EVERYTHING, { count: 500, ...(after === undefined ? {} : { after }) }), types: [] });
    if (!page.ok) throw new TypeError('the search failed');
    for (const { type, id, version, json } of page.value.matches) {
      if (type === 'AuditEvent' || (type === 'Provenance' && json.includes('urn:chartbridge:message'))) continue;
      content.set(`${type}/${id}`, { version, text: json.replace(/"lastUpdated":"[^"]*"/, '') });
    }
    after = page.value.next;
    if (after === undefined) return content;
  }
}

async function rowsOf(store: Store): Promise<MessageRow[]> {
  const rows: MessageRow[] = [];
  for (let before: number | undefined; ; ) {
    const page = await store.journal.search({ count: 500, ...(before === undefined ? {} : { before }) });
    rows.push(...page.rows);
    before = page.next;
    if (before === undefined) return rows;
  }
}

function lostIn(acknowledged: ReadonlyMap<string, string>, rows: readonly MessageRow[], total: number): string[] {
  const byId = new Map(rows.map((row) => [row.controlId, row]));
  const lost = [...acknowledged]
    .filter(([controlId, answer]) => {
      const row = byId.get(controlId);
      return row?.status !== 'processed' || (saidOf(answer)[0] === 'AA' && row.ack !== answer);
    })
    .map(([controlId]) => controlId);
  return acknowledged.size === total ? lost : [...lost, `${total - acknowledged.size} never answered`];
}

/** Patients whose history does not tell the steps in their order, each once. */
async function disorderedIn(store: Store, patients: number): Promise<string[]> {
  const page = await store.search(searchOf('Patient', EVERYTHING, { count: patients + 1 }));
  const wrong: string[] = [];
  for (const { id } of page.ok ? page.value.matches : []) {
    const { versions } = await store.history({ type: 'Patient', id, count: STEPS * 2 });
    const steps = versions.map(({ json }) => Number(/Step(\d+)/.exec((JSON.parse(json) as Patient).name?.[0]?.given?.[0] ?? '')?.[1]));
    if (steps.toReversed().some((step, index) => step !== index) || steps.length !== STEPS) wrong.push(id);
  }
  return wrong;
}
