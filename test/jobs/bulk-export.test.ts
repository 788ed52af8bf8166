import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OperationOutcome } from 'fhir/r4.js';
import type { Resource } from '../../src/fhir/resource.ts';
import { issue } from '../../src/issue/issue.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import type { Change, Commit } from '../../src/store/store.ts';
import { issueIds } from '../serve/gateway.ts';
import { ended, type ExportGateway, exported, kickOff, linesOf, namesOf, openExportGateway } from './gateway.ts';

let gateway: ExportGateway;
beforeEach(async () => {
  gateway = await openExportGateway({ file: { resources: 2, bytes: 1_000_000 } });
});
afterEach(() => gateway.close());

const patient = (id: string, more: Record<string, unknown> = {}): Resource => ({ resourceType: 'Patient', id, ...more });
const observation = (id: string, of: string, more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
  subject: { reference: `Patient/${of}` },
  ...more,
});
const group = (id: string, ...members: Record<string, unknown>[]): Resource => ({
  resourceType: 'Group',
  id,
  type: 'person',
  actual: true,
  member: members,
});
const member = (reference: string, more: Record<string, unknown> = {}) => ({ entity: { reference }, ...more });

describe('kick-off, status, manifest and files', () => {
  test('an export of everything, as a client goes about it', async () => {
    await gateway.put(patient('a', { birthDate: '1980' }), patient('b'), patient('c'), observation('o', 'a'));
    const begun = await kickOff(gateway, '$export?_outputFormat=application/fhir%2Bndjson');
    expect(begun.status).toBe(202);
    const location = begun.headers.get('content-location') ?? '';
    expect(location.startsWith(`${gateway.base}/_export/`)).toBe(true);

    const done = await ended(location);
    expect(done.status).toBe(200);
    expect(done.headers.get('content-type')).toMatch(/^application\/json/);
    expect(Date.parse(done.headers.get('expires') ?? '')).toBeGreaterThan(gateway.clock.now);
    const manifest = (await done.json()) as Awaited<ReturnType<typeof exported>>;
    expect(manifest).toMatchObject({
      transactionTime: new Date(gateway.clock.now).toISOString(),
      request: `${gateway.base}/$export?_outputFormat=application/fhir%2Bndjson`,
      requiresAccessToken: false,
      deleted: [],
      error: [],
    });
    // one type a file, split where a file is full
    expect(manifest.output.map(({ type, count }) => `${type} ${count}`).sort()).toEqual(['Observation 1', 'Patient 3']);
    const stored = await gateway.store.readMany(['a', 'b', 'c'].map((id) => ({ type: 'Patient', id })));
    const patients = await linesOf(manifest.output.filter(({ type }) => type === 'Patient'));
    expect(patients).toEqual(stored.map((version) => version?.json));
  });

  test('a POST with Parameters says the same; commas and repetition mean the same', async () => {
    await gateway.put(patient('a'), observation('o', 'a'), { resourceType: 'Organization', id: 'x' });
    const parameter = [
      { name: '_outputFormat', valueString: 'ndjson' },
      { name: '_type', valueString: 'Patient' },
      { name: '_type', valueString: 'Organization' },
    ];
    const posted = await exported(gateway, '$export', { body: { resourceType: 'Parameters', parameter } });
    expect(await namesOf(posted)).toEqual(['Organization/x', 'Patient/a']);
    expect(await namesOf(await exported(gateway, '$export?_type=Patient,Organization'))).toEqual(['Organization/x', 'Patient/a']);
  });

  test('files are named by their type, typed, counted, compressed for who takes it, and answer HEAD', async () => {
    await gateway.put(patient('a', { name: [{ family: 'Example'.repeat(500) }] }));
    const { output } = await exported(gateway, '$export');
    const url = output[0]?.url ?? '';
    expect(url).toMatch(/\/Patient-1-[\w-]+\.ndjson$/);
    const head = await fetch(url, { method: 'HEAD', headers: { 'accept-encoding': 'identity' } });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/fhir+ndjson']);
    const plain = await (await fetch(url, { headers: { 'accept-encoding': 'identity' } })).text();
    expect(Number(head.headers.get('content-length'))).toBe(Buffer.byteLength(plain));
    const zipped = await fetch(url, { headers: { 'accept-encoding': 'gzip' } });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.text()).toBe(plain);
  });

  test('what is written after the kick-off is not in it, what was before is as it was', async () => {
    const ids = Array.from({ length: 900 }, (_, at) => `p${at}`);
    await gateway.put(...ids.map((id) => patient(id, { birthDate: '1980' })));
    const begun = await kickOff(gateway, '$export?_type=Patient');
    await gateway.put(...ids.map((id) => patient(id, { birthDate: '1999' })), patient('new'));
    const done = await ended(begun.headers.get('content-location') ?? '');
    const lines = await linesOf(((await done.json()) as Awaited<ReturnType<typeof exported>>).output);
    expect(lines.map((line) => (JSON.parse(line) as { birthDate: string }).birthDate)).toEqual(ids.map(() => '1980'));
  });

  test('while it runs: 202, progress, when to come back; asked too often: 429', async () => {
    gateway.jobs = gateway.another();
    await gateway.jobs.close(); // accepts, and writes nothing
    await gateway.put(patient('a'));
    const location = (await kickOff(gateway, '$export')).headers.get('content-location') ?? '';
    const first = await fetch(location);
    expect(first.status).toBe(202);
    expect(first.headers.get('x-progress')).toMatch(/^0%/);
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const statuses: number[] = [];
    for (let times = 0; times < 25; times += 1) statuses.push((await fetch(location)).status);
    expect(statuses.at(-1)).toBe(429);
    gateway.clock.now += 6_000;
    expect((await fetch(location)).status).toBe(202);
    const file = await fetch(`${location}/Patient-1-x.ndjson`);
    expect([file.status, issueIds(await file.json())]).toEqual([404, ['export-not-found']]);
  });

  test('too many at a time are refused with 429 and Retry-After', async () => {
    gateway.jobs = gateway.another();
    await gateway.jobs.close();
    const answers = await Array.from({ length: 9 }).reduce<Promise<Response[]>>(
      async (before) => [...(await before), await kickOff(gateway, '$export')],
      Promise.resolve([]),
    );
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 8 }, () => 202), 429]);
    expect(answers[8]?.headers.get('retry-after')).toBeTruthy();
    expect(issueIds(await answers[8]?.json())).toEqual(['too-many-requests']);
  });

  test('cancelled: 202, then neither status nor files are there', async () => {
    await gateway.put(patient('a'));
    const location = (await kickOff(gateway, '$export')).headers.get('content-location') ?? '';
    const manifest = (await (await ended(location)).json()) as Awaited<ReturnType<typeof exported>>;
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(202);
    for (const url of [location, manifest.output[0]?.url ?? '']) {
      const gone = await fetch(url, { headers: { accept: 'application/fhir+ndjson' } });
      expect([gone.status, issueIds(await gone.json())]).toEqual([404, ['export-not-found']]);
    }
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(404);
    expect(readdirSync(gateway.folder)).toEqual([]);
  });

  test('out of date: the same, and the files are removed', async () => {
    await gateway.put(patient('a'));
    const begun = (await kickOff(gateway, '$export')).headers.get('content-location') ?? '';
    await ended(begun);
    gateway.clock.now += 3_600_000;
    expect((await fetch(begun)).status).toBe(404);
    gateway.jobs.start();
    await expect.poll(() => readdirSync(gateway.folder)).toEqual([]);
  });

  test('a file is found by its name among those of the job, never on the disk', async () => {
    await gateway.put(patient('a'));
    const location = (await kickOff(gateway, '$export')).headers.get('content-location') ?? '';
    await ended(location);
    for (const name of ['..%2F..%2Ftest.db', '%2Fetc%2Fpasswd', 'Patient-1-id-1.ndjson%00'])
      expect((await fetch(`${location}/${name}`)).status).toBeGreaterThanOrEqual(400);
    expect((await fetch(`${gateway.base}/_export/unknown`)).status).toBe(404);
  });

  test("a job is its owner's alone", async () => {
    const request = { level: 'system', url: '', types: ['Patient'], filters: [], elements: [], warnings: [] } as const;
    const id = await gateway.jobs.kickOff(request, 'client-1');
    await expect(gateway.jobs.status(id, 'client-2')).rejects.toMatchObject({ issues: [{ id: 'export-not-found' }] });
    await expect(gateway.jobs.cancel(id, 'client-2')).rejects.toMatchObject({ issues: [{ id: 'export-not-found' }] });
    expect(await gateway.jobs.status(id, 'client-1')).toBeDefined();
  });

  test('the CapabilityStatement names the three', async () => {
    const text = await (await fetch(`${gateway.base}/metadata`)).text();
    for (const name of ['export', 'patient-export', 'group-export'])
      expect(text).toContain(`"http://hl7.org/fhir/uv/bulkdata/OperationDefinition/${name}"`);
  });
});

