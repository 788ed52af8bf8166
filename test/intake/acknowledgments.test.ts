import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issue } from '../../src/issue/issue.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { overStore } from '../../src/store/over-store.ts';
import type { Store } from '../../src/store/store.ts';
import { message, openIntake, projectTranslator, type TestIntake } from './harness.ts';

let gate: TestIntake;
let next = 0;
const id = () => `T${(next += 1)}`;
beforeAll(async () => {
  gate = await openIntake();
});
afterAll(() => gate.close());

/** What makes a message end in each of the ways there are. */
const GOOD = {};
const FAULTY = { pid: '1||||Sample^Ann||19800101|F' };
const REJECTED = { type: 'ZZZ^Z99' };

describe('the same bytes while they are worked on', () => {
  test('change nothing, whatever the mapping files have come to: both get the answer of the work', async () => {
    let supported = projectTranslator.supported;
    let go: () => void = () => undefined;
    let isDecided = false;
    const held = new Promise<void>((resolve) => (go = resolve));
    const busy = await openIntake({
      translator: () => ({ ...projectTranslator, supported }),
      over: (inner) =>
        overStore(inner, {
          async commit(change) {
            isDecided = true;
            await held;
            return inner.commit(change);
          },
        }),
    });
    try {
      const sent = message({ id: id(), accept: 'AL', application: 'AL' });
      const first = busy.send(sent);
      await expect.poll(() => isDecided).toBe(true);
      supported = new Map();
      const second = busy.send(sent);
      await expect.poll(async () => (await busy.rows())[0]?.repeats).toBe(1);
      go();
      const [one, other] = await Promise.all([first, second]);
      expect([one.accept?.code, one.application?.code, other.application?.code]).toEqual(['CA', 'AA', 'AA']);
      expect(await busy.rows()).toMatchObject([{ status: 'processed' }]);
    } finally {
      go();
      await busy.close();
    }
  });
});

