import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEvent, Bundle } from 'fhir/r4.js';
import { auditEvents } from '../../src/audit/audit-events.ts';
import type { AuditRecord } from '../../src/audit/audit-record.ts';
import { keyOf, type Link } from '../../src/audit/chain.ts';
import { HEAD, LINKS, NOTES } from '../../src/audit/kept-trail.ts';
import { makeEvents } from '../../src/audit/make-events.ts';
import { leftInSpools, openSpool } from '../../src/audit/spool.ts';
import { createTrail } from '../../src/audit/trail.ts';
import { verifyTrail } from '../../src/audit/verify-trail.ts';
import { compileCompartments } from '../../src/fhir/compartments.ts';
import { compileExtractor } from '../../src/fhir/index-extraction.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';
import { issueIds, openGateway } from '../serve/gateway.ts';
import { type Guarded, openGuarded } from '../secure/guarded-gateway.ts';
import { publish } from '../long/figures.ts';
import { readRecord } from './read-record.ts';

const extract = compileExtractor(definitions);
const compartmentParameters = compileCompartments(definitions);

describe('the chain', () => {
  let store: Store;
  beforeEach(async () => {
    store = await openSqliteStore({ path: ':memory:', extract, now: Date.now, compartmentParameters });
  });
  afterEach(() => store.close());

  const write = async (count: number) => {
    const trail = createTrail(store);
    for (let start = 0; start < count; start += 100)
      await Promise.all(Array.from({ length: Math.min(100, count - start) }, (_, index) => trail.record(readRecord(`r${start + index}`))));
  };
  const links = async () => store.listDocuments(LINKS, '', 10_000);
  const change = async (key: string, edit: (link: Link) => Link | undefined) => {
    const [text] = await store.documents([{ kind: LINKS, key }]);
    const link = edit(JSON.parse(text as string) as Link);
    await store.commit({ documents: [{ kind: LINKS, key, ...(link === undefined ? {} : { json: JSON.stringify(link) }) }] });
  };

  test('of what was recorded is whole, and records that come together share a link', async () => {
    await write(1000);
    const report = await verifyTrail(store);
    expect([report.records, report.faults, report.links < 100]).toEqual([1000, [], true]);
  });

  test('two processes make one chain', async () => {
    const [one, other] = [createTrail(store), createTrail(store)];
    await Promise.all(Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? one : other).record(readRecord(`r${index}`))));
    const report = await verifyTrail(store);
    expect([report.records, report.faults]).toEqual([200, []]);
  });

  test('one record changed among ten thousand is found', async () => {
    await write(10_000);
    const middle = (await links()).at(20)?.key as string;
    await change(middle, (link) => ({
      ...link,
      records: link.records.map((one, index) => (index === 0 ? { ...one, client: 'nobody' } : one)),
    }));
    const [fault = ''] = (await verifyTrail(store)).faults;
    publish('T-21 audit, one record changed', { records: 10_000, changed: 1, found: Number(fault.includes(`link ${Number(middle)}`)) });
    expect(fault).toContain(`link ${Number(middle)}`);
  });

  test.each([
    ['dropped', keyOf(2), () => undefined],
    ['with a record less', keyOf(2), (link: Link) => ({ ...link, records: link.records.slice(1) })],
    ['with records in another order', keyOf(2), (link: Link) => ({ ...link, records: link.records.toReversed() })],
    [
      'changed, with a hash that fits it',
      keyOf(2),
      (link: Link) => {
        const records = link.records.slice(1);
        return {
          ...link,
          records,
          hash: createHash('sha256')
            .update(JSON.stringify([link.number, link.before, records]))
            .digest('hex'),
        };
      },
    ],
    ['dropped at the end', keyOf(3), () => undefined],
  ])('a link %s is found', async (_what, key, edit) => {
    for (const part of [0, 1, 2]) {
      const trail = createTrail(store);
      const first = trail.record(readRecord(`a${part}`));
      await Promise.all([first, trail.record(readRecord(`b${part}`)), trail.record(readRecord(`c${part}`))]);
    }
    const last = Number((await links()).at(-1)?.key);
    await change(key === keyOf(3) ? keyOf(last) : key, edit);
    expect((await verifyTrail(store)).faults.length).toBeGreaterThan(0);
  });

  test('an AuditEvent that was changed or deleted is found', async () => {
    await write(20);
    expect(await makeEvents(store, 1000)).toBe(true);
    expect(await verifyTrail(store)).toMatchObject({ events: 20, faults: [] });
    const [event] = auditEvents(readRecord('r3'));
    await store.commit({ writes: [{ type: 'AuditEvent', id: 'r3', resource: { ...event, outcome: '8' } }] });
    await store.commit({ writes: [{ type: 'AuditEvent', id: 'r4' }] });
    const { faults } = await verifyTrail(store);
    expect(faults.map((fault) => /AuditEvent\/\S+/.exec(fault)?.[0])).toEqual(['AuditEvent/r3', 'AuditEvent/r4']);
  });

  test('what a write noted is taken up after a stop', async () => {
    const trail = createTrail(store);
    await store.commit({ documents: [trail.note(readRecord('left'))] });
    await createTrail(store).takeUp();
    expect([await store.listDocuments(NOTES, '', 10), (await verifyTrail(store)).records]).toEqual([[], 1]);
  });

  test('what was answered and not yet in the chain is there after the process was killed, once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chartbridge-spool-'));
    const stuck: Store = Object.assign(Object.create(store) as Store, {
      documents: (keys: Parameters<Store['documents']>[0]) => store.documents(keys),
      commit: () => new Promise(() => undefined),
    });
    const killed = createTrail(stuck, openSpool(folder, 999_999));
    await Promise.all([killed.record(readRecord('s1')), killed.record(readRecord('s2'))]);
    await createTrail(store).record(readRecord('s1'));
    appendFileSync(join(folder, 'audit-spool-999999.ndjson'), '{"id":"torn');
    expect(leftInSpools(folder, () => true).records).toEqual([]);
    const left = leftInSpools(folder, () => false);
    await createTrail(store).takeUp(left.records);
    left.remove();
    const kept = (await links()).flatMap(({ json }) => (JSON.parse(json) as Link).records.map(({ id }) => id));
    expect([kept, readdirSync(folder)]).toEqual([['s1', 's2'], []]);
    rmSync(folder, { recursive: true });
  });

  test('while the chain cannot be written nothing more is taken, and after it all is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chartbridge-spool-'));
    let isBroken = true;
    const flaky: Store = Object.assign(Object.create(store) as Store, {
      documents: (keys: Parameters<Store['documents']>[0]) => store.documents(keys),
      commit: (change: Parameters<Store['commit']>[0]) => (isBroken ? Promise.reject(new Error('no space')) : store.commit(change)),
    });
    const spool = openSpool(folder, 1);
    const trail = createTrail(flaky, spool);
    await trail.record(readRecord('f1'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(trail.record(readRecord('f2'))).rejects.toThrow('audit');
    isBroken = false;
    await trail.idle();
    await trail.record(readRecord('f3'));
    await trail.idle();
    expect((await verifyTrail(store)).records).toBe(2);
    spool.close();
    rmSync(folder, { recursive: true });
  });

  test('what cannot be written is told to whoever waits', async () => {
    const broken: Store = Object.assign(Object.create(store) as Store, {
      documents: (keys: Parameters<Store['documents']>[0]) => store.documents(keys),
      commit: () => Promise.reject(new Error('no space')),
    });
    const trail = createTrail(broken);
    await expect(trail.record(readRecord('x'))).rejects.toThrow('no space');
    expect(await store.documents([HEAD])).toEqual([undefined]);
  });
});