describe('what is asked for', () => {
  test('since a transactionTime: what came after it, and what is gone', async () => {
    await gateway.put(patient('a'), patient('b'), patient('c'), observation('o', 'a'));
    const first = await exported(gateway, '$export');
    await gateway.put(patient('a', { birthDate: '1980' }));
    await gateway.remove('Patient', 'b');
    const next = await exported(gateway, `$export?_since=${first.transactionTime}`);
    expect(await namesOf(next)).toEqual(['Patient/a']);
    expect(next.deleted.map(({ type, count }) => [type, count])).toEqual([['Bundle', 1]]);
    expect((await linesOf(next.deleted)).map((line) => JSON.parse(line) as unknown)).toEqual([
      { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'DELETE', url: 'Patient/b' } }] },
    ]);
    expect((await exported(gateway, '$export')).deleted).toEqual([]);
  });

  test('a clock that was set back loses nothing between two exports', async () => {
    await gateway.put(patient('a'));
    const first = await exported(gateway, '$export');
    gateway.clock.now -= 600_000;
    await gateway.put(patient('late'));
    gateway.clock.now += 900_000;
    expect(await namesOf(await exported(gateway, `$export?_since=${first.transactionTime}`))).toEqual(['Patient/late']);
  });

  test('since and until any time', async () => {
    const times: string[] = [];
    for (const id of ['a', 'b', 'c']) {
      times.push(new Date(gateway.clock.now).toISOString());
      await gateway.put(patient(id));
    }
    expect(await namesOf(await exported(gateway, `$export?_since=${times[1]}`))).toEqual(['Patient/b', 'Patient/c']);
    expect(await namesOf(await exported(gateway, `$export?_until=${times[1]}`))).toEqual(['Patient/a']);
    expect(await namesOf(await exported(gateway, `$export?_since=${times[1]}&_until=${times[2]}`))).toEqual(['Patient/b']);
  });

  test('by searches of a type, any of which is met', async () => {
    await gateway.put(
      patient('a'),
      observation('final', 'a'),
      observation('old', 'a', { status: 'amended' }),
      observation('bad', 'a', { status: 'entered-in-error' }),
      observation('other', 'a', { code: { coding: [{ system: 'http://loinc.org', code: '1-1' }] } }),
    );
    const one = await exported(
      gateway,
      `$export?_typeFilter=${encodeURIComponent('Observation?status=final&code=http://loinc.org|718-7')}`,
    );
    expect(await namesOf(one)).toEqual(['Observation/final', 'Patient/a']);
    const two = encodeURIComponent('Observation?status=amended,entered-in-error,Observation?code=1-1');
    expect(await namesOf(await exported(gateway, `$export?_type=Observation&_typeFilter=${two}`))).toEqual([
      'Observation/bad',
      'Observation/old',
      'Observation/other',
    ]);
  });

  test('only some elements, marked as such', async () => {
    await gateway.put(patient('a', { birthDate: '1980', gender: 'female' }), observation('o', 'a', { issued: '2026-01-02T09:30:00Z' }));
    const { output } = await exported(gateway, '$export?_elements=Patient.birthDate');
    const resources = (await linesOf(output)).map((line) => JSON.parse(line) as Resource);
    const given = resources.find(({ resourceType }) => resourceType === 'Patient');
    expect(given).toMatchObject({ birthDate: '1980', meta: { tag: [{ code: 'SUBSETTED' }] } });
    expect(given).not.toHaveProperty('gender');
    expect(resources.find(({ resourceType }) => resourceType === 'Observation')).toHaveProperty('issued');
  });

  describe('the Provenance of what is given', () => {
    const about = (id: string, ...targets: string[]): Resource => ({
      resourceType: 'Provenance',
      id,
      target: targets.map((reference) => ({ reference })),
      recorded: '2026-01-02T09:30:00Z',
      agent: [{ who: { display: 'x' } }],
    });
    const provenanceOf = async (query: string) => {
      const names = await namesOf(await exported(gateway, query));
      return names.flatMap((name) => (name.startsWith('Provenance/') ? [name.slice(11)] : [])).join(' ');
    };
    beforeEach(async () => {
      await gateway.put(patient('a'), patient('b'), observation('oa', 'a'), observation('ob', 'b'));
      await gateway.put(about('first', 'Observation/oa', 'Patient/a'), about('other', 'Observation/ob'));
      await gateway.put(about('second', 'Observation/oa'), about('nothing', 'Medication/m'), about('own', 'Provenance/first'));
    });

    test.each([
      [
        'every one about it, whatever compartment that is in',
        'Relevant',
        'Patient/$export?patient=Patient/a&_type=Observation',
        'first second',
      ],
      ['the last one about each, and no other', 'Latest', 'Patient/$export?patient=Patient/a&_type=Observation,Provenance', 'second'],
      ['the last one of several resources', 'Latest', 'Patient/$export?patient=Patient/a&_type=Observation,Patient', 'first second'],
      ['by what a filter leaves', 'Relevant', '$export?_type=Observation&_typeFilter=Observation?patient=b', 'other'],
      ['beside those that are asked for themselves', 'Relevant', '$export', 'first nothing other own second'],
      ['none of them themselves', 'Latest', '$export', 'first other second'],
    ])('%s', async (_what, which, query, expected) => {
      const more = `includeAssociatedData=${which}ProvenanceResources`;
      expect(await provenanceOf(`${query}${query.includes('?') ? '&' : '?'}${more}`)).toBe(expected);
    });

    test('whenever it was made, as it stood with the export', async () => {
      const since = new Date(gateway.clock.now).toISOString();
      await gateway.put(observation('oa', 'a', { status: 'amended' }));
      await gateway.jobs.close();
      gateway.jobs = gateway.another();
      const idle = gateway.another();
      await idle.close();
      gateway.jobs = idle;
      const query = `$export?_since=${since}&_type=Observation&includeAssociatedData=LatestProvenanceResources`;
      const location = (await kickOff(gateway, query)).headers.get('content-location') ?? '';
      await gateway.put(about('third', 'Observation/oa'));
      await gateway.remove('Provenance', 'other');
      gateway.jobs = gateway.another();
      gateway.jobs.start();
      const manifest = (await (await ended(location)).json()) as Awaited<ReturnType<typeof exported>>;
      expect(await namesOf(manifest)).toEqual(['Observation/oa', 'Provenance/second']);
      expect(manifest.deleted).toEqual([]);
    });
  });

  test.each([
    ['_outputFormat=csv'],
    ['_since=yesterday'],
    ['_type=Patient,Nonsense'],
    ['_typeFilter=Observation'],
    ['_typeFilter=Observation%3Fno-such-parameter%3Dx'],
    ['_typeFilter=Observation%3Fpatient.name%3Dx'],
    ['_typeFilter=Observation%3F_sort%3Ddate'],
    ['_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal'],
    ['_elements=a b'],
    ['patient=Patient/a'],
    ['no-such-parameter=x'],
    ['includeAssociatedData=LatestAuditEvents'],
    ['organizeOutputBy=Patient'],
  ])('%s is refused with an OperationOutcome', async (query) => {
    const refused = await kickOff(gateway, `$export?${query}`);
    expect([refused.status, ((await refused.json()) as OperationOutcome).resourceType]).toEqual([400, 'OperationOutcome']);
  });

  test('leniently, what is not known is left out and told; a filter never', async () => {
    await gateway.put(patient('a'));
    const manifest = await exported(gateway, 'Patient/$export?organizeOutputBy=Patient&_type=Patient,Organization', { lenient: true });
    expect(await namesOf(manifest)).toEqual(['Patient/a']);
    expect(manifest.error.map(({ type, count }) => [type, count])).toEqual([['OperationOutcome', 2]]);
    expect((await linesOf(manifest.error)).flatMap((line) => issueIds(JSON.parse(line)))).toEqual([
      'parameter-invalid',
      'parameter-invalid',
    ]);
    expect((await kickOff(gateway, '$export?_typeFilter=Observation%3Fno-such%3Dx', { lenient: true })).status).toBe(400);
  });
});

