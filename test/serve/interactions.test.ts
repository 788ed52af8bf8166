import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatJson } from '../../src/fhir/written-number.ts';
import { rewriteReferences } from '../../src/serve/bundle/rewrite-references.ts';
import { parseJsonBody } from '../../src/serve/http/parse-json.ts';
import { toBeKept } from '../../src/serve/write/resource-check.ts';
import { type Gateway, BASE, issueIds, linkIn, openGateway } from './gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  // a file: writes go through a thread, and others come between a decision and its commit
  gateway = await openGateway({}, [], 'file');
});
afterAll(() => gateway.close());

const FHIR = 'application/fhir+json';
const patient = (more: Record<string, unknown> = {}) => ({ resourceType: 'Patient', name: [{ family: 'Beispiel' }], ...more });
const post = (resource: object) =>
  gateway.http
    .post(`/fhir/${(resource as { resourceType: string }).resourceType}`)
    .set('content-type', FHIR)
    .send(JSON.stringify(resource));
const put = (resource: { resourceType: string; id: string; [element: string]: unknown }) =>
  gateway.http.put(`/fhir/${resource.resourceType}/${resource.id}`).set('content-type', FHIR).send(JSON.stringify(resource));
const get = (path: string) => gateway.http.get(`/fhir/${path}`);

describe('create and read', () => {
  test('a resource comes back under an id of the gateway with version 1', async () => {
    const made = await post(patient({ id: 'mine' }));
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ resourceType: 'Patient', name: [{ family: 'Beispiel' }], meta: { versionId: '1' } });
    expect(made.body.id).not.toBe('mine');
    expect(made.headers['location']).toBe(`${BASE}/Patient/${made.body.id}/_history/1`);
    expect(made.headers['etag']).toBe('W/"1"');
    const read = await get(`Patient/${made.body.id}`);
    expect(read.status).toBe(200);
    expect(read.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
    expect(read.headers['last-modified']).toBe('Fri, 02 Jan 2026 09:30:00 GMT');
    expect(read.body).toEqual(made.body);
  });

  test('numbers keep the digits they were sent with, all the way to the store', () => {
    const text =
      '{"resourceType":"Observation","subject":{"reference":"urn:uuid:1"},"valueQuantity":{"value":1.50},"component":[{"valueQuantity":{"value":0.10}}]}';
    const parsed = parseJsonBody(Buffer.from(text), 64);
    const rewritten = rewriteReferences(parsed.ok ? parsed.value : undefined, () => 'Patient/1');
    expect(formatJson(toBeKept(rewritten as Record<string, unknown>, 'x'))).toBe(
      '{"resourceType":"Observation","id":"x","subject":{"reference":"Patient/1"},"valueQuantity":{"value":1.50},"component":[{"valueQuantity":{"value":0.10}}]}',
    );
  });

  test('Prefer says what a write answers', async () => {
    const minimal = await post(patient()).set('prefer', 'return=minimal');
    expect([minimal.status, minimal.text]).toEqual([201, '']);
    const outcome = await post(patient()).set('prefer', 'return=OperationOutcome');
    expect(outcome.body.resourceType).toBe('OperationOutcome');
    const representation = await post(patient()).set('prefer', 'return=representation');
    expect(representation.body.resourceType).toBe('Patient');
  });

  test('a read is 304 for who has the version, and 200 for who has an older one', async () => {
    await put({ resourceType: 'Patient', id: 'known' });
    expect((await get('Patient/known').set('if-none-match', 'W/"1"')).status).toBe(304);
    expect((await get('Patient/known').set('if-none-match', 'W/"0"')).status).toBe(200);
    expect((await get('Patient/known').set('if-modified-since', 'Fri, 02 Jan 2026 09:30:00 GMT')).status).toBe(304);
    expect((await get('Patient/known').set('if-modified-since', 'Fri, 02 Jan 2026 09:29:59 GMT')).status).toBe(200);
  });

  test('HEAD gives what GET gives but the body; OPTIONS what is allowed', async () => {
    await put({ resourceType: 'Patient', id: 'head' });
    const read = await get('Patient/head');
    const head = await gateway.http.head('/fhir/Patient/head');
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, undefined, read.headers['content-length']]);
    const options = await gateway.http.options('/fhir/Patient/head');
    expect([options.status, options.headers['allow']]).toEqual([204, 'HEAD, GET, PUT, PATCH, DELETE, OPTIONS']);
  });

  test('a long answer is compressed for who takes it', async () => {
    await put({ id: 'long', ...patient({ name: Array.from({ length: 200 }, () => ({ family: 'Lang' })) }) });
    const plain = await get('Patient/long').set('accept-encoding', 'identity');
    expect(plain.headers['content-encoding']).toBeUndefined();
    const packed = await get('Patient/long').set('accept-encoding', 'gzip');
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.body).toEqual(plain.body);
  });

  test('answers carry what keeps browsers and caches out', async () => {
    const { headers } = await get('Patient/long');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'private, no-cache' });
    expect(headers['x-powered-by']).toBeUndefined();
  });
});