describe('original mode', () => {
  test('a message that is applied is AA, with the sender and receiver swapped and its own control id', async () => {
    const sent = await gate.send(message({ id: 'ORIG1' }));
    expect(sent.accept).toBeUndefined();
    const [msh, msa] = (sent.application?.text ?? '').split('\r').map((line) => line.split('|'));
    expect(msh?.slice(2, 6)).toEqual(['CB', 'CB', 'LAB', 'HOSP']);
    expect(msh?.[8]).toBe('ACK^A01^ACK');
    expect(msh?.[9]).not.toBe('ORIG1');
    expect(msa?.slice(0, 3)).toEqual(['MSA', 'AA', 'ORIG1']);
    expect(sent.application?.text.endsWith('\r')).toBe(true);
  });

  test.each([
    ['an unknown message type is AR at MSH-9', { type: 'ZZZ^Z99' }, 'AR', 'MSH^1^9^1 200 E', 'rejected'],
    ['an unknown event is AR at MSH-9', { type: 'ADT^Z99' }, 'AR', 'MSH^1^9^1 201 E', 'rejected'],
    ['a version that is not 2.x is AR at MSH-12', { version: '3.0' }, 'AR', 'MSH^1^12^1 203 E', 'rejected'],
    ['an empty control id is AR at MSH-10', { id: '' }, 'AR', 'MSH^1^10^1 101 E', 'rejected'],
    ['a patient without a number is AE at PID-3', FAULTY, 'AE', 'PID^1^3^1 101 E', 'error'],
  ] as const)('%s', async (_, parts, code, error, status) => {
    const sent = await gate.send(message({ id: id(), ...parts }));
    expect(sent.application?.code).toBe(code);
    expect(sent.application?.errors).toContain(error);
    expect((await gate.rows()).at(-1)?.status).toBe(status);
  });

  test.each([
    ['an empty version', { version: '' }, 'MSH^1^12^1 203 W'],
    ['a processing id nobody knows', { processing: 'X' }, 'MSH^1^11^1 202 W'],
  ])('%s is taken with a warning', async (_, parts, error) => {
    const sent = await gate.send(message({ id: id(), ...parts }));
    expect(sent.application?.code).toBe('AA');
    // A message that names no version gets ERR as 2.5 has it.
    expect(sent.application?.errors).toContain(error);
  });

  describe('who may not send as whom it names', () => {
    const refuses = () => issue('forbidden', { at: { segment: 'MSH', occurrence: 1, field: 3 }, reason: 'of the test' });

    test('is answered AR at MSH-3, and the connection closed', async () => {
      const sent = await gate.send(message({ id: id() }), { refuses });
      expect(sent.application).toMatchObject({ code: 'AR', errors: ['MSH^1^3^1 207 E'] });
      expect(sent.answer).toMatchObject({ close: true, forbidden: true, resend: false });
    });

    test.each([
      ['no header', 'HELLO|x\r'],
      ['a header without encoding characters', 'MSH|||||A|B\rPID|1\r'],
      ['a header with one delimiter twice', 'MSH|^^\\&|LAB|HOSP|||20260302||ZZZ^Z99|D1|P|3.0\rPID|1\r'],
    ])('is not known by %s: that is told, and nothing that was guessed from it', async (_, text) => {
      const sent = await gate.send(text, { refuses });
      expect(sent.application?.errors.filter((error) => !error.startsWith('MSH^1^10'))).toEqual(['MSH^1 100 E']);
      expect(sent.answer?.forbidden).toBeUndefined();
    });

    test.each([
      ['AL', 'AL', 'CE', undefined],
      ['AL', 'NE', 'CE', undefined],
      ['NE', 'AL', undefined, 'AR'],
      ['NE', 'NE', undefined, undefined],
    ] as const)('is answered in enhanced mode %s, %s with %s, %s, and the connection closed', async (accept, application, ...codes) => {
      const sent = await gate.send(message({ id: id(), accept, application }), { refuses });
      expect([sent.accept?.code, sent.application?.code, sent.answer?.close]).toEqual([...codes, true]);
    });

    test('neither hears what became of a message that is known, nor changes it', async () => {
      const sent = message({ id: id() });
      expect(await gate.code(sent)).toBe('AA');
      const [before] = (await gate.rows()).slice(-1);
      expect(await gate.code(sent, { refuses })).toBe('AR');
      expect((await gate.rows()).at(-1)).toMatchObject({ id: before?.id, status: 'processed', ack: before?.ack });
      expect(await gate.code(sent)).toBe('AA');
    });

    test('takes nothing from who may: the same bytes from that one are applied', async () => {
      const sent = message({ id: id() });
      expect([await gate.code(sent, { refuses }), await gate.code(sent)]).toEqual(['AR', 'AA']);
    });
  });

  test('each fault has its own ERR, and none holds a value of the message', async () => {
    const sent = await gate.send(message({ id: id(), pid: '1||1001^^^HOSP^MR||Canary^Carla||NOTADATE|F' }));
    expect(sent.application?.errors.some((error) => error.startsWith('PID^1^7'))).toBe(true);
    expect(sent.application?.text).not.toMatch(/Canary|NOTADATE/);
  });

  test('bytes that cannot be decoded are AE, and kept as they came', async () => {
    const bytes = Buffer.concat([Buffer.from(message({ id: 'BYTES', charset: 'UNICODE UTF-8' })), Buffer.from([0xff, 0xfe, 0x0d])]);
    const sent = await gate.send(bytes);
    expect(sent.application?.code).toBe('AE');
    const row = (await gate.rows()).at(-1);
    expect(row).toMatchObject({ status: 'error', controlId: 'BYTES' });
    expect(Buffer.from((await gate.store.journal.raw(row?.id ?? '')) ?? [])).toEqual(bytes);
  });

  test('an answer is in the character set of its message', async () => {
    const bytes = Buffer.from(message({ id: 'LAT1', charset: '8859/1', sender: 'L\u00e4B|HOSP' }), 'latin1');
    const sent = await gate.send(bytes);
    expect(sent.answer?.code).toBe('AA');
    expect(Buffer.from(sent.answer?.bytes ?? []).includes(Buffer.from('L\u00e4B', 'latin1'))).toBe(true);
  });

  test('an answer speaks with the delimiters of its message', async () => {
    const sent = await gate.send(message({ id: 'DEL1' }).replaceAll('|', '#').replaceAll('^', '*').replace('*~\\&', '*~\\&'));
    expect(sent.application?.text).toMatch(/^MSH#\*~\\&#CB#CB#LAB#HOSP#/);
    expect(sent.application?.text).toContain('MSA#AA#DEL1');
  });

  test.each(['hello\r', 'MSH', 'PID|1\r'])(
    'what is no message at all (%j) is AR that answers nothing by name, and is kept; the connection is closed',
    async (text) => {
      const sent = await gate.send(text);
      expect(sent.answer).toMatchObject({ code: 'AR', resend: false, close: true });
      expect(sent.application?.text).toMatch(
        /^MSH\|\^~\\&\|\|\|\|\|\d{14}\.\d{3}\+0000\|\|ACK\|\w+\|P\|2\.5\.1\rMSA\|AR\rERR\|\|MSH\^1\|100\^/,
      );
      expect((await gate.rows()).at(-1)).toMatchObject({ status: 'rejected' });
      // HTTP says it by its status
      expect((await gate.send(text, { synchronous: true })).answer?.bytes).toHaveLength(0);
    },
  );

  test('an acknowledgment is kept and never acknowledged', async () => {
    const sent = await gate.send('MSH|^~\\&|LAB|HOSP|CB|CB|20260105||ACK^A01^ACK|ACK1|P|2.5.1\rMSA|AA|X1\r');
    expect([sent.accept, sent.answer]).toEqual([undefined, undefined]);
    expect((await gate.rows()).at(-1)).toMatchObject({ controlId: 'ACK1', status: 'rejected' });
  });

  test('delimiters that are no delimiters are AR, with MSH-10 where it can be read', async () => {
    const sent = await gate.send('MSH||||LAB|HOSP|CB|CB|20260105||ADT^A01|BAD1|P|2.5.1\rPID|1||1^^^H^MR\r');
    expect(sent.answer?.code).toBe('AR');
    expect(sent.application?.errors[0]).toMatch(/^MSH.* 100 E$/);
  });
});

describe('enhanced mode', () => {
  // Source: HL7 v2.5.1 table 0155: AL always, NE never, ER on error or reject, SU on success
  const asks = (condition: string, good: boolean) => condition === 'AL' || (condition === 'ER' && !good) || (condition === 'SU' && good);
  const conditions = ['', 'AL', 'NE', 'ER', 'SU'];
  const combinations = conditions
    .flatMap((accept) => conditions.map((application) => ({ accept, application })))
    .filter(({ accept, application }) => accept !== '' || application !== '');

  test.each(combinations)('MSH-15 "$accept" and MSH-16 "$application"', async ({ accept, application }) => {
    const mode = { accept, application };
    const good = await gate.send(message({ id: id(), ...mode, ...GOOD }));
    expect(good.accept?.code).toBe(asks(accept, true) ? 'CA' : undefined);
    expect(good.application?.code).toBe(asks(application, true) ? 'AA' : undefined);

    const faulty = await gate.send(message({ id: id(), ...mode, ...FAULTY }));
    expect(faulty.accept?.code).toBe(asks(accept, true) ? 'CA' : undefined);
    expect(faulty.application?.code).toBe(asks(application, false) ? 'AE' : undefined);

    const rejected = await gate.send(message({ id: id(), ...mode, ...REJECTED }));
    expect(rejected.accept?.code).toBe(asks(accept, false) ? 'CR' : undefined);
    expect(rejected.application?.code).toBe(!asks(accept, false) && asks(application, false) ? 'AR' : undefined);

    // HTTP is synchronous: one answer, whatever was asked for.
    const http = await gate.send(message({ id: id(), ...mode, ...GOOD }), { synchronous: true, name: 'http 127.0.0.1' });
    expect([http.accept?.code, http.application?.code]).toEqual([undefined, 'AA']);
    const httpRejected = await gate.send(message({ id: id(), ...mode, ...REJECTED }), { synchronous: true, name: 'http 127.0.0.1' });
    expect([httpRejected.accept?.code, httpRejected.application?.code]).toEqual([undefined, 'AR']);
  });

  test('a message that nobody wants answered is applied all the same', async () => {
    await gate.send(message({ id: 'QUIET', accept: 'NE', application: 'NE' }));
    expect((await gate.rows()).at(-1)).toMatchObject({ controlId: 'QUIET', status: 'processed' });
  });

  test('the accept acknowledgment comes while the message still waits for its lane', async () => {
    let open: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (open = resolve));
    const slow = await openIntake({
      over: (store) => ({ ...facade(store), commit: async (change) => (await held, store.commit(change)) }),
    });
    const reception = await slow.intake.receive(Buffer.from(message({ id: 'CA1', accept: 'AL', application: 'AL' })), {
      name: 'mllp 1',
      synchronous: false,
    });
    expect(Buffer.from(reception.accept ?? []).toString()).toContain('MSA|CA|CA1');
    expect((await slow.rows())[0]?.status).toBe('received');
    open();
    expect((await reception.application)?.code).toBe('AA');
    await slow.close();
  });
});