describe('patients and groups', () => {
  beforeEach(() =>
    gateway.put(
      patient('a'),
      patient('b'),
      patient('c'),
      observation('oa', 'a'),
      observation('ob', 'b'),
      observation('oc', 'c'),
      observation('loose', 'a', { subject: { reference: 'Device/d' }, focus: [{ reference: 'Patient/a' }] }),
      { resourceType: 'Organization', id: 'x' },
    ),
  );

  test('of patients: their compartments, nothing else', async () => {
    expect(await namesOf(await exported(gateway, 'Patient/$export'))).toEqual([
      'Observation/oa',
      'Observation/ob',
      'Observation/oc',
      'Patient/a',
      'Patient/b',
      'Patient/c',
    ]);
  });

  test('of the patients named', async () => {
    const parameter = [{ name: 'patient', valueReference: { reference: 'Patient/b' } }];
    const manifest = await exported(gateway, 'Patient/$export', { body: { resourceType: 'Parameters', parameter } });
    expect(await namesOf(manifest)).toEqual(['Observation/ob', 'Patient/b']);
    const none = [{ name: 'patient', valueReference: { reference: 'Patient/nobody' } }];
    const refused = await kickOff(gateway, 'Patient/$export', { body: { resourceType: 'Parameters', parameter: none } });
    expect([refused.status, issueIds(await refused.json())]).toEqual([404, ['resource-not-found']]);
  });

  test('of a group: its active members and those of groups within it, also in a circle', async () => {
    await gateway.put(
      group('outer', member('Patient/a'), member('Patient/b', { inactive: true }), member('Group/inner'), member('Device/d')),
      group('inner', member('Patient/c'), member('Group/outer')),
    );
    const manifest = await exported(gateway, 'Group/outer/$export?_type=Patient,Observation');
    expect(await namesOf(manifest)).toEqual(['Observation/oa', 'Observation/oc', 'Patient/a', 'Patient/c']);
    expect((await kickOff(gateway, 'Group/none/$export')).status).toBe(404);
  });

  test('of a group: who a member was merged with is the same person', async () => {
    await gateway.put(
      patient('a', { active: false, link: [{ type: 'replaced-by', other: { reference: 'Patient/c' } }] }),
      group('g', member('Patient/a')),
    );
    expect(await namesOf(await exported(gateway, 'Group/g/$export?_type=Observation'))).toEqual(['Observation/oa', 'Observation/oc']);
  });

  test("of a group, since a time: a member's deleted result is told, another's is not", async () => {
    await gateway.put(group('g', member('Patient/a')));
    const { transactionTime } = await exported(gateway, 'Group/g/$export');
    await gateway.remove('Observation', 'oa');
    await gateway.remove('Observation', 'ob');
    const manifest = await exported(gateway, `Group/g/$export?_since=${transactionTime}`);
    expect((await linesOf(manifest.deleted)).join()).toContain('Observation/oa');
    expect((await linesOf(manifest.deleted)).join()).not.toContain('Observation/ob');
  });
});