test('a Binary is given as what it holds to who asks for no FHIR', async () => {
  const resource = { resourceType: 'Binary', id: 'pdf', contentType: 'application/pdf', data: Buffer.from('%PDF-x').toString('base64') };
  await gateway.http.put('/fhir/Binary/pdf').set('content-type', 'application/fhir+json').send(JSON.stringify(resource)).expect(201);
  const asked = (accept: string, path = 'Binary/pdf') => gateway.http.get(`/fhir/${path}`).set('accept', accept);
  for (const path of ['Binary/pdf', 'Binary/pdf/_history/1']) {
    const reply = await asked('application/pdf', path)
      .buffer(true)
      .parse((stream, done) => {
        let text = '';
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('end', () => done(null, text));
      });
    expect([reply.status, reply.headers['content-type'], reply.body]).toEqual([200, 'application/pdf', '%PDF-x']);
    expect([reply.headers['content-disposition'], reply.headers['etag']]).toEqual(['attachment', 'W/"1"']);
  }
  for (const accept of ['application/fhir+json', '*/*', 'text/html, */*;q=0.1', 'application/pdf, application/fhir+xml;q=0.1'])
    expect((await asked(accept)).headers['content-type']).toMatch(/^application\/fhir\+/);
  expect((await asked('application/pdf', 'Binary/pdf?_format=json')).headers['content-type']).toMatch(/^application\/fhir\+json/);
  expect((await asked('application/pdf', 'Binary/nobody')).headers['content-type']).toMatch(/^application\/fhir\+json/);
  expect((await asked('application/pdf', 'Patient/nobody')).status).toBe(406);
});

describe('a Binary that is sent as what it holds', () => {
  const send = (verb: 'post' | 'put', path: string, type: string, body: Buffer | string) =>
    gateway.http[verb](`/fhir/${path}`).set({ 'content-type': type, 'x-security-context': 'Patient/a' }).send(body);

  test('is kept under its type, whole, and given back so', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 37]);
    const made = await send('post', 'Binary', 'application/pdf', bytes);
    expect([made.status, made.body]).toMatchObject([
      201,
      {
        resourceType: 'Binary',
        contentType: 'application/pdf',
        securityContext: { reference: 'Patient/a' },
        data: bytes.toString('base64'),
      },
    ]);
    const read = await gateway.http
      .get(`/fhir/Binary/${made.body.id}`)
      .set('accept', 'application/pdf')
      .buffer(true)
      .parse((stream, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => done(null, Buffer.concat(chunks)));
      });
    expect(read.body).toEqual(bytes);
    const put = await send('put', 'Binary/raw', 'text/plain; charset=iso-8859-1', Buffer.from([0xe5]));
    expect([put.status, put.body]).toMatchObject([201, { id: 'raw', contentType: 'text/plain; charset=iso-8859-1', data: '5Q==' }]);
  });

  test('as FHIR it is a resource as any other, and another type is never sent so', async () => {
    expect((await send('put', 'Binary/r', FHIR, '{"resourceType":"Binary","id":"r","contentType":"text/plain"}')).status).toBe(201);
    expect((await send('post', 'Patient', 'application/pdf', Buffer.from('x'))).status).toBe(415);
    expect((await send('post', 'Binary', 'none', Buffer.from('x'))).status).toBe(415);
  });
});

