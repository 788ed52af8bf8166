import { afterAll, beforeAll, expect, test } from 'vitest';
import { issue } from '../../src/issue/issue.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import type { Store } from '../../src/store/store.ts';
import { seeded } from '../end-to-end/senders.ts';
import { message, openIntake, openStore, type TestIntake } from '../intake/harness.ts';
import { publish } from './figures.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 5000);
const PATIENTS = 3;
const STEPS = 4;
let store: Store;
beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store.close());

type Random = () => number;

const happened = { refused: 0, uncertain: 0, restarts: 0 };

/** A store that refuses, delays and answers out of order as the seed has it; what it has said to be kept is kept. */
function unreliable(over: Store, random: Random, share: number): Store {
  const wait = async () => {
    for (let turns = Math.floor(random() * 6); turns > 0; turns -= 1) await new Promise((next) => setImmediate(next));
  };
  /** Refused before it was done, or done and its answer lost: a caller cannot tell, and must do right by both. */
  const tried = async <T>(work: () => Promise<T>, mayLoseTheAnswer: boolean): Promise<T> => {
    await wait();
    const luck = random();
    if (luck < share) {
      happened.refused += 1;
      throw new IssueError(issue(luck < share / 2 ? 'store-busy' : 'store-unavailable', { reason: 'simulated' }));
    }
    const answer = await work();
    await wait();
    if (mayLoseTheAnswer && random() < share / 2) {
      happened.uncertain += 1;
      throw new IssueError(issue('store-uncertain'));
    }
    return answer;
  };
  return instead(over, {
    commit: (change) => tried(() => over.commit(change), true),
    readMany: (references) => tried(() => over.readMany(references), false),
    owners: (keys) => tried(() => over.owners(keys), false),
    documents: (keys) => tried(() => over.documents(keys), false),
    journal: instead(over.journal, {
      receive: (arrival) => tried(() => over.journal.receive(arrival), true),
      get: (id) => tried(() => over.journal.get(id), false),
    }),
  });
}

/** An object with other functions in place of some of its own. */
function instead<T extends object>(whole: T, others: Partial<T>): T {
  return new Proxy(whole, {
    get(target, name) {
      const found = (others[name as keyof T] ?? target[name as keyof T]) as unknown;
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
}

/** One seed: what is wrong at its end; nothing where each message had one effect, in the order of its patient. */
async function simulate(seed: number): Promise<string[]> {
  const random = seeded(seed * 7919 + 1);
  // A message reads a dozen times: with more than this few would ever come to their end.
  const share = random() * 0.12;
  const open = (): Promise<TestIntake> =>
    openIntake({ store, over: (under) => unreliable(under, random, share), retry: { firstMs: 0, mostMs: 1, random }, ackTimeoutMs: 1000 });
  let gate = await open();
  const wrong: string[] = [];
  const lives = Array.from({ length: PATIENTS }, async (_, patient) => {
    for (let step = 0; step < STEPS; step += 1) {
      const text = message({
        id: `S${seed}-${patient}-${step}`,
        type: 'ADT^A08^ADT_A01',
        time: `2026010512${String(step).padStart(2, '0')}00+0000`,
        pid: `1||S${seed}P${patient}^^^HOSP^MR||Step${step}^Ann||19800101|F`,
      });
      // Sent again until it is taken; now and then by a gateway that was started anew in the middle.
      for (let tries = 0; ; tries += 1) {
        if (random() < 0.03) {
          happened.restarts += 1;
          const gone = gate;
          gate = await open();
          gone.intake.stop();
          await gone.intake.idle();
          await gate.intake.resume().catch(() => undefined);
        }
        const heard = await gate.send(text).catch(() => undefined);
        const code = heard?.application?.code;
        if (code === 'AA') break;
        if (code === 'AE' || tries > 200) {
          wrong.push(`${patient}-${step} is answered ${heard?.application?.text}`);
          break;
        }
      }
    }
  });
  await Promise.all(lives);
  gate.intake.stop();
  await gate.intake.idle();
  for (let patient = 0; patient < PATIENTS; patient += 1) {
    const rows = await store.journal.search({ count: 100, mrn: `S${seed}P${patient}` });
    if (rows.rows.length !== STEPS || rows.rows.some(({ status }) => status !== 'processed'))
      wrong.push(`${patient}: ${rows.rows.map(({ status }) => status).join(' ')}`);
    const [owner] = (await ownersOf(seed, patient)).filter((one) => one !== undefined);
    const { versions } = await store.history({ type: 'Patient', id: (owner ?? '').slice('Patient/'.length), count: 50 });
    const steps = versions.map(({ json }) => Number(/Step(\d)/.exec(json)?.[1])).toReversed();
    if (steps.join() !== Array.from({ length: STEPS }, (_, step) => step).join()) wrong.push(`${patient}: steps ${steps.join()}`);
  }
  return wrong;
}

let keyOfFirst: string | undefined;
/** The owner of a patient's number: the keys are those of the first patient, with another number. */
async function ownersOf(seed: number, patient: number): Promise<(string | undefined)[]> {
  keyOfFirst ??= (await store.listClaims('', 1000)).find(({ key, owner }) => owner.startsWith('Patient/') && key.includes('S0P0'))?.key;
  return store.owners([(keyOfFirst ?? '').replace('S0P0', `S${seed}P${patient}`)]);
}

test('5,000 seeds of a store that refuses, loses answers and is started anew: each message has one effect, in order', {
  timeout: 3_600_000,
}, async () => {
  const first = Number(process.env['SEED'] ?? 0);
  const wrong: string[] = [];
  for (let seed = first; seed < first + SEEDS; seed += 1) wrong.push(...(await simulate(seed)).map((what) => `seed ${seed}: ${what}`));
  publish('T-27 simulation', {
    seeds: SEEDS,
    messages: SEEDS * PATIENTS * STEPS,
    'refusals of the store': happened.refused,
    'answers of the store lost': happened.uncertain,
    'starts in the middle': happened.restarts,
    'seeds with a message lost, doubled, out of order or answered otherwise': new Set(wrong.map((line) => line.split(':')[0])).size,
  });
  expect(wrong.slice(0, 10)).toEqual([]);
});