describe('a job outlives its gateway', () => {
  const ids = Array.from({ length: 600 }, (_, at) => `p${String(at).padStart(3, '0')}`);

  test('stopped in the middle, it goes on with whole files and ends as if nothing had been', async () => {
    await gateway.put(...ids.map((id) => patient(id)));
    const location = (await kickOff(gateway, '$export?_type=Patient')).headers.get('content-location') ?? '';
    await gateway.jobs.close();
    await gateway.put(...ids.map((id) => patient(id, { active: false })));
    gateway.jobs = gateway.another();
    gateway.jobs.start();
    const manifest = (await (await ended(location)).json()) as Awaited<ReturnType<typeof exported>>;
    const lines = await linesOf(manifest.output);
    expect(lines.map((line) => JSON.parse(line) as Resource).map(({ id, active }) => [id, active])).toEqual(
      ids.map((id) => [id, undefined]),
    );
    const files = readdirSync(`${gateway.folder}/${location.split('/').at(-1)}`).filter((name) => name.endsWith('.ndjson'));
    expect(new Set(files)).toEqual(new Set(manifest.output.map(({ url }) => url.split('/').at(-1))));
    expect(files).toHaveLength(manifest.output.length);
  });

  test('of a gateway that died: taken up when its lease has run out, not before', async () => {
    await gateway.put(patient('a'));
    const location = (await kickOff(gateway, '$export')).headers.get('content-location') ?? '';
    await ended(location);
    const key = location.split('/').at(-1) ?? '';
    const [text] = await gateway.store.documents([{ kind: 'export-job', key }]);
    const { ended: _ended, ...job } = JSON.parse(text ?? '') as Record<string, unknown>;
    const lease = { runner: 'dead', until: gateway.clock.now + 15_000 };
    const json = JSON.stringify({ ...job, state: 'unfinished', typesDone: 0, after: 0, files: [], lease });
    await gateway.store.commit({ documents: [{ kind: 'export-job', key, json }] });
    gateway.jobs = gateway.another();
    gateway.jobs.start();
    await new Promise((done) => setTimeout(done, 100));
    expect((await fetch(location)).status).toBe(202);
    gateway.clock.now += 15_001;
    gateway.jobs.start();
    expect((await ended(location)).status).toBe(200);
  });

  test('a database that does not take a write is not asked again and again; later the job goes on', async () => {
    await gateway.put(patient('a'));
    const idle = gateway.another();
    await idle.close();
    gateway.jobs = idle;
    const location = (await kickOff(gateway, '$export')).headers.get('content-location') ?? '';
    let commits = 0;
    let isDown = true;
    const commit = (change: Change): Promise<Commit> => {
      commits += 1;
      return isDown ? Promise.reject(new IssueError(issue('store-unavailable'))) : gateway.store.commit(change);
    };
    const store = new Proxy(gateway.store, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target) as unknown;
        return name === 'commit' ? commit : typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    gateway.jobs = gateway.another({ store });
    gateway.jobs.start();
    await expect.poll(() => gateway.reported.map(({ id }) => id)).toContain('store-unavailable');
    await new Promise((done) => setTimeout(done, 200));
    expect(commits).toBeLessThan(10);
    isDown = false;
    gateway.jobs.start();
    expect((await ended(location)).status).toBe(200);
  });

  test('two gateways that share a folder write a job once, and neither takes the files of the other', async () => {
    await gateway.put(...ids.map((id) => patient(id)));
    const idle = gateway.another();
    await idle.close();
    gateway.jobs = idle;
    const location = (await kickOff(gateway, '$export?_type=Patient')).headers.get('content-location') ?? '';
    const both = [gateway.another(), gateway.another()];
    for (const exporter of both) exporter.start();
    const manifest = (await (await ended(location)).json()) as Awaited<ReturnType<typeof exported>>;
    for (const exporter of both) await exporter.close();
    expect(await linesOf(manifest.output)).toHaveLength(ids.length);
    expect(readdirSync(`${gateway.folder}/${location.split('/').at(-1)}`)).toHaveLength(2 * manifest.output.length);
  });

  test('a disk that does not take it ends the job with the reason, and the log is told', async () => {
    const other = await openExportGateway({ folder: join(import.meta.filename, 'exports') });
    await other.put(patient('a'));
    const failed = await ended((await kickOff(other, '$export')).headers.get('content-location') ?? '');
    expect([failed.status, issueIds(await failed.json())]).toEqual([500, ['export-failed']]);
    expect(other.reported.map(({ id }) => id)).toEqual(['export-failed']);
    expect(existsSync(other.folder)).toBe(false);
    await other.close();
  });
});
