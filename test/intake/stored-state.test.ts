import { afterEach, describe, expect, test } from 'vitest';
import { issue } from '../../src/issue/issue.ts';
import { overStore } from '../../src/store/over-store.ts';
import { message, openIntake, projectTranslator, type TestIntake, type TestIntakeOptions } from './harness.ts';

const opened: TestIntake[] = [];
const open = async (options?: TestIntakeOptions) => {
  const gate = await openIntake(options);
  opened.push(gate);
  return gate;
};
afterEach(async () => {
  for (const gate of opened.splice(0)) await gate.close();
});

const pid = (mrn: string, name = 'Sample^Ann', rest = '||19800101|F') => `1||${mrn}^^^HOSP^MR||${name}${rest}`;
const visit = (number: string, place = 'WARD^1^1') => `PV1|1|I|${place}||||||||||||||||${number}^^^HOSP^VN`;
let next = 0;
const id = () => `S${(next += 1)}`;

const merge = (survivor: string, gone: string, time = '20260106120000+0000') =>
  message({ id: id(), type: 'ADT^A40^ADT_A39', time, pid: pid(survivor), more: [`MRG|${gone}^^^HOSP^MR`] });
const admit = (mrn: string, number: string, time = '20260105120000+0000') =>
  message({ id: id(), time, pid: pid(mrn), more: [visit(number)] });
const update = (mrn: string, name: string, time = '20260107120000+0000', more: readonly string[] = []) =>
  message({ id: id(), type: 'ADT^A08^ADT_A01', time, pid: pid(mrn, name), more: more.length > 0 ? more : [visit(`V${mrn}`)] });

const numbersOf = (patient: Record<string, unknown>) => (patient['identifier'] as { value: string }[]).map(({ value }) => value).sort();