describe('update', () => {
  test('makes a resource under the id of the client, then versions of it', async () => {
    expect((await put({ resourceType: 'Patient', id: 'up' })).status).toBe(201);
    const second = await put({ id: 'up', ...patient() });
    expect([second.status, second.headers['etag']]).toEqual([200, 'W/"2"']);
    expect((await get('Patient/up/_history/1')).body.name).toBeUndefined();
    expect((await get('Patient/up/_history/2')).body.name).toEqual([{ family: 'Beispiel' }]);
    expect((await get('Patient/up/_history/3')).status).toBe(404);
  });

  test('with If-Match fails when another was faster', async () => {
    await put({ resourceType: 'Patient', id: 'match' });
    expect((await put({ resourceType: 'Patient', id: 'match' }).set('if-match', 'W/"1"')).status).toBe(200);
    const late = await put({ resourceType: 'Patient', id: 'match' }).set('if-match', 'W/"1"');
    expect([late.status, issueIds(late.body)]).toEqual([412, ['version-conflict']]);
    const absent = await put({ resourceType: 'Patient', id: 'never-there' }).set('if-match', 'W/"1"');
    expect(absent.status).toBe(412);
  });

  test('with If-None-Match: * only creates', async () => {
    expect((await put({ resourceType: 'Patient', id: 'only' }).set('if-none-match', '*')).status).toBe(201);
    const again = await put({ resourceType: 'Patient', id: 'only' }).set('if-none-match', '*');
    expect([again.status, issueIds(again.body)]).toEqual([412, ['exists-already']]);
  });

  test('parallel updates with If-Match lose nothing', async () => {
    await put({ resourceType: 'Patient', id: 'race' });
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => put({ resourceType: 'Patient', id: 'race' }).set('if-match', 'W/"1"')),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 412)).toHaveLength(19);
  });

  test('parallel updates without a condition are all applied', async () => {
    await put({ resourceType: 'Patient', id: 'busy' });
    const replies = await Promise.all(Array.from({ length: 30 }, () => put({ resourceType: 'Patient', id: 'busy' })));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await get('Patient/busy')).body.meta.versionId).toBe('31');
  });

  test('that keep losing to others end in 409, and nothing of them is kept', async () => {
    const hasty = await openGateway({ maxAttempts: 1 }, [], 'file');
    try {
      let made = 0;
      let lost: unknown[] = [];
      for (let round = 0; round < 20 && lost.length === 0; round += 1) {
        const replies = await Promise.all(
          Array.from({ length: 20 }, () =>
            hasty.http.put('/fhir/Patient/x').set('content-type', FHIR).send({ resourceType: 'Patient', id: 'x' }),
          ),
        );
        made += replies.filter(({ status }) => status < 300).length;
        lost = replies.filter(({ status }) => status === 409).map(({ body }) => issueIds(body));
        expect(replies.every(({ status }) => status < 300 || status === 409)).toBe(true);
      }
      expect(lost[0]).toEqual(['race-lost']);
      expect((await hasty.http.get('/fhir/Patient/x')).body.meta.versionId).toBe(String(made));
    } finally {
      await hasty.close();
    }
  });

  test('of a part of a resource is refused: it would lose the rest', async () => {
    await put({ id: 'whole', ...patient({ birthDate: '1980' }) });
    const part = await get('Patient/whole?_elements=name');
    const reply = await put(part.body);
    expect([reply.status, issueIds(reply.body)]).toEqual([422, ['resource-subsetted']]);
    expect((await get('Patient/whole')).body.birthDate).toBe('1980');
  });

  test('the id and the type of the body are those of the address', async () => {
    const other = await gateway.http.put('/fhir/Patient/a').set('content-type', FHIR).send({ resourceType: 'Patient', id: 'b' });
    expect([other.status, issueIds(other.body)]).toEqual([400, ['id-mismatched']]);
    const type = await gateway.http.put('/fhir/Patient/a').set('content-type', FHIR).send({ resourceType: 'Observation', id: 'a' });
    expect([type.status, issueIds(type.body)]).toEqual([400, ['id-mismatched']]);
  });
});

