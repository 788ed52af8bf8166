import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Bundle, BundleEntry } from 'fhir/r4.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, BASE, idsIn, issueIds, linkIn, openGateway } from './gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  // a file: writes go through a thread, and others come between a decision and its commit
  gateway = await openGateway({}, [], 'file');
});
afterAll(() => gateway.close());

const FHIR = 'application/fhir+json';
const bundle = (type: string, entry: unknown[]) =>
  gateway.http
    .post('/fhir')
    .set('content-type', FHIR)
    .send(JSON.stringify({ resourceType: 'Bundle', type, entry }));
const entryOf = (method: string, url: string, resource?: object, more: object = {}, fullUrl?: string) => ({
  ...(fullUrl === undefined ? {} : { fullUrl }),
  ...(resource === undefined ? {} : { resource }),
  request: { method, url, ...more },
});
const statuses = (body: unknown) =>
  ((body as Bundle).entry ?? []).map((entry: BundleEntry) => Number.parseInt(entry.response?.status ?? '', 10));
const patient = (more: object = {}) => ({ resourceType: 'Patient', ...more });
const observation = (subject: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference: subject },
  ...more,
});
const total = async (query: string) => (await gateway.http.get(`/fhir/${query}&_total=accurate&_count=0`)).body.total as number;