describe('merges', () => {
  test('the survivor has both numbers, the other is inactive and points to it', async () => {
    const gate = await open();
    for (const text of [admit('A', 'VA'), admit('B', 'VB'), merge('A', 'B')]) expect(await gate.code(text)).toBe('AA');
    const patients = await gate.all('Patient');
    expect(patients).toHaveLength(2);
    const survivor = patients.find(({ active }) => active === true);
    const gone = patients.find(({ active }) => active === false);
    expect(numbersOf(survivor as never)).toEqual(['A', 'B']);
    expect(gone?.['link']).toEqual([{ other: { reference: `Patient/${survivor?.id}` }, type: 'replaced-by' }]);
    expect(survivor?.['link']).toEqual([{ other: { reference: `Patient/${gone?.id}` }, type: 'replaces' }]);
  });

  test('a merge that is told again, under another control id, changes nothing', async () => {
    const gate = await open();
    for (const text of [admit('A', 'VA'), admit('B', 'VB'), merge('A', 'B')]) await gate.code(text);
    const before = await gate.all('Patient');
    expect(await gate.code(merge('A', 'B'))).toBe('AA');
    expect(await gate.all('Patient')).toEqual(before);
  });

  test('after a merge the old number finds the survivor, and a visit begun under it is the same visit', async () => {
    const gate = await open();
    for (const text of [admit('A', 'VA'), admit('B', 'VB'), merge('A', 'B')]) await gate.code(text);
    const survivor = (await gate.all('Patient')).find(({ active }) => active === true);
    await gate.code(
      message({ id: id(), type: 'ADT^A02^ADT_A02', time: '20260107120000+0000', pid: pid('B'), more: [visit('VB', 'ICU^2^2')] }),
    );
    await gate.code(
      message({ id: id(), type: 'ADT^A03^ADT_A03', time: '20260108120000+0000', pid: pid('A'), more: [visit('VB', 'ICU^2^2')] }),
    );
    const encounters = await gate.all('Encounter');
    expect(encounters).toHaveLength(2);
    const visited = encounters.find(({ identifier }) => JSON.stringify(identifier).includes('"VB"'));
    expect(visited?.['status']).toBe('finished');
    expect((visited?.['subject'] as { reference: string } | undefined)?.reference).toBe(`Patient/${survivor?.id}`);
  });

  test('a merge of a merge: the first number finds the last survivor, with the visits of all', async () => {
    const gate = await open();
    for (const text of [admit('A', 'VA'), admit('B', 'VB'), admit('C', 'VC'), merge('B', 'A'), merge('C', 'B', '20260107120000+0000')])
      expect(await gate.code(text)).toBe('AA');
    expect(
      await gate.code(message({ id: id(), type: 'ADT^A03^ADT_A03', time: '20260108120000+0000', pid: pid('A'), more: [visit('VA')] })),
    ).toBe('AA');
    const patients = await gate.all('Patient');
    expect(patients).toHaveLength(3);
    expect(patients.filter(({ active }) => active === true)).toHaveLength(1);
    const last = patients.find(({ active }) => active === true);
    const encounters = await gate.all('Encounter');
    expect(encounters).toHaveLength(3);
    const first = encounters.find(({ identifier }) => JSON.stringify(identifier).includes('"VA"'));
    expect([first?.['status'], (first?.['subject'] as { reference: string } | undefined)?.reference]).toEqual([
      'finished',
      `Patient/${last?.id}`,
    ]);
  });

  test('a survivor of two merges keeps both links, and its old numbers through later updates', async () => {
    const gate = await open();
    for (const text of [admit('A', 'VA'), admit('B', 'VB'), admit('C', 'VC'), merge('A', 'B'), merge('A', 'C', '20260107120000+0000')])
      await gate.code(text);
    await gate.code(update('A', 'Married^Ann', '20260108120000+0000'));
    const survivor = (await gate.all('Patient')).find(({ active }) => active !== false);
    expect(survivor?.['link']).toHaveLength(2);
    expect(numbersOf(survivor as never)).toEqual(['A', 'B', 'C']);
  });

  test('two patients merged into each other in turn are one patient, and nothing goes round for ever', async () => {
    const gate = await open();
    for (const text of [admit('A', 'VA'), admit('B', 'VB'), merge('A', 'B'), merge('B', 'A', '20260107120000+0000')])
      expect(await gate.code(text)).toBe('AA');
    expect(await gate.code(update('A', 'Round^Ann', '20260108120000+0000'))).toBe('AA');
    expect((await gate.all('Patient')).filter(({ active }) => active !== false)).toHaveLength(1);
  });

  test('a patient merged into itself stays one patient, and in use', async () => {
    const gate = await open();
    await gate.code(admit('A', 'VA'));
    expect(await gate.code(merge('A', 'A'))).toBe('AA');
    const patients = await gate.all('Patient');
    expect(patients).toHaveLength(1);
    expect(patients[0]).not.toHaveProperty('link');
    expect(numbersOf(patients[0] as never)).toEqual(['A']);
    expect(patients[0]?.['active']).not.toBe(false);
  });

  test('the second of two numbers of one patient merged into the first', async () => {
    const gate = await open();
    await gate.code(message({ id: id(), pid: '1||A^^^HOSP^MR~B^^^HOSP^MR||Sample^Ann||19800101|F', more: [visit('VA')] }));
    expect(await gate.code(merge('A', 'B'))).toBe('AA');
    expect((await gate.all('Patient')).filter(({ active }) => active === true)).toHaveLength(1);
    expect(await gate.code(update('B', 'Sample^Ann'))).toBe('AA');
    expect((await gate.all('Patient')).filter(({ active }) => active !== false)).toHaveLength(1);
  });
});