describe('an AuditEvent', () => {
  const validator = compileValidator(definitions);
  test.each([
    readRecord('1'),
    readRecord('2', { what: 'search-type', target: 'Observation', query: 'Observation?patient=p1', patients: ['p1', 'p2'] }),
    readRecord('3', { what: 'create', method: 'POST', target: 'Observation' }),
    readRecord('4', { what: 'delete', method: 'DELETE' }),
    readRecord('5', { what: 'message', method: '', client: '', peer: '', query: 'message 7' }),
    readRecord('6', { what: 'token', method: 'POST', target: undefined as never, patients: [], outcome: 'refused' }),
    readRecord('7', { what: '$everything', user: 'somebody', token: 'abc' }),
    readRecord('8', { what: 'batch', target: undefined as never, patients: [], outcome: 'failed' }),
  ])('of $what is valid R4, one for each patient', (one) => {
    const events = auditEvents(JSON.parse(JSON.stringify(one)) as AuditRecord);
    expect(events).toHaveLength(Math.max(1, one.patients.length));
    for (const event of events) {
      expect(validator.validate(event as never).filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(event.entity?.filter(({ role }) => role?.code === '1')).toHaveLength(Math.min(1, one.patients.length));
    }
  });
});

describe('over HTTP', () => {
  let guarded: Guarded;
  let operator: string;
  beforeAll(async () => {
    guarded = await openGuarded();
    operator = await guarded.token('system/*.cruds');
  });
  afterAll(() => guarded.close());

  const events = async (query: string) => {
    const bundle = (await (await guarded.call('GET', `AuditEvent?${query}&_count=200`, operator)).json()) as Bundle<AuditEvent>;
    return (bundle.entry ?? []).map(({ resource }) => resource as AuditEvent);
  };
  const kinds = async (query: string) => (await events(query)).map(({ subtype, outcome }) => `${subtype?.[0]?.code} ${outcome}`);

  test('who saw this patient is found, by a search of FHIR', async () => {
    const patient = (id: string) =>
      guarded.call('PUT', `Patient/${id}`, operator, { resourceType: 'Patient', id, name: [{ family: 'X' }] });
    await patient('a1');
    await patient('a2');
    const app = await guarded.token('patient/*.rs', { patient: 'a1', client_id: 'phone' });
    await guarded.call('GET', 'Patient/a1', app);
    await guarded.call('GET', 'Patient/a2', app);
    await guarded.call('GET', 'Patient?family=X', operator);
    await guarded.call('GET', 'Patient/a1');
    expect((await kinds('patient=Patient/a1')).sort()).toEqual(['read 0', 'read 4', 'search-type 0', 'update 0']);
    expect((await kinds('patient=Patient/a2')).sort()).toEqual(['read 4', 'search-type 0', 'update 0']);
    const readers = (await events('patient=Patient/a1&subtype=read&outcome=0')).map(({ agent }) => agent[0]?.who?.identifier?.value);
    expect(readers).toEqual(['phone']);
    // refused ones are there too, of whoever tried
    expect((await kinds('outcome=4')).filter((kind) => kind === 'read 4')).toHaveLength(2);
  });

  test('a page about one patient names no other', async () => {
    for (const event of await events('patient=Patient/a1')) expect(JSON.stringify(event)).not.toContain('Patient/a2');
  });

  test('every kind of access leaves a trace, also through bundles and from the token endpoint', async () => {
    const before = (await events('_sort=-date')).length;
    const entry = [{ request: { method: 'GET', url: 'Patient/a1' } }];
    await guarded.call('POST', '', operator, { resourceType: 'Bundle', type: 'batch', entry });
    await guarded.call('GET', 'Patient/a1/$everything', operator);
    await guarded.call('GET', 'Patient/a1/_history', operator);
    await guarded.askToken({ grant_type: 'client_credentials' });
    const after = await kinds('_sort=-date');
    // the look before is in it as well
    expect(after.length).toBeGreaterThanOrEqual(before + 4);
    expect(await kinds('patient=Patient/a1&subtype=batch')).toEqual(['batch 0']);
    expect(await kinds('subtype=110122')).toEqual(['110122 4']);
  });

  test('a look at the messages leaves one, refused or not', async () => {
    await guarded.call('GET', '/messages?name=Audited', operator);
    await guarded.call('GET', '/messages/1/raw');
    const found = (await events('_sort=-date')).filter(({ entity }) =>
      entity?.some(({ query }) => query !== undefined && atob(query).startsWith('/messages')),
    );
    expect(new Set(found.map(({ outcome }) => outcome))).toEqual(new Set(['0', '4']));
  });

  test('a message leaves one for its patient', async () => {
    const message = [
      'MSH|^~\\&|ADT1|GENHOSP|CHARTBRIDGE|GENHOSP|20260302091500-0500||ADT^A01^ADT_A01|AUD1|P|2.5.1',
      'EVN|A01|20260302091500-0500',
      'PID|1||M77^^^GENHOSP^MR||AUDITED^ANN||19800101|F',
      'PV1|1|I',
    ].join('\r');
    const reply = await guarded.call('POST', '/hl7v2', operator, message, { 'content-type': 'application/hl7-v2' });
    expect(await reply.text()).toContain('MSA|AA');
    const found = (await (await guarded.call('GET', 'Patient?family=Audited', operator)).json()) as Bundle;
    const id = found.entry?.[0]?.resource?.id ?? '';
    expect(await kinds(`patient=Patient/${id}&type=110107`)).toEqual(['hl7v2-message 0']);
    const unknown = message.replace('ADT^A01^ADT_A01', 'ZZZ^Z01').replace('AUD1', 'AUD2');
    expect(await (await guarded.call('POST', '/hl7v2', operator, unknown, { 'content-type': 'application/hl7-v2' })).text()).toContain(
      'MSA|AR',
    );
    expect((await kinds('type=110107')).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['hl7v2-message 0', 'hl7v2-message 4']);
    // and says whose it was, and where it came from
    const [event] = await events(`patient=Patient/${id}&type=110107`);
    expect(event?.agent[0]).toMatchObject({ who: { identifier: { value: 'ADT1|GENHOSP' } }, network: { address: '127.0.0.1' } });
    const details = event?.entity?.flatMap(({ detail = [] }) => detail.map(({ type, valueString }) => [type, valueString]));
    expect(details).toEqual([['listener', 'http']]);
  });
});

test('when the trail cannot be written nothing is answered', async () => {
  let isBroken = false;
  const gateway = await openGateway({}, [], 'memory', {
    record: () => (isBroken ? Promise.reject(new Error('no space')) : Promise.resolve()),
  });
  await gateway.http
    .put('/fhir/Patient/a')
    .set('content-type', 'application/fhir+json')
    .send({ resourceType: 'Patient', id: 'a' })
    .expect(201);
  await gateway.http.get('/fhir/Patient/a').expect(200);
  isBroken = true;
  for (const path of ['Patient/a', 'Patient', 'Patient/a/_history', 'Patient/a/$everything', 'Patient/nobody']) {
    const reply = await gateway.http.get(`/fhir/${path}`);
    expect([path, reply.status, issueIds(reply.body), reply.headers['retry-after']]).toEqual([path, 503, ['audit-unavailable'], '2']);
  }
  await gateway.http.get('/fhir/metadata').expect(200);
  await gateway.close();
});
