/** One figure of a run, and what it is held against. */
export interface Held {
  /** As the run names it. */
  readonly figure: string;
  readonly is: '=' | '≤' | '≥';
  readonly than: number;
}

/** What one run is to show. */
export interface Aim {
  /** The name its figures are kept under. Shape: T-01 crash */
  readonly run: string;
  readonly promise: string;
  /** `.ci/run` runs what `npm test` runs, in the same or in a smaller size. */
  readonly runsIn: string;
  /** The file that writes the figures; left out: there is none. */
  readonly by?: string;
  readonly held: readonly Held[];
  /** What is missing, where something is. */
  readonly open?: string;
}

const BOTH = '.ci/run, test:long';
const LONG = 'test:long';
const none = (...figures: string[]): Held[] => figures.map((figure) => ({ figure, is: '=', than: 0 }));
const exactly = (figure: string, than: number): Held => ({ figure, is: '=', than });
const most = (figure: string, than: number): Held => ({ figure, is: '≤', than });
const least = (figure: string, than: number): Held => ({ figure, is: '≥', than });

const CRASH = none('acknowledged and lost', 'doubled', 'patients out of order', 'resources unlike an undisturbed run');

/** Every run whose figures the page shows, in its order. */
export const AIMS: readonly Aim[] = [
  {
    run: 'T-01 crash',
    promise: 'what was acknowledged survives `kill -9` under load, once and in order',
    runsIn: BOTH,
    by: 'test/long/crash.test.ts',
    held: [least('messages', 5000), least('kill -9', 10), ...CRASH, most('slowest first answer after a restart, ms', 5000)],
  },
  {
    run: 'T-01 crash, MongoDB',
    promise: 'the same over MongoDB',
    runsIn: BOTH,
    by: 'test/long/crash-mongo.test.ts',
    held: [least('messages', 5000), least('kill -9', 10), ...CRASH],
  },
  {
    run: 'T-02 order of flush and answer',
    promise: 'no answer before the disk has what it promises',
    runsIn: BOTH,
    by: 'test/end-to-end/durability.test.ts',
    held: [
      least('answers over a fresh database', 100),
      least('answers over a database opened again', 100),
      ...none(
        'of them before what they promise was flushed, a fresh database',
        'of them before what they promise was flushed, a database opened again',
      ),
    ],
  },
  {
    run: 'T-02 order of flush and answer, the control',
    promise: 'a gateway that keeps nothing fails the same check',
    runsIn: BOTH,
    by: 'test/end-to-end/durability.test.ts',
    held: [least('found out to be before a flush', 100)],
  },
  {
    run: 'T-03 torn files',
    promise: 'a log cut anywhere is a beginning of what was committed',
    runsIn: BOTH,
    by: 'test/long/torn-file.test.ts',
    held: [
      least('cuts', 1000),
      ...none('copies that fail integrity_check', 'copies with a gap in the order of commits', 'copies with a message half applied'),
    ],
  },
  {
    run: 'T-04 fuzz, in process',
    promise: 'every broken message is answered, none crashes or holds up',
    runsIn: BOTH,
    by: 'test/long/fuzz.test.ts',
    held: [least('mutated messages', 200_000), ...none('crashes', 'left without an answer'), most('slowest, ms of the processor', 1000)],
  },
  {
    run: 'T-04 fuzz, over sockets',
    promise: 'the same over MLLP and HTTP',
    runsIn: LONG,
    by: 'test/long/fuzz-sockets.test.ts',
    held: [
      least('mutated messages', 10_000),
      ...none('answers 5xx', 'errors of the gateway in its log'),
      most('the twenty slowest sent again one by one, the slowest of them, ms', 1000),
    ],
  },
  {
    run: 'T-05 framing, any cutting of any stream',
    promise: 'how a stream is cut changes no message',
    runsIn: BOTH,
    by: 'test/wire/frame.test.ts',
    held: [least('cases', 20_000), ...none('cases with another message for another cutting')],
  },
  {
    run: 'T-05 framing, one write',
    promise: 'a thousand frames of one write are a thousand answers in their order',
    runsIn: BOTH,
    by: 'test/wire/mllp.test.ts',
    held: [exactly('answered in their order', 1000)],
  },
  {
    run: 'T-06 huge and slow senders',
    promise: 'memory is bounded, healthy senders are served',
    runsIn: LONG,
    by: 'test/long/huge-and-slow.test.ts',
    held: [
      exactly('of them closed at 16 MiB with AR', 50),
      exactly('of them AA', 30),
      most('most memory (RSS), MB', 512),
      most('healthy p99 meanwhile, in those before', 2),
    ],
  },
  {
    run: 'T-07 latency',
    promise: 'at 100 messages a second senders wait milliseconds',
    runsIn: 'bench -- intake',
    by: 'bench/intake.ts',
    held: [
      most('accepted, p99 at 100 msg/s, ms', 25),
      most('processed, p99 at 100 msg/s, ms', 250),
      most('event loop lag, p99 at 100 msg/s, ms', 50),
      most('memory (RSS) at 100 msg/s, MB', 400),
      least('MLLP, durable accept acknowledgments, msg/s', 1000),
    ],
  },
  {
    run: 'T-08 reads while messages arrive',
    promise: 'readers and senders do not stand in each other’s way',
    runsIn: 'bench -- reads',
    by: 'bench/reads.ts',
    held: [
      least('resources', 100_000),
      most('read by id, p99, ms', 50),
      most('search Observation by patient and code, p99, ms', 200),
      most('search with _include, p99, ms', 200),
    ],
  },
  {
    run: 'T-09 fuzz FHIR',
    promise: 'every broken request is a 4xx with an OperationOutcome',
    runsIn: LONG,
    by: 'test/long/fhir-fuzz.test.ts',
    held: [
      least('requests', 50_000),
      ...none('answers 5xx, or errors without an OperationOutcome'),
      most('the fifty slowest sent again one by one, the costliest of them, ms of the processor', 1000),
    ],
  },
  {
    run: 'T-10 a full disk',
    promise: 'no AA for what is not stored, and it goes on without a restart',
    runsIn: BOTH,
    by: 'test/end-to-end/faults.test.ts',
    held: [
      ...none('AA for what is not stored'),
      most('until /readyz tells, ms', 5000),
      most('until it is ready again after there is space, without a restart, ms', 5000),
    ],
  },
  {
    run: 'T-10 a full disk at a start',
    promise: 'it starts on a full disk, and says so',
    runsIn: BOTH,
    by: 'test/retention/full-disk.test.ts',
    held: [
      exactly('started on the full disk, answer of /readyz', 503),
      exactly('answer of /livez', 200),
      exactly('taken again once there is space', 1),
    ],
  },
  {
    run: 'T-11 a store that is locked',
    promise: 'senders are told to send again, and nothing is lost',
    runsIn: BOTH,
    by: 'test/long/store-down.test.ts',
    held: [
      least('locked, s', 30),
      most('slowest answer meanwhile, ms', 2000),
      ...none('AA meanwhile', 'messages lost or doubled after they were sent again'),
      most('until it is ready again, ms', 10_000),
      most('event loop lag p99, ms', 200),
    ],
  },
  {
    run: 'T-12 a system call that fails',
    promise: 'no answer is untrue; after a failed flush nothing is taken',
    runsIn: BOTH,
    by: 'test/long/failing-io.test.ts',
    held: [
      least('runs with one failing call', 100),
      ...none('runs with an untrue answer, a message lost or doubled, or a damaged file', 'runs where /readyz did not tell'),
    ],
  },
  {
    run: 'T-13 network faults',
    promise: 'an answer that was lost is the same when the message is sent again',
    runsIn: BOTH,
    by: 'test/long/network.test.ts',
    held: [least('rounds', 1000), ...none('resends with another answer', 'messages without exactly one effect')],
  },
  {
    run: 'T-14 races',
    promise: 'of many who do the same at once exactly one makes it',
    runsIn: BOTH,
    by: 'test/long/races.test.ts',
    held: [
      least('rounds', 100),
      least('callers at once', 50),
      ...none('rounds where not exactly one made it, an update was lost, or a patient was doubled'),
    ],
  },
  {
    run: 'T-15 character sets',
    promise: 'every byte that means something comes back as it was',
    runsIn: BOTH,
    by: 'test/hl7v2/charset.test.ts',
    held: none('bytes that came back as others'),
  },
  {
    run: 'T-16 batches',
    promise: 'one bad message of a thousand is one error, and a kill in the middle is gone on from',
    runsIn: BOTH,
    by: 'test/long/batch.test.ts',
    held: [
      exactly('stored', 999),
      exactly('in error', 1),
      exactly('batches of answers', 1),
      exactly('counted by its BTS', 1000),
      ...none('lost or doubled after a kill in the middle and the batch sent again'),
    ],
  },
  {
    run: 'T-17 a stop under load',
    promise: 'every message that was on its way has its answer',
    runsIn: BOTH,
    by: 'test/long/crash.test.ts',
    held: [least('SIGTERM', 10), ...CRASH, ...none('ends with another exit code than 0'), most('slowest end, ms', 10_000)],
  },
  {
    run: 'T-17 two gateways over one MongoDB, killed in turn',
    promise: 'the other finishes what the dead one had',
    runsIn: BOTH,
    by: 'test/long/crash-mongo.test.ts',
    held: [least('kill -9', 5), ...CRASH],
  },
  {
    run: 'T-17 two gateways over one MongoDB, stopped in turn',
    promise: 'a rolling restart loses and doubles nothing',
    runsIn: BOTH,
    by: 'test/long/crash-mongo.test.ts',
    held: [least('SIGTERM', 5), ...CRASH],
  },
  {
    run: 'T-18 poison and order',
    promise: 'a message that always fails stops nobody else, and the order of each patient stays',
    runsIn: BOTH,
    by: 'test/intake/poison-and-clock.test.ts',
    held: [least('messages', 1000), exactly('of them ended in error', 2), exactly('others applied', 998), ...none('patients out of order')],
  },
  {
    run: 'T-19 what identifies a patient',
    promise: 'it stands in no log, figure, alert, address or error text',
    runsIn: BOTH,
    by: 'test/secure/canary.test.ts',
    held: none('words found in the log, alerts, notifications and figures', 'other files that hold one'),
  },
  {
    run: 'T-20 search for messages',
    promise: 'an operator finds a message at once',
    runsIn: LONG,
    by: 'test/long/search-messages.test.ts',
    held: [
      least('messages', 100_000),
      most('by mrn, p95 ms', 300),
      most('by order, p95 ms', 300),
      most('by control id, p95 ms', 300),
      most('by a common name, p95 ms', 300),
      most('by an hour, p95 ms', 300),
    ],
  },
  {
    run: 'T-21 audit, one record changed',
    promise: 'one changed record among ten thousand is found',
    runsIn: BOTH,
    by: 'test/audit/trail.test.ts',
    held: [least('records', 10_000), exactly('found', 1)],
  },
  {
    run: 'T-21 audit of every route',
    promise: 'every access leaves its AuditEvent',
    runsIn: BOTH,
    by: 'test/secure/authorisation-matrix.test.ts',
    held: none('routes that leave no AuditEvent'),
  },
  {
    run: 'T-22 break glass',
    promise: 'access in an emergency is granted with a reason, told at once, and ends by itself',
    runsIn: 'nowhere',
    held: [],
    open: 'no such access can be given; who has no right is refused',
  },
  {
    run: 'T-23 backup under load',
    promise: 'a backup taken under load is whole and can be restored',
    runsIn: BOTH,
    by: 'test/long/backup.test.ts',
    held: [
      ...none('acknowledged before it began and not in it', 'resources that differ from the restored ones'),
      exactly('damaged copies refused', 2),
      most('restored in, ms', 300_000),
    ],
  },
  {
    run: 'T-24 a clock that steps',
    promise: 'versions rise and their times never fall, whatever the clock does',
    runsIn: BOTH,
    by: 'test/intake/poison-and-clock.test.ts',
    held: none('versions out of order', 'times that fall'),
  },
  {
    run: 'T-24 a clock that leaps, and retention',
    promise: 'a clock ten years ahead deletes nothing before its time',
    runsIn: BOTH,
    by: 'test/retention/retention.test.ts',
    held: none('times a message was forgotten before its time'),
  },
  {
    run: 'T-25 soak',
    promise: 'two minutes of a steady load leave nothing behind',
    runsIn: LONG,
    by: 'test/long/soak.test.ts',
    held: [
      least('seconds', 120),
      least('messages a second', 49),
      most('heap after collection, last half against first, %', 10),
      most('open files more than at the beginning', 4),
      ...none('answers other than AA'),
    ],
  },
  {
    run: 'T-26 authorisation matrix',
    promise: 'nobody gets what is not theirs, by any route',
    runsIn: BOTH,
    by: 'test/secure/authorisation-matrix.test.ts',
    held: [least('cells', 2000), ...none('unexpected answers 2xx', 'routes without a row')],
  },
  {
    run: 'T-27 simulation',
    promise: 'whatever the store refuses and when, each message has one effect, in order',
    runsIn: LONG,
    by: 'test/long/simulation.test.ts',
    held: [least('seeds', 5000), ...none('seeds with a message lost, doubled, out of order or answered otherwise')],
  },
  {
    run: 'Speed',
    promise: 'a report of twelve results is stored, validated and searchable, three hundred a second',
    runsIn: 'bench -- gateway',
    by: 'bench/gateway.ts',
    held: [least('MLLP to stored, ORU with 12 OBX, 8 connections, msg/s', 300)],
  },
  {
    run: 'Flatness',
    promise: 'the hundred-thousandth message takes no longer than the ten-thousandth',
    runsIn: 'bench -- flat',
    by: 'bench/flat.ts',
    held: [
      least('messages', 100_000),
      most('the last window against the second, time of a message, %', 120),
      most('the last window against the second, processor of a message, %', 120),
    ],
  },
  {
    run: 'Flatness, small messages',
    promise: 'the same of a million small messages',
    runsIn: 'bench -- million',
    by: 'bench/flat.ts',
    held: [
      least('messages', 1_000_000),
      most('the last window against the second, time of a message, %', 120),
      most('the last window against the second, processor of a message, %', 120),
    ],
  },
];