describe('who is who', () => {
  test('numbers of two patients in one PID are patient-ambiguous, and nothing is applied', async () => {
    const gate = await open();
    await gate.code(admit('A', 'VA'));
    await gate.code(admit('B', 'VB'));
    const before = await gate.all('Patient');
    const sent = await gate.send(message({ id: id(), pid: '1||A^^^HOSP^MR~B^^^HOSP^MR||Both^Ann||19800101|F' }));
    expect(sent.application).toMatchObject({ code: 'AE', errors: [expect.stringMatching(/^PID\^1.* 207 E$/)] });
    expect(await gate.all('Patient')).toEqual(before);
    expect((await gate.rows()).at(-1)?.status).toBe('error');
  });

  test('numbers of two patients that were merged are one patient', async () => {
    const gate = await open();
    for (const text of [admit('A', 'VA'), admit('B', 'VB'), merge('A', 'B')]) await gate.code(text);
    expect(
      await gate.code(message({ id: id(), time: '20260108120000+0000', pid: '1||A^^^HOSP^MR~B^^^HOSP^MR||Sample^Ann||19800101|F' })),
    ).toBe('AA');
  });

  test('the same number of another authority, or a social security number, finds nobody', async () => {
    const gate = await open();
    await gate.code(message({ id: id(), pid: '1||77^^^HOSP^MR~999^^^USA^SS||Sample^Ann||19800101|F' }));
    await gate.code(message({ id: id(), pid: '1||77^^^ELSE^MR~999^^^USA^SS||Other^Bea||19800101|F', more: [visit('V9')] }));
    expect(await gate.all('Patient')).toHaveLength(2);
  });

  test('two senders side by side: one patient, each sender\u2019s facts its own', async () => {
    const gate = await open();
    const phone = (number: string) => `1||A^^^HOSP^MR||Sample^Ann||19800101|F|||||^PRN^PH^^^555^${number}`;
    const send = (sender: string, number: string, time: string) =>
      gate.code(message({ id: id(), sender, time, type: 'ADT^A08^ADT_A01', pid: phone(number) }));
    await Promise.all([send('ADT1|HOSP', '1111111', '20260105120000+0000'), send('LAB|HOSP', '2222222', '20260105120000+0000')]);
    await send('LAB|HOSP', '3333333', '20260106120000+0000');
    const [patient, ...others] = await gate.all('Patient');
    expect(others).toEqual([]);
    expect(JSON.stringify(patient?.['telecom'])).toMatch(/1111111/);
    expect(JSON.stringify(patient?.['telecom'])).toMatch(/3333333/);
    expect(JSON.stringify(patient?.['telecom'])).not.toMatch(/2222222/);
  });
});

describe('what a message says over what is stored', () => {
  test('an older message does not overwrite what is newer, and says so', async () => {
    const gate = await open();
    await gate.code(update('A', 'Newer^Ann', '20260110120000+0000'));
    const sent = await gate.send(update('A', 'Older^Ann', '20260101120000+0000'));
    expect(sent.application?.code).toBe('AA');
    const ids = (JSON.parse((await gate.rows()).at(-1)?.issues ?? '[]') as { id: string }[]).map((one) => one.id);
    expect(ids).toContain('message-older');
    expect(JSON.stringify((await gate.all('Patient'))[0]?.['name'])).toContain('Newer');
  });

  test('a field left out stays, an HL7 null takes away', async () => {
    const gate = await open();
    const telling = (rest: string, time: string) =>
      gate.code(message({ id: id(), type: 'ADT^A08^ADT_A01', time, pid: `1||A^^^HOSP^MR||Sample^Ann||${rest}` }));
    await telling('19800101|F', '20260105120000+0000');
    await telling('', '20260106120000+0000');
    expect((await gate.all('Patient'))[0]).toMatchObject({ birthDate: '1980-01-01', gender: 'female' });
    await telling('""|F', '20260107120000+0000');
    const [patient] = await gate.all('Patient');
    expect(patient).not.toHaveProperty('birthDate');
    expect(patient?.['gender']).toBe('female');
  });

  test('what a message changed has a Provenance that names the message; what it left as it was is not in it', async () => {
    const gate = await open();
    const text = admit('A', 'VA');
    await gate.code(text);
    await gate.code(text.replace(/\|S\d+\|P\|/, '|AGAIN|P|'));
    const [patient] = await gate.all('Patient');
    const about = (await gate.all('Provenance')).filter(({ target }) => JSON.stringify(target).includes(`Patient/${patient?.id}`));
    expect(about).toHaveLength(1);
    expect(JSON.stringify(about[0]?.['entity'])).toContain((await gate.rows())[0]?.id);
    expect(patient?.meta.versionId).toBe('1');
  });
});

