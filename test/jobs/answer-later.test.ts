import { readdirSync, readFileSync } from 'node:fs';
import type { Bundle, OperationOutcome } from 'fhir/r4.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { issue } from '../../src/issue/issue.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { overStore } from '../../src/store/over-store.ts';
import { ended, type ExportGateway, linesOf, type Manifest, openExportGateway } from './gateway.ts';

let gateway: ExportGateway;
beforeEach(async () => {
  // on disk, where each entry takes its time
  gateway = await openExportGateway({}, 'disk');
});
afterEach(() => gateway.close());

const ask = (method: string, path: string, body?: unknown, prefer = 'respond-async') =>
  fetch(`${gateway.base}${path === '' || path.startsWith('?') ? '' : '/'}${path}`, {
    method,
    headers: { accept: 'application/fhir+json', prefer, ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const placeOf = (reply: Response) => reply.headers.get('content-location') ?? '';
const idOf = (location: string) => location.split('/').at(-1) ?? '';
const manifestOf = async (location: string) => (await (await ended(location)).json()) as Manifest;
const bundleOf = async (manifest: Manifest) => JSON.parse((await linesOf(manifest.output))[0] ?? '') as Bundle;
const issueIds = (body: unknown) => (body as OperationOutcome).issue.map((one) => one.details?.coding?.[0]?.code);
const basics = (count: number) => ({
  resourceType: 'Bundle',
  type: 'batch',
  entry: Array.from({ length: count }, (_, at) => ({
    resource: { resourceType: 'Basic', code: { text: `number ${at}` } },
    request: { method: 'POST', url: 'Basic' },
  })),
});
const stored = async () => (await gateway.store.history({ type: 'Basic', count: 1_000 })).versions;
/** Jobs that take what is asked and do nothing: what another gateway left is made by hand. */
const idle = async () => {
  gateway.jobs = gateway.another();
  await gateway.jobs.close();
};

describe('Prefer: respond-async', () => {
  test('a search is answered later: 202, progress, then a manifest with a file of one Bundle', async () => {
    await gateway.put({ resourceType: 'Patient', id: 'a', birthDate: '1980' }, { resourceType: 'Patient', id: 'b' });
    await idle();
    const begun = await ask('GET', 'Patient?birthdate=1980&_count=1');
    expect([begun.status, begun.headers.get('preference-applied')]).toEqual([202, 'respond-async']);
    const location = placeOf(begun);
    expect(location).toMatch(/\/fhir\/_async\/[^/]+$/);
    const waiting = await fetch(location);
    expect([waiting.status, waiting.headers.get('x-progress'), waiting.headers.get('retry-after')]).toEqual([202, 'waiting', '1']);
    gateway.jobs = gateway.another();
    gateway.jobs.start();
    const done = await ended(location);
    expect([done.status, done.headers.get('content-type'), done.headers.get('expires')]).toEqual([
      200,
      'application/json; charset=utf-8',
      expect.any(String),
    ]);
    const manifest = (await done.json()) as Manifest;
    expect(manifest).toMatchObject({
      request: `${gateway.base}/Patient?birthdate=1980&_count=1`,
      requiresAccessToken: false,
      output: [{ type: 'Bundle', count: 1 }],
      error: [],
    });
    expect(await bundleOf(manifest)).toMatchObject({ type: 'searchset', entry: [{ resource: { id: 'a' } }] });
    const [name = ''] = readdirSync(`${gateway.folder}/${idOf(location)}`).filter((one) => one.endsWith('.patients'));
    expect(readFileSync(`${gateway.folder}/${idOf(location)}/${name}`, 'utf8')).toBe('a');
  });

  test('a batch, a history, a compartment, a form and $everything too', async () => {
    await gateway.put({ resourceType: 'Patient', id: 'a' });
    for (const path of ['_history', 'Patient/_history', 'Patient/a/Observation', '?_type=Patient', 'Patient/a/$everything'])
      expect((await bundleOf(await manifestOf(placeOf(await ask('GET', path))))).resourceType).toBe('Bundle');
    const form = await fetch(`${gateway.base}/Patient/_search`, {
      method: 'POST',
      headers: { prefer: 'respond-async', 'content-type': 'application/x-www-form-urlencoded' },
      body: '_id=a',
    });
    expect(await bundleOf(await manifestOf(placeOf(form)))).toMatchObject({ entry: [{ resource: { id: 'a' } }] });
    const answer = await bundleOf(await manifestOf(placeOf(await ask('POST', '', basics(3)))));
    expect(answer).toMatchObject({ type: 'batch-response', entry: basics(3).entry.map(() => ({ response: { status: '201 Created' } })) });
    expect(await stored()).toHaveLength(3);
  });

  test('what one commit or one look does is answered at once, as the preference allows', async () => {
    await gateway.put({ resourceType: 'Patient', id: 'a' });
    expect((await ask('GET', 'Patient/a')).status).toBe(200);
    expect((await ask('HEAD', 'Patient')).status).toBe(200);
    expect((await ask('POST', 'Patient', { resourceType: 'Patient' })).status).toBe(201);
    expect((await ask('POST', '', { ...basics(1), type: 'transaction' })).status).toBe(200);
  });

  test('what fails gives its OperationOutcome where the answer would be', async () => {
    const failed = await ended(placeOf(await ask('GET', 'Patient?colour=red', undefined, 'respond-async, handling=strict')));
    expect([failed.status, issueIds(await failed.json())]).toEqual([400, ['search-parameter-unknown']]);
  });

  test('is cancelled by DELETE, and gone when it is out of date: nothing is left of it', async () => {
    await idle();
    const location = placeOf(await ask('POST', '', basics(2)));
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(202);
    expect((await fetch(location)).status).toBe(404);
    expect(await gateway.store.documentKinds()).toEqual([]);
    gateway.jobs = gateway.another();
    const done = placeOf(await ask('POST', '', basics(2)));
    const [file] = (await manifestOf(done)).output;
    gateway.clock.now += 3_600_000;
    for (const url of [done, file?.url ?? ''])
      expect((await fetch(url, { headers: { accept: 'application/fhir+ndjson' } })).status).toBe(404);
    gateway.jobs.start();
    await expect.poll(() => gateway.store.documentKinds()).toEqual([]);
    await expect.poll(() => readdirSync(gateway.folder)).toEqual([]);
  });

  test('too many that wait are refused, and exports have their own number', async () => {
    await idle();
    const statuses: number[] = [];
    for (let times = 0; times < 9; times += 1) statuses.push((await ask('GET', 'Patient')).status);
    expect(statuses).toEqual([...Array.from({ length: 8 }, () => 202), 429]);
    expect((await ask('GET', '$export')).status).toBe(202);
  });
});

describe('a batch that is answered later', () => {
  test('goes on after a restart with what it has not done: each entry is done once', async () => {
    const location = placeOf(await ask('POST', '', basics(300)));
    await expect.poll(async () => (await stored()).length, { interval: 2 }).toBeGreaterThan(5);
    await gateway.jobs.close();
    const before = (await stored()).length;
    expect(before).toBeLessThan(300);
    expect((await fetch(location)).status).toBe(202);
    gateway.jobs = gateway.another();
    gateway.jobs.start();
    const { entry = [] } = await bundleOf(await manifestOf(location));
    expect(await stored()).toHaveLength(300);
    expect(new Set(entry.map(({ response }) => response?.status))).toEqual(new Set(['201 Created']));
    const told = entry.map(({ response }) => response?.location?.split('/')[1]);
    expect(new Set(told)).toEqual(new Set((await stored()).map(({ id }) => id)));
    expect(await gateway.store.documentKinds()).toEqual(['export-job']);
  });

  test('of a gateway that died between a commit and its end: the entry is not done again, and its answer is told', async () => {
    await gateway.put({ resourceType: 'Basic', id: 'gone' });
    await idle();
    const entry = [...basics(2).entry, { request: { method: 'DELETE', url: 'Basic/gone' } }];
    const location = placeOf(await ask('POST', '', { ...basics(2), entry }));
    const mark = (part: number, of: object) => ({ kind: 'job-mark', key: `${idOf(location)}/${part}`, json: JSON.stringify([of]) });
    await gateway.store.commit({
      writes: [{ type: 'Basic', id: 'x', expected: 0, resource: { resourceType: 'Basic', id: 'x' } }],
      documents: [mark(0, { type: 'Basic', id: 'x', version: 1, deleted: false })],
    });
    await gateway.store.commit({
      writes: [{ type: 'Basic', id: 'gone' }],
      documents: [mark(2, { type: 'Basic', id: 'gone', version: 2, deleted: true })],
    });
    gateway.jobs = gateway.another();
    gateway.jobs.start();
    const answer = await bundleOf(await manifestOf(location));
    expect(answer.entry?.map(({ response }) => response)).toMatchObject([
      { status: '201 Created', location: 'Basic/x/_history/1', etag: 'W/"1"' },
      { status: '201 Created' },
      { status: '204 No Content', etag: 'W/"2"' },
    ]);
    expect(await stored()).toHaveLength(4);
  });

  test('cancelled in the middle, it ends where it is', async () => {
    const location = placeOf(await ask('POST', '', basics(400)));
    await expect.poll(async () => (await stored()).length).toBeGreaterThan(5);
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(202);
    await gateway.jobs.close();
    const count = (await stored()).length;
    expect(count).toBeLessThan(400);
    expect(await gateway.store.documentKinds()).toEqual([]);
  });

  test('that ends the gateway whenever it is begun is given up', async () => {
    await idle();
    const location = placeOf(await ask('POST', '', basics(1)));
    const key = idOf(location);
    const [text = ''] = await gateway.store.documents([{ kind: 'export-job', key }]);
    const json = JSON.stringify({ ...JSON.parse(text), attempts: 20 });
    await gateway.store.commit({ documents: [{ kind: 'export-job', key, json }] });
    gateway.jobs = gateway.another();
    gateway.jobs.start();
    const failed = await ended(location);
    expect([failed.status, issueIds(await failed.json())]).toEqual([500, ['export-failed']]);
    expect(gateway.reported.map(({ id }) => id)).toEqual(['export-failed']);
    expect(await stored()).toHaveLength(0);
  });

  test('whose end the database does not take is gone on with later, and done once', async () => {
    await idle();
    const location = placeOf(await ask('POST', '', basics(2)));
    let isDown = true;
    const store = overStore(gateway.store, {
      commit: (change) =>
        isDown && change.documents?.some(({ json }) => json?.includes('"state":"done"')) === true
          ? Promise.reject(new IssueError(issue('store-unavailable')))
          : gateway.store.commit(change),
    });
    gateway.jobs = gateway.another({ store });
    gateway.jobs.start();
    await expect.poll(async () => (await stored()).length).toBe(2);
    await gateway.jobs.close();
    isDown = false;
    gateway.clock.now += 15_001;
    gateway.jobs = gateway.another();
    gateway.jobs.start();
    expect((await bundleOf(await manifestOf(location))).entry).toHaveLength(2);
    expect(await stored()).toHaveLength(2);
  });
});