describe('delete', () => {
  test('leaves 410, the older versions and a history', async () => {
    await put({ resourceType: 'Patient', id: 'gone' });
    const deleted = await gateway.http.delete('/fhir/Patient/gone');
    expect([deleted.status, deleted.headers['etag']]).toEqual([204, 'W/"2"']);
    const read = await get('Patient/gone');
    expect([read.status, issueIds(read.body), read.headers['etag']]).toEqual([410, ['resource-deleted'], 'W/"2"']);
    expect((await get('Patient/gone/_history/1')).status).toBe(200);
    expect((await get('Patient/gone/_history/2')).status).toBe(410);
    expect((await gateway.http.delete('/fhir/Patient/gone')).status).toBe(204);
    const history = await get('Patient/gone/_history');
    expect(history.body.entry.map((entry: { request: unknown }) => entry.request)).toEqual([
      { method: 'DELETE', url: 'Patient/gone' },
      { method: 'PUT', url: 'Patient/gone' },
    ]);
    expect((await put({ resourceType: 'Patient', id: 'gone' })).status).toBe(201);
    expect((await get('Patient/gone')).body.meta.versionId).toBe('3');
  });

  test('of what never was is no error, of another version is', async () => {
    expect((await gateway.http.delete('/fhir/Patient/nobody')).status).toBe(204);
    await put({ resourceType: 'Patient', id: 'kept' });
    expect((await gateway.http.delete('/fhir/Patient/kept').set('if-match', 'W/"7"')).status).toBe(412);
    expect((await get('Patient/kept')).status).toBe(200);
  });
});

describe('conditional interactions', () => {
  const identifier = (value: string) => [{ system: 'urn:mrn', value }];

  test('fifty creates of one identity at once give one 201 and one resource', async () => {
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => post(patient({ identifier: identifier('50') })).set('if-none-exist', 'identifier=urn:mrn|50')),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(49);
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
    expect((await get('Patient?identifier=urn:mrn|50&_total=accurate')).body.total).toBe(1);
  });

  test('an update by criteria creates, then updates, and refuses two', async () => {
    const byCriteria = (resource: object) =>
      gateway.http.put('/fhir/Patient?identifier=urn:mrn|60').set('content-type', FHIR).send(JSON.stringify(resource));
    const first = await byCriteria(patient({ identifier: identifier('60') }));
    const second = await byCriteria(patient({ identifier: identifier('60'), active: true }));
    expect([first.status, second.status, second.body.id, second.body.meta.versionId]).toEqual([201, 200, first.body.id, '2']);
    expect((await byCriteria(patient({ id: 'another', identifier: identifier('60') }))).status).toBe(400);
    await post(patient({ identifier: identifier('60') }));
    const two = await byCriteria(patient());
    expect([two.status, issueIds(two.body)]).toEqual([412, ['multiple-matches']]);
  });

  test('a delete by criteria takes one, and several only by setting', async () => {
    await post(patient({ identifier: identifier('70') }));
    expect((await gateway.http.delete('/fhir/Patient?identifier=urn:mrn|70')).status).toBe(204);
    expect((await get('Patient?identifier=urn:mrn|70&_total=accurate')).body.total).toBe(0);
    await post(patient({ identifier: identifier('71') }));
    await post(patient({ identifier: identifier('71') }));
    expect((await gateway.http.delete('/fhir/Patient?identifier=urn:mrn|71')).status).toBe(412);
    const many = await openGateway({ multipleDelete: true });
    try {
      for (const id of ['a', 'b']) {
        await many.http.put(`/fhir/Patient/${id}`).set('content-type', FHIR).send({ resourceType: 'Patient', id, active: true });
      }
      expect((await many.http.delete('/fhir/Patient?active=true')).status).toBe(204);
      expect((await many.http.get('/fhir/Patient/a')).status).toBe(410);
      expect((await many.http.get('/fhir/Patient/b')).status).toBe(410);
    } finally {
      await many.close();
    }
  });

  test('criteria that are not known are refused, never ignored', async () => {
    const reply = await gateway.http.delete('/fhir/Patient?shoe-size=43');
    expect([reply.status, issueIds(reply.body)]).toEqual([400, ['search-parameter-unknown']]);
    expect((await gateway.http.delete('/fhir/Patient')).status).toBe(400);
  });

  test('two patients may carry one identifier, and the answer says who owns it', async () => {
    const first = await post(patient({ identifier: identifier('80') }));
    const second = await post(patient({ identifier: identifier('80') })).set('prefer', 'return=OperationOutcome');
    expect(second.status).toBe(201);
    expect(issueIds(second.body)).toContain('identifier-claimed');
    expect(await gateway.store.owners(['Patient|urn:mrn|80'])).toEqual([`Patient/${first.body.id}`]);
    await gateway.http.delete(`/fhir/Patient/${first.body.id}`);
    expect(await gateway.store.owners(['Patient|urn:mrn|80'])).toEqual([undefined]);
  });
});