describe('after a stop', () => {
  const journalled = async (gate: TestIntake, texts: readonly string[]) => {
    for (const [index, text] of texts.entries()) {
      await gate.store.journal.receive({
        id: `left-${index}`,
        raw: Buffer.from(text),
        sha256: String(index).padStart(64, '0'),
        sender: 'LAB|HOSP',
        controlId: `L${index}`,
        messageType: 'ADT^A08',
        channel: 'mllp 1',
        receivedAt: 0,
        keys: { mrn: ['A'], visit: [], order: [], name: [] },
        status: 'received',
      });
    }
  };

  test('what was received and not finished is finished, in the order of arrival', async () => {
    const gate = await open();
    const names = Array.from({ length: 30 }, (_, index) => `Name${index}`);
    await journalled(
      gate,
      names.map((name) => update('A', `${name}^Ann`, '20260105120000+0000')),
    );
    expect(await gate.intake.resume()).toBe(30);
    await gate.intake.idle();
    const [patient] = await gate.all('Patient');
    expect(patient?.meta.versionId).toBe('30');
    expect(JSON.stringify(patient?.['name'])).toContain('Name29');
    expect((await gate.rows()).every(({ status }) => status === 'processed')).toBe(true);
  });

  test('a resend of one that was left gets the answer it came to', async () => {
    const gate = await open();
    const text = admit('A', 'VA');
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const first = await open({
      store: gate.store,
      translator: () => projectTranslator,
      ackTimeoutMs: 10,
      over: (store) =>
        new Proxy(store, {
          get: (target, name) => {
            if (name === 'commit') return async (change: never) => (await held, target.commit(change));
            const value = Reflect.get(target, name, target) as unknown;
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        }),
    });
    expect((await first.send(text)).answer).toMatchObject({ close: true });
    expect(await gate.intake.resume()).toBe(1);
    await gate.intake.idle();
    const again = await gate.send(text);
    expect(again.application?.text).toBe((await gate.rows())[0]?.ack);
    expect(await gate.all('Patient')).toHaveLength(1);
    release();
    await first.intake.idle();
    expect((await gate.rows())[0]).toMatchObject({ status: 'processed' });
    expect((await gate.all('Patient'))[0]?.meta.versionId).toBe('1');
  });

  test('what somebody else ended between its arrival and its turn is left as it is, and its sender hears of that end', async () => {
    const ack = 'MSH|^~\\&|CB\rMSA|AA|ELSEWHERE\r';
    const gate = await open({
      over: (inner) =>
        overStore(inner, {
          journal: {
            ...inner.journal,
            async receive(arrival) {
              const received = await inner.journal.receive(arrival);
              const step = { id: received.row.id, from: ['received'], status: 'processed', ack, issues: '[]' } as const;
              expect((await inner.commit({ messages: [step] })).ok).toBe(true);
              return received;
            },
          },
        }),
    });
    expect((await gate.send(admit('E', 'VE'))).application?.text).toBe(ack);
    expect(await gate.all('Patient')).toEqual([]);
    expect((await gate.rows()).map(({ status }) => status)).toEqual(['processed']);
  });

  test('a stop begins nothing more: what waits stays in the journal', async () => {
    const gate = await open();
    let stopped: () => void = () => undefined;
    const slow = await open({
      store: gate.store,
      translator: () => {
        stopped();
        return projectTranslator;
      },
    });
    stopped = () => slow.intake.stop();
    await Promise.all(Array.from({ length: 5 }, (_, index) => slow.send(update('A', `N${index}^A`))));
    await slow.intake.idle();
    const left = (await gate.rows()).filter(({ status }) => status === 'received');
    expect(left.length).toBeGreaterThan(2);
    expect(await gate.intake.resume()).toBe(left.length);
    await gate.intake.idle();
    expect((await gate.rows()).every(({ status }) => status === 'processed')).toBe(true);
  });
});

describe('reprocess', () => {
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

  test('a message in error is applied after its mapping was mended; a preview told what would come, and wrote nothing', async () => {
    let translator = strict;
    const gate = await open({ translator: () => translator });
    expect(await gate.code(admit('A', 'VA'))).toBe('AE');
    translator = projectTranslator;
    const row = (await gate.rows())[0];
    const preview = await gate.intake.preview(row?.id ?? '');
    expect(preview).toMatchObject({ ok: true, value: { code: 'AA' } });
    const changes = preview.ok ? preview.value.changes : [];
    expect(changes.map(({ action }) => action)).toContain('created');
    expect(await gate.all('Patient')).toEqual([]);
    expect((await gate.rows())[0]).toEqual(row);

    const outcome = await gate.intake.reprocess(row?.id ?? '');
    expect(outcome).toMatchObject({ ok: true, value: { code: 'AA' } });
    const [patient] = await gate.all('Patient');
    expect(changes.map(({ reference }) => reference)).toContain(`Patient/${patient?.id}`);
    expect((await gate.rows())[0]).toMatchObject({ status: 'processed', attempts: 2 });
  });

  test('a message that was applied changes nothing when it is reprocessed with the same mapping, and the preview says so', async () => {
    const gate = await open();
    await gate.code(admit('A', 'VA'));
    const before = [...(await gate.all('Patient')), ...(await gate.all('Encounter'))];
    const row = (await gate.rows())[0];
    expect(await gate.intake.preview(row?.id ?? '')).toMatchObject({ ok: true, value: { code: 'AA', changes: [] } });
    expect(await gate.intake.reprocess(row?.id ?? '')).toMatchObject({ ok: true, value: { code: 'AA' } });
    expect([...(await gate.all('Patient')), ...(await gate.all('Encounter'))]).toEqual(before);
  });

  test('a preview of another mapping shows the difference element by element', async () => {
    let translator = projectTranslator;
    const gate = await open({ translator: () => translator });
    await gate.code(admit('A', 'VA'));
    translator = {
      ...projectTranslator,
      translate: (read) => {
        const translation = projectTranslator.translate(read);
        return {
          ...translation,
          made: translation.made.map((made) =>
            made.resource.resourceType === 'Patient' ? { ...made, resource: { ...made.resource, gender: 'unknown' } } : made,
          ),
        };
      },
    };
    const preview = await gate.intake.preview((await gate.rows())[0]?.id ?? '');
    expect(preview).toMatchObject({
      value: { changes: [{ action: 'updated', patch: [{ op: 'replace', path: '/gender', value: 'unknown' }] }] },
    });
  });

  test('a message nobody knows cannot be reprocessed', async () => {
    const gate = await open();
    expect(await gate.intake.reprocess('nobody')).toMatchObject({ ok: false, issues: [{ id: 'message-not-found' }] });
    expect(await gate.intake.preview('nobody')).toMatchObject({ ok: false, issues: [{ id: 'message-not-found' }] });
  });

  test('a character set that only the transport told is known when the message is read again', async () => {
    let translator = strict;
    const gate = await open({ translator: () => translator });
    const bytes = Buffer.from(message({ id: id(), pid: pid('A', 'M\u00fcller^Ann') }), 'latin1');
    await gate.send(bytes, { name: 'http 127.0.0.1', synchronous: true, charset: 'iso-8859-1' });
    translator = projectTranslator;
    expect(await gate.intake.reprocess((await gate.rows())[0]?.id ?? '')).toMatchObject({ ok: true, value: { code: 'AA' } });
    expect(JSON.stringify((await gate.all('Patient'))[0]?.['name'])).toContain('M\u00fcller');
  });
});