describe('a transaction', () => {
  test('rewrites urn:uuid references and links in the narrative to the ids it made', async () => {
    const mother = 'urn:uuid:11111111-1111-4111-8111-111111111111';
    const reply = await bundle('transaction', [
      entryOf('POST', 'Observation', {
        ...observation(mother),
        text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${mother}">her</a></div>` },
        extension: [{ url: 'http://example.org/x', valueUri: mother }],
        identifier: [{ system: 'urn:ietf:rfc:3986', value: mother }],
      }),
      entryOf('POST', 'Patient', patient({ name: [{ family: 'Beispiel' }] }), {}, mother),
    ]);
    expect(reply.status).toBe(200);
    expect(statuses(reply.body)).toEqual([201, 201]);
    const [first, second] = reply.body.entry as BundleEntry[];
    const reference = second?.response?.location?.replace(/\/_history\/1$/, '') as string;
    expect(reference).toMatch(/^Patient\/made-\d+$/);
    expect(second?.fullUrl).toBe(`${BASE}/${reference}`);
    const stored = await gateway.http.get(`/fhir/${first?.response?.location?.replace(/\/_history\/1$/, '')}`);
    expect(stored.body).toMatchObject({
      subject: { reference },
      extension: [{ valueUri: reference }],
      identifier: [{ value: mother }],
      text: { div: expect.stringContaining(`<a href="${reference}">`) },
    });
  });

  test('is nothing when one entry fails, and says which', async () => {
    const reply = await bundle('transaction', [
      entryOf('POST', 'Patient', patient({ identifier: [{ system: 'urn:all', value: 'none' }] })),
      entryOf('POST', 'Patient', patient({ gender: 'x' })),
    ]);
    expect([reply.status, issueIds(reply.body)]).toEqual([400, ['code-not-in-value-set']]);
    expect(reply.body.issue[0].expression).toEqual(['Bundle.entry[1].resource.gender']);
    expect(await total('Patient?identifier=urn:all|none')).toBe(0);
  });

  test('deletes, creates, updates, patches, then reads, whatever the order sent', async () => {
    for (const id of ['t-del', 't-upd', 't-pat'])
      await gateway.http.put(`/fhir/Patient/${id}`).set('content-type', FHIR).send({ resourceType: 'Patient', id });
    const patchOperations = Buffer.from(JSON.stringify([{ op: 'add', path: '/active', value: true }])).toString('base64');
    const reply = await bundle('transaction', [
      entryOf('GET', 'Patient/t-upd'),
      entryOf('GET', 'Patient?identifier=urn:order|1'),
      entryOf('PATCH', 'Patient/t-pat', { resourceType: 'Binary', contentType: 'application/json-patch+json', data: patchOperations }),
      entryOf('PUT', 'Patient/t-upd', patient({ id: 't-upd', birthDate: '1980' })),
      entryOf('POST', 'Patient', patient({ identifier: [{ system: 'urn:order', value: '1' }] })),
      entryOf('DELETE', 'Patient/t-del'),
    ]);
    expect(statuses(reply.body)).toEqual([200, 200, 200, 200, 201, 204]);
    expect(reply.body.entry[0].resource).toMatchObject({ id: 't-upd', birthDate: '1980' });
    expect(idsIn(reply.body.entry[1].resource)).toHaveLength(1);
    expect((await gateway.http.get('/fhir/Patient/t-del')).status).toBe(410);
    expect((await gateway.http.get('/fhir/Patient/t-pat')).body.active).toBe(true);
  });

  test('resolves conditional references, in the store and among its own entries', async () => {
    const known = await gateway.http
      .post('/fhir/Organization')
      .set('content-type', FHIR)
      .send({ resourceType: 'Organization', identifier: [{ system: 'urn:org', value: '1' }], name: 'Klinik' });
    const reply = await bundle('transaction', [
      entryOf(
        'POST',
        'Observation',
        observation('Patient?identifier=urn:cond|1', { performer: [{ reference: 'Organization?identifier=urn:org|1' }] }),
      ),
      entryOf('POST', 'Patient', patient({ identifier: [{ system: 'urn:cond', value: '1' }] }), { ifNoneExist: 'identifier=urn:cond|1' }),
    ]).set('prefer', 'return=representation');
    const [first, second] = reply.body.entry as BundleEntry[];
    expect(first?.resource).toMatchObject({
      subject: { reference: `Patient/${second?.resource?.id}` },
      performer: [{ reference: `Organization/${known.body.id}` }],
    });
    const nobody = await bundle('transaction', [entryOf('POST', 'Observation', observation('Patient?identifier=urn:cond|nobody'))]);
    expect([nobody.status, issueIds(nobody.body)]).toEqual([400, ['reference-unresolved']]);
    expect(nobody.body.issue[0].expression).toEqual(['Bundle.entry[0].resource.subject.reference']);
    const dangling = await bundle('transaction', [
      entryOf('POST', 'Observation', observation('urn:uuid:22222222-2222-4222-8222-222222222222')),
    ]);
    expect(issueIds(dangling.body)).toEqual(['reference-unresolved']);
  });

  test('with a conditional create finds what is there, and makes one of two alike', async () => {
    const conditional = entryOf('POST', 'Patient', patient({ identifier: [{ system: 'urn:twin', value: '1' }] }), {
      ifNoneExist: 'identifier=urn:twin|1',
    });
    const first = await bundle('transaction', [conditional, conditional]);
    expect(statuses(first.body)).toEqual([201, 200]);
    const second = await bundle('transaction', [conditional]);
    expect(statuses(second.body)).toEqual([200]);
    expect(await total('Patient?identifier=urn:twin|1')).toBe(1);
  });

  test('twenty at once with the same conditional create make one resource', async () => {
    const urn = 'urn:uuid:33333333-3333-4333-8333-333333333333';
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        bundle('transaction', [
          entryOf(
            'POST',
            'Patient',
            patient({ identifier: [{ system: 'urn:many', value: '1' }] }),
            { ifNoneExist: 'identifier=urn:many|1' },
            urn,
          ),
          entryOf('POST', 'Observation', observation(urn)),
        ]),
      ),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(replies.filter(({ body }) => statuses(body)[0] === 201)).toHaveLength(1);
    expect(await total('Patient?identifier=urn:many|1')).toBe(1);
    expect(await total('Observation?subject:Patient.identifier=urn:many|1')).toBe(20);
  });

  test('and others that touch the same resources in another order all end, each whole or refused', async () => {
    const ids = ['x', 'y', 'z'].map((id) => `cross-${id}`);
    const replies = await Promise.all(
      Array.from({ length: 24 }, (_, index) => {
        const order = index % 2 === 0 ? ids : [...ids].reverse();
        return bundle(
          'transaction',
          order.map((id) => entryOf('PUT', `Patient/${id}`, patient({ id, name: [{ text: `round ${index}` }] }))),
        );
      }),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    const read = await Promise.all(ids.map((id) => gateway.http.get(`/fhir/Patient/${id}`)));
    expect(read.map(({ body }) => body.meta.versionId)).toEqual(['24', '24', '24']);
    expect(new Set(read.map(({ body }) => body.name[0].text)).size).toBe(1);
  });

  test('updates by criteria, and others of its entries refer to what that made or found', async () => {
    const urn = 'urn:uuid:44444444-4444-4444-8444-444444444444';
    const send = (more: object) =>
      bundle('transaction', [
        entryOf(
          'PUT',
          'Patient?identifier=urn:upsert|1',
          patient({ identifier: [{ system: 'urn:upsert', value: '1' }], ...more }),
          {},
          urn,
        ),
        entryOf('POST', 'Observation', observation(urn)),
        entryOf('POST', 'Observation', observation('Patient?identifier=urn:upsert|1')),
      ]);
    expect(statuses((await send({})).body)).toEqual([201, 201, 201]);
    expect(statuses((await send({ active: true })).body)).toEqual([200, 201, 201]);
    expect(await total('Observation?subject:Patient.identifier=urn:upsert|1')).toBe(4);
    expect(await total('Patient?identifier=urn:upsert|1&active=true')).toBe(1);
  });

  test('may refer to its entries by the addresses they had elsewhere', async () => {
    const base = 'https://elsewhere.example.org/fhir';
    const reply = await bundle('transaction', [
      entryOf('POST', 'Patient', patient(), {}, `${base}/Patient/77`),
      entryOf('POST', 'Observation', observation('Patient/77'), {}, `${base}/Observation/78`),
      entryOf('POST', 'Observation', observation(`${base}/Patient/77`), {}, `${base}/Observation/79`),
    ]).set('prefer', 'return=representation');
    const [made, ...observations] = reply.body.entry.map(({ resource }: BundleEntry) => resource);
    for (const one of observations) expect(one.subject.reference).toBe(`Patient/${made.id}`);
  });

  test('holds If-Match of an entry', async () => {
    await gateway.http.put('/fhir/Patient/t-match').set('content-type', FHIR).send({ resourceType: 'Patient', id: 't-match' });
    const reply = await bundle('transaction', [
      entryOf('POST', 'Patient', patient({ identifier: [{ system: 'urn:all', value: 'match' }] })),
      entryOf('PUT', 'Patient/t-match', patient({ id: 't-match' }), { ifMatch: 'W/"9"' }),
    ]);
    expect([reply.status, issueIds(reply.body)]).toEqual([412, ['version-conflict']]);
    expect(await total('Patient?identifier=urn:all|match')).toBe(0);
  });

  test.each([
    [
      'two entries about one resource',
      [entryOf('PUT', 'Patient/same', patient({ id: 'same' })), entryOf('DELETE', 'Patient/same')],
      400,
      'bundle-invalid',
    ],
    [
      'one fullUrl on two entries',
      [entryOf('POST', 'Patient', patient(), {}, 'urn:uuid:5d2f'), entryOf('POST', 'Patient', patient(), {}, 'urn:uuid:5d2f')],
      400,
      'bundle-invalid',
    ],
    ['no request', [{ resource: patient() }], 400, 'bundle-invalid'],
    ['no url', [{ request: { method: 'GET' } }], 400, 'bundle-invalid'],
    ['another method', [entryOf('BREW', 'Patient')], 400, 'bundle-invalid'],
    ['another server', [entryOf('GET', 'https://elsewhere.example.org/Patient/1')], 400, 'bundle-invalid'],
    ['a bundle inside', [entryOf('POST', '', { resourceType: 'Bundle', type: 'batch' })], 400, 'bundle-invalid'],
    ['an operation that may write', [entryOf('POST', 'Patient/x/$meta-add', { resourceType: 'Parameters' })], 400, 'bundle-invalid'],
    ['no resource', [entryOf('POST', 'Patient')], 400, 'bundle-invalid'],
    ['an unknown type', [entryOf('GET', 'Nobody/1')], 404, 'resource-type-unknown'],
    ['a read of nothing', [entryOf('GET', 'Patient/not-there')], 404, 'resource-not-found'],
    ['a null entry', [null], 400, 'bundle-invalid'],
  ])('with %s is refused', async (_what, entries, status, id) => {
    const reply = await bundle('transaction', entries);
    expect([reply.status, issueIds(reply.body)[0]]).toEqual([status, id]);
    expect(reply.body.issue[0].expression?.[0]).toMatch(/^Bundle\.entry\[/);
  });

  test('of more entries than allowed is 413', async () => {
    const reply = await bundle(
      'transaction',
      Array.from({ length: 1001 }, () => entryOf('GET', 'Patient')),
    );
    expect([reply.status, issueIds(reply.body)]).toEqual([413, ['bundle-too-long']]);
  });

  test('is the only Bundle, with batch, that the base takes', async () => {
    expect(issueIds((await bundle('collection', [])).body)).toEqual(['bundle-invalid']);
    const other = await gateway.http.post('/fhir').set('content-type', FHIR).send(patient());
    expect(issueIds(other.body)).toEqual(['bundle-invalid']);
  });
});

test('a batch answers each entry for itself', async () => {
  const reply = await bundle('batch', [
    entryOf('POST', 'Patient', patient({ gender: 'x' })),
    entryOf('PUT', 'Patient/b1', patient({ id: 'b1' })),
    entryOf('GET', 'Patient/b1'),
    entryOf('GET', 'Patient/nobody'),
    entryOf('GET', 'Patient?shoe-size=1'),
    'nonsense',
  ]);
  expect(reply.body.type).toBe('batch-response');
  expect(statuses(reply.body)).toEqual([400, 201, 200, 404, 200, 400]);
  expect(issueIds(reply.body.entry[0].response.outcome)).toEqual(['code-not-in-value-set']);
  expect(reply.body.entry[2].resource.id).toBe('b1');
  expect(reply.body.entry[1].resource).toBeUndefined();
});

const synthea = resolve(import.meta.dirname, '../../../shared/fhir/synthea');
describe.skipIf(!existsSync(synthea))('a synthetic life (needs ../shared)', () => {
  test('goes in as a transaction and comes back whole by $everything', async () => {
    const file = readdirSync(synthea).sort()[1] as string;
    const text = gunzipSync(readFileSync(join(synthea, file))).toString('utf8');
    const sent = JSON.parse(text) as Bundle;
    const reply = await gateway.http.post('/fhir').set('content-type', FHIR).send(text);
    expect(reply.body.issue ?? []).toEqual([]);
    expect(reply.status).toBe(200);
    expect(reply.body.entry).toHaveLength(sent.entry?.length ?? 0);
    const locations = (reply.body.entry as BundleEntry[]).map((entry) => entry.response?.location?.replace(/\/_history\/1$/, '') as string);
    const wanted = new Set(locations);
    const patientAt = locations.find((location) => location.startsWith('Patient/'));
    const seen: string[] = [];
    let path: string | undefined = `/fhir/${patientAt}/$everything?_count=100`;
    while (path !== undefined) {
      const page = await gateway.http.get(path);
      expect(page.status).toBe(200);
      for (const { resource, search } of page.body.entry as BundleEntry[]) {
        if (search?.mode === 'match' && resource !== undefined) seen.push(`${resource.resourceType}/${resource.id}`);
        else if (resource !== undefined) wanted.delete(`${resource.resourceType}/${resource.id}`);
      }
      path = linkIn(page.body, 'next');
    }
    expect(new Set(seen).size).toBe(seen.length);
    const missing = [...wanted].filter((reference) => !seen.includes(reference));
    expect(missing).toEqual([]);
  });
});