describe('the same message again', () => {
  test('the same bytes get the same answer to the letter, and no new version', async () => {
    const text = message({ id: 'SAME', pid: '1||2002^^^HOSP^MR||Twice^Told||19700101|M' });
    const first = await gate.send(text);
    const again = await gate.send(text, { name: 'http 127.0.0.1', synchronous: true });
    expect(again.application?.text).toBe(first.application?.text);
    const patient = (await gate.all('Patient')).find(({ name }) => JSON.stringify(name).includes('Twice'));
    expect(patient?.meta.versionId).toBe('1');
    expect((await gate.rows()).filter(({ controlId }) => controlId === 'SAME')).toMatchObject([{ repeats: 1 }]);
  });

  test('the same bytes side by side are one message', async () => {
    const text = message({ id: 'TWINS', pid: '1||2003^^^HOSP^MR||Side^Bess||19700101|M' });
    const all = await Promise.all(Array.from({ length: 8 }, () => gate.send(text)));
    expect(new Set(all.map(({ application }) => application?.text)).size).toBe(1);
    expect((await gate.rows()).filter(({ controlId }) => controlId === 'TWINS')).toMatchObject([{ repeats: 7, attempts: 1 }]);
  });

  test('a control id used for other bytes is another message, with a warning', async () => {
    await gate.send(message({ id: 'REUSED', pid: '1||2004^^^HOSP^MR||One^Una||19700101|F' }));
    const other = await gate.send(message({ id: 'REUSED', pid: '1||2005^^^HOSP^MR||Two^Duo||19700101|F' }));
    expect(other.application?.code).toBe('AA');
    expect(other.application?.errors).toContain('MSH^1^10^1 205 W');
    expect(other.application?.text).toContain('control-id-reused');
    expect((await gate.rows()).filter(({ controlId }) => controlId === 'REUSED')).toHaveLength(2);
  });

  test('the same control id from another sender is nobody else\u2019s', async () => {
    await gate.send(message({ id: 'SHARED', sender: 'LAB|HOSP' }));
    const other = await gate.send(message({ id: 'SHARED', sender: 'ADT1|HOSP' }));
    expect(other.application?.errors).not.toContain('MSH^1^10^1 205 W');
  });

  test('a rejected message that is rejected again gets the answer that is stored', async () => {
    const text = message({ id: 'REJ', ...REJECTED });
    const first = await gate.send(text);
    const again = await gate.send(text);
    expect(again.application?.text).toBe(first.application?.text);
  });

  test('a message in error is tried again when it comes again, and its new answer is stored', async () => {
    let supported = projectTranslator;
    const strict: typeof projectTranslator = {
      ...projectTranslator,
      translate: (read) => {
        const translation = projectTranslator.translate(read);
        return {
          ...translation,
          issues: [...translation.issues, issue('required-field-missing', { at: { segment: 'PID', occurrence: 1, field: 5 } })],
        };
      },
    };
    supported = strict;
    const mended = await openIntake({ translator: () => supported });
    const text = message({ id: 'MEND' });
    expect(await mended.code(text)).toBe('AE');
    expect(await mended.all('Patient')).toHaveLength(0);
    supported = projectTranslator;
    const again = await mended.send(text);
    expect(again.application?.code).toBe('AA');
    expect(await mended.all('Patient')).toHaveLength(1);
    expect((await mended.rows())[0]).toMatchObject({ status: 'processed', attempts: 2, repeats: 1, ack: again.application?.text });
    expect((await mended.send(text)).application?.text).toBe(again.application?.text);
    await mended.close();
  });

  test('a rejected type is taken when it comes again after a map for it is there; and what was taken stays AA when the map is gone', async () => {
    let translator = { ...projectTranslator, supported: new Map([['ORU', ['R01']]]) };
    const mended = await openIntake({ translator: () => translator });
    const text = message({ id: 'LATER' });
    expect(await mended.code(text)).toBe('AR');
    translator = { ...projectTranslator, supported: new Map(projectTranslator.supported as Map<string, string[]>) };
    const taken = await mended.send(text);
    expect(taken.application?.code).toBe('AA');
    translator = { ...translator, supported: new Map() };
    expect((await mended.send(text)).application?.text).toBe(taken.application?.text);
    expect(await mended.rows()).toMatchObject([{ status: 'processed', repeats: 2 }]);
    await mended.close();
  });
});