describe('history', () => {
  test('of a type and of everything is paged without gap or double while writes go on', async () => {
    const fresh = await openGateway();
    try {
      for (let index = 0; index < 12; index += 1) {
        await fresh.http
          .put(`/fhir/Patient/h${index % 4}`)
          .set('content-type', FHIR)
          .send({ resourceType: 'Patient', id: `h${index % 4}` });
      }
      const seen: string[] = [];
      let path: string | undefined = '/fhir/Patient/_history?_count=5';
      while (path !== undefined) {
        const page = await fresh.http.get(path);
        expect(page.status).toBe(200);
        seen.push(
          ...page.body.entry.map(
            (entry: { resource: { id: string; meta: { versionId: string } } }) => `${entry.resource.id}/${entry.resource.meta.versionId}`,
          ),
        );
        await fresh.http.post('/fhir/Patient').set('content-type', FHIR).send({ resourceType: 'Patient' });
        path = linkIn(page.body, 'next');
      }
      expect(seen).toHaveLength(12);
      expect(new Set(seen).size).toBe(12);
      expect((await fresh.http.get('/fhir/_history?_since=2027-01-01T00:00:00Z')).body.entry).toBeUndefined();
      expect((await fresh.http.get('/fhir/Patient/h0/_history')).body.total).toBe(3);
    } finally {
      await fresh.close();
    }
  });

  test('says how each version was asked for and answered, alone and in a transaction', async () => {
    const made = await gateway.http.post('/fhir/Patient').set('content-type', FHIR).send({ resourceType: 'Patient', active: true });
    const id = made.body.id as string;
    await gateway.http
      .patch(`/fhir/Patient/${id}`)
      .set('content-type', 'application/json-patch+json')
      .send([{ op: 'replace', path: '/active', value: false }]);
    await gateway.http.delete(`/fhir/Patient/${id}`);
    expect((await put({ resourceType: 'Patient', id })).status).toBe(201);
    expect((await put({ resourceType: 'Patient', id, active: true })).status).toBe(200);
    const entry = [
      {
        fullUrl: 'urn:uuid:8f3b3d7e-34a5-4b7e-9d1c-0a6f1c1f7a01',
        resource: { resourceType: 'Basic', code: { text: 'x' } },
        request: { method: 'POST', url: 'Basic' },
      },
      { resource: { resourceType: 'Patient', id }, request: { method: 'PUT', url: `Patient/${id}` } },
    ];
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry };
    const answered = await gateway.http.post('/fhir').set('content-type', FHIR).send(bundle);
    const basic = /^Basic\/([^/]+)/.exec(answered.body.entry[0].response.location)?.[1] as string;
    const told = async (path: string) =>
      (await get(path)).body.entry.map(
        ({ request, response }: { request: { method: string; url: string }; response: { status: string } }) =>
          `${request.method} ${request.url} ${response.status}`,
      );
    const versions = [
      `PUT Patient/${id} 200 OK`,
      `PUT Patient/${id} 200 OK`,
      `PUT Patient/${id} 201 Created`,
      `DELETE Patient/${id} 204 No Content`,
      `PATCH Patient/${id} 200 OK`,
      'POST Patient 201 Created',
    ];
    expect(await told(`Patient/${id}/_history`)).toEqual(versions);
    expect(await told('Patient/_history?_count=6')).toEqual(versions);
    expect((await told('_history?_count=7')).toSorted()).toEqual([...versions, 'POST Basic 201 Created'].toSorted());
    expect(await told(`Basic/${basic}/_history`)).toEqual(['POST Basic 201 Created']);
  });

  test('at a day is what was current at some time of it', async () => {
    const fresh = await openGateway();
    const write = (active: boolean) =>
      fresh.http.put('/fhir/Patient/d').set('content-type', FHIR).send({ resourceType: 'Patient', id: 'd', active });
    try {
      fresh.clock.now = Date.UTC(2026, 0, 1, 12);
      await write(true);
      fresh.clock.now = Date.UTC(2026, 0, 3, 12);
      await write(false);
      const versions = async (at: string) =>
        ((await fresh.http.get(`/fhir/Patient/d/_history?_at=${at}`)).body.entry ?? []).map(
          ({ resource }: { resource: { meta: { versionId: string } } }) => resource.meta.versionId,
        );
      expect(await versions('2025-12-31')).toEqual([]);
      expect(await versions('2026-01-01')).toEqual(['1']);
      expect(await versions('2026-01-03')).toEqual(['2', '1']);
      expect(await versions('2026-01-03T00:00:00Z')).toEqual(['1']);
      expect(await versions('2026-02')).toEqual(['2']);
    } finally {
      await fresh.close();
    }
  });

  test('of nobody is 404, with a bad _since 400, with an unknown parameter named', async () => {
    expect((await get('Patient/never/_history')).status).toBe(404);
    expect(issueIds((await get('Patient/up/_history?_since=yesterday')).body)).toEqual(['parameter-invalid']);
    const lenient = await get('Patient/up/_history?colour=red');
    expect(issueIds(lenient.body.entry.at(-1).resource)).toEqual(['search-parameter-unknown']);
    expect((await get('Patient/up/_history?colour=red').set('prefer', 'handling=strict')).status).toBe(400);
  });
});