describe('a store that cannot', () => {
  const failing = (kind: 'store-busy' | 'store-unavailable' | 'store-uncertain', broken: () => boolean) => (store: Store) => {
    const refuse = <T>(go: () => Promise<T>): Promise<T> => (broken() ? Promise.reject(new IssueError(issue(kind))) : go());
    return {
      ...facade(store),
      commit: (change) => refuse(() => store.commit(change)),
      journal: { ...facadeOf(store.journal), receive: (arrival) => refuse(() => store.journal.receive(arrival)) },
    } satisfies Store;
  };

  test.each([
    ['store-busy', 206],
    ['store-unavailable', 207],
  ] as const)('%s: AR in original mode, CE in enhanced, "resend", and nothing is kept', async (kind, err3) => {
    let broken = true;
    const down = await openIntake({ over: failing(kind, () => broken) });
    const original = await down.send(message({ id: 'DOWN1' }));
    expect(original.answer).toMatchObject({ code: 'AR', resend: true });
    expect(original.application?.errors[0]).toMatch(new RegExp(` ${err3} E$`));
    const enhanced = await down.send(message({ id: 'DOWN2', accept: 'AL', application: 'AL' }));
    expect([enhanced.accept?.code, enhanced.application]).toEqual(['CE', undefined]);
    expect(await down.rows()).toHaveLength(0);
    broken = false;
    expect(await down.code(message({ id: 'DOWN1' }))).toBe('AA');
    await down.close();
  });

  test('store-uncertain: no answer, and the connection is closed, for an answer that says "not stored" might come to be untrue', async () => {
    let broken = true;
    const torn = await openIntake({ over: failing('store-uncertain', () => broken) });
    for (const enhanced of [{}, { accept: 'AL', application: 'AL' }]) {
      const exchange = await torn.send(message({ id: 'TORN', ...enhanced }));
      expect(exchange.accept).toBeUndefined();
      expect(exchange.answer).toMatchObject({ bytes: new Uint8Array(), resend: true, close: true });
    }
    broken = false;
    expect(await torn.code(message({ id: 'TORN' }))).toBe('AA');
    await torn.close();
  });

  test('after the journal it is tried again until it can, and then answered', async () => {
    let refusals = 5;
    const flaky = await openIntake({
      over: (store) => ({
        ...facade(store),
        commit: (change) => (refusals-- > 0 ? Promise.reject(new IssueError(issue('store-busy'))) : store.commit(change)),
      }),
    });
    expect(await flaky.code(message({ id: 'FLAKY' }))).toBe('AA');
    expect(refusals).toBeLessThan(0);
    await flaky.close();
  });

  test('when it takes too long the connection is closed without an answer, and the resend gets the stored one', async () => {
    let open: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (open = resolve));
    const slow = await openIntake({
      ackTimeoutMs: 20,
      over: (store) => ({ ...facade(store), commit: async (change) => (await held, store.commit(change)) }),
    });
    const late = await slow.send(message({ id: 'LATE' }));
    expect(late.answer).toMatchObject({ close: true, resend: true });
    expect(late.answer?.bytes).toHaveLength(0);
    open();
    await slow.intake.idle();
    const again = await slow.send(message({ id: 'LATE' }));
    expect(again.application?.text).toBe((await slow.rows())[0]?.ack);
    expect(await slow.rows()).toMatchObject([{ status: 'processed', repeats: 1, attempts: 1 }]);
    await slow.close();
  });

  test('a bug of ours is AR internal for that message, and its lane goes on', async () => {
    const buggy = await openIntake({
      translator: () => ({
        ...projectTranslator,
        translate: (read) => {
          if (read.header.value(10) === 'BUG') throw new TypeError('a bug');
          return projectTranslator.translate(read);
        },
      }),
    });
    const [bad, good] = await Promise.all([buggy.send(message({ id: 'BUG' })), buggy.send(message({ id: 'NEXT' }))]);
    expect(bad?.application?.code).toBe('AR');
    expect(bad?.application?.errors[0]).toMatch(/ 207 E$/);
    expect(bad?.application?.text).not.toContain('a bug');
    expect(good?.application?.code).toBe('AA');
    expect(await buggy.rows()).toMatchObject([{ status: 'error' }, { status: 'processed' }]);
    await buggy.close();
  });

  test('a bug before the journal is AR internal too, and nothing is kept', async () => {
    const buggy = await openIntake({
      over: (store) => ({
        ...facade(store),
        journal: { ...facadeOf(store.journal), receive: () => Promise.reject(new TypeError('a bug')) },
      }),
    });
    const sent = await buggy.send(message({ id: 'BUG0' }));
    expect(sent.answer).toMatchObject({ code: 'AR', resend: true });
    await buggy.close();
  });
});

/** An object with a class's methods bound, so that a test can put its own in the place of one of them. */
function facadeOf<T extends object>(whole: T): T {
  const names = [...Object.getOwnPropertyNames(Object.getPrototypeOf(whole)), ...Object.keys(whole)] as (keyof T)[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      typeof whole[name] === 'function' ? (whole[name] as (...args: never[]) => unknown).bind(whole) : whole[name],
    ]),
  ) as T;
}

function facade(store: Store): Store {
  return facadeOf(store);
}