describe('patch', () => {
  const patched = (id: string, operations: unknown) =>
    gateway.http.patch(`/fhir/Patient/${id}`).set('content-type', 'application/json-patch+json').send(JSON.stringify(operations));

  test('a JSON Patch changes what it says and makes a version', async () => {
    await put({ id: 'patch', ...patient() });
    const reply = await patched('patch', [
      { op: 'test', path: '/name/0/family', value: 'Beispiel' },
      { op: 'replace', path: '/name/0/family', value: 'Muster' },
      { op: 'add', path: '/birthDate', value: '1980-03' },
    ]);
    expect([reply.status, reply.body.name[0].family, reply.body.birthDate, reply.body.meta.versionId]).toEqual([
      200,
      'Muster',
      '1980-03',
      '2',
    ]);
  });

  test.each([
    [[{ op: 'replace', path: '/id', value: 'x' }], 400, 'patch-invalid'],
    [[{ op: 'remove', path: '/resourceType' }], 400, 'patch-invalid'],
    [[{ op: 'add', path: '/__proto__/polluted', value: true }], 400, 'patch-invalid'],
    [[{ op: 'add', path: '/constructor/prototype/polluted', value: true }], 400, 'patch-invalid'],
    [[{ op: 'jump', path: '/name' }], 400, 'patch-invalid'],
    [[{ op: 'add', path: '/birthDate' }], 400, 'patch-invalid'],
    [[{ op: 'replace', path: '', value: {} }], 400, 'patch-invalid'],
    [{ op: 'add' }, 400, 'patch-invalid'],
    [[], 400, 'patch-invalid'],
    [[{ op: 'test', path: '/name/0/family', value: 'other' }], 422, 'patch-not-applicable'],
    [[{ op: 'remove', path: '/photo' }], 422, 'patch-not-applicable'],
    [Array.from({ length: 21 }, () => ({ op: 'copy', from: '/name', path: '/name/0/extension' })), 400, 'patch-invalid'],
    [[{ op: 'add', path: '/gender', value: 'x' }], 400, 'code-not-in-value-set'],
  ])('%j is %i %s', async (operations, status, id) => {
    await put({ id: 'patch', ...patient() });
    const reply = await patched('patch', operations);
    expect([reply.status, issueIds(reply.body)[0]]).toEqual([status, id]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('what is not there is 404, what is deleted 410', async () => {
    expect((await patched('nobody-here', [{ op: 'add', path: '/active', value: true }])).status).toBe(404);
    await put({ resourceType: 'Patient', id: 'patch-gone' });
    await gateway.http.delete('/fhir/Patient/patch-gone');
    expect((await patched('patch-gone', [{ op: 'add', path: '/active', value: true }])).status).toBe(410);
  });

  const fhirPath = (...operations: Record<string, unknown>[]) =>
    gateway.http
      .patch('/fhir/Patient/fp')
      .set('content-type', FHIR)
      .send({
        resourceType: 'Parameters',
        parameter: operations.map((operation) => ({
          name: 'operation',
          part: Object.entries(operation).map(([name, value]) => ({
            name,
            ...(typeof value === 'object'
              ? value
              : typeof value === 'number'
                ? { valueInteger: value }
                : { [name === 'type' ? 'valueCode' : 'valueString']: value }),
          })),
        })),
      });

  test('a FHIRPath Patch adds, replaces, inserts, moves and deletes', async () => {
    await put({
      id: 'fp',
      ...patient({
        identifier: [
          { system: 'urn:a', value: '1' },
          { system: 'urn:b', value: '2' },
        ],
      }),
    });
    const reply = await fhirPath(
      { type: 'add', path: 'Patient', name: 'birthDate', value: { valueDate: '1980-03' } },
      { type: 'add', path: 'Patient', name: 'deceased', value: { valueBoolean: false } },
      { type: 'replace', path: "Patient.identifier.where(system = 'urn:b').value", value: { valueString: '3' } },
      { type: 'insert', path: 'Patient.identifier', index: 0, value: { valueIdentifier: { system: 'urn:c', value: '4' } } },
      { type: 'move', path: 'Patient.identifier', source: 0, destination: 2 },
      { type: 'delete', path: 'Patient.name[0].family' },
      { type: 'add', path: 'Patient.name[0]', name: 'given', value: { valueString: 'Erika' } },
      {
        type: 'add',
        path: 'Patient',
        name: 'contact',
        value: {
          part: [
            { name: 'gender', valueCode: 'female' },
            { name: 'name', valueHumanName: { text: 'Eva' } },
          ],
        },
      },
    );
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      birthDate: '1980-03',
      deceasedBoolean: false,
      identifier: [
        { system: 'urn:a', value: '1' },
        { system: 'urn:b', value: '3' },
        { system: 'urn:c', value: '4' },
      ],
      name: [{ given: ['Erika'] }],
      contact: [{ gender: 'female', name: { text: 'Eva' } }],
    });
  });

  test.each([
    [{ type: 'replace', path: 'Patient.id', value: { valueId: 'x' } }, 'patch-invalid'],
    [{ type: 'replace', path: 'Patient.name.select(family)', value: { valueString: 'x' } }, 'patch-invalid'],
    [{ type: 'add', path: 'Patient', name: 'shoeSize', value: { valueInteger: 43 } }, 'patch-invalid'],
    [{ type: 'jump', path: 'Patient' }, 'patch-invalid'],
    [{ type: 'replace', path: 'Patient.photo', value: { valueString: 'x' } }, 'patch-not-applicable'],
    [{ type: 'move', path: 'Patient.name', source: 5, destination: 0 }, 'patch-not-applicable'],
  ])('FHIRPath %j is %s', async (operation, id) => {
    await put({ id: 'fp', ...patient() });
    expect(issueIds((await fhirPath(operation)).body)).toEqual([id]);
  });
});
