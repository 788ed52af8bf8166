import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../../src/serve/routes.ts';
import { type Gateway, issueIds, openGateway } from './gateway.ts';
import { cases } from '../cases.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway({ maxBodyBytes: 100_000 });
});
afterAll(() => gateway.close());

const FHIR = 'application/fhir+json';
const post = (path: string, body: string | Buffer, type = FHIR) => gateway.http.post(`/fhir/${path}`).set('content-type', type).send(body);
const deep = (levels: number) => `{"resourceType":"Patient","extension":${'[{"extension":'.repeat(levels)}[]${'}]'.repeat(levels)}}`;

describe('a body that is wrong is a 4xx OperationOutcome with its id', () => {
  test.each([
    ['no JSON', 'Patient', '{"resourceType":"Patient",', FHIR, 400, 'json-invalid'],
    ['nothing', 'Patient', '', FHIR, 400, 'body-missing'],
    ['a list', 'Patient', '[]', FHIR, 400, 'json-invalid'],
    ['null', 'Patient', 'null', FHIR, 400, 'json-invalid'],
    ['no resourceType', 'Patient', '{}', FHIR, 400, 'json-invalid'],
    ['another resourceType', 'Patient', '{"resourceType":"Observation"}', FHIR, 400, 'id-mismatched'],
    ['an unknown element', 'Patient', '{"resourceType":"Patient","shoeSize":43}', FHIR, 400, 'element-unknown'],
    ['a missing element', 'Observation', '{"resourceType":"Observation","status":"final"}', FHIR, 400, 'element-missing'],
    ['a wrong JSON type', 'Patient', '{"resourceType":"Patient","active":"yes"}', FHIR, 400, 'element-type-wrong'],
    ['a date that is none', 'Patient', '{"resourceType":"Patient","birthDate":"1980-02-30"}', FHIR, 400, 'value-invalid'],
    ['a prototype', 'Patient', '{"resourceType":"Patient","__proto__":{"polluted":true}}', FHIR, 400, 'json-invalid'],
    ['too deep', 'Patient', deep(40), FHIR, 400, 'json-invalid'],
    ['far too deep', 'Patient', deep(3000), FHIR, 400, 'json-invalid'],
    ['plain text', 'Patient', 'hello', 'text/plain', 415, 'content-type-unsupported'],
    ['a form', 'Patient', 'a=b', 'application/x-www-form-urlencoded', 415, 'content-type-unsupported'],
    ['FHIR of another version', 'Patient', '{"resourceType":"Patient"}', `${FHIR}; fhirVersion=3.0`, 415, 'content-type-unsupported'],
    ['another charset', 'Patient', '{"resourceType":"Patient"}', `${FHIR}; charset=utf-16`, 415, 'content-type-unsupported'],
    ['JSON to a search', 'Patient/_search', '{}', FHIR, 415, 'content-type-unsupported'],
    ['XML that is none', 'Patient', '<Patient', 'application/fhir+xml', 400, 'xml-invalid'],
    [
      'a DTD',
      'Patient',
      '<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"/>',
      'application/fhir+xml',
      400,
      'xml-invalid',
    ],
    ['another namespace', 'Patient', '<Patient xmlns="urn:x"/>', 'application/fhir+xml', 400, 'xml-invalid'],
    [
      'a name twice',
      'Patient',
      '{"resourceType":"Patient","active":true,"name":[{"family":"a\\\\\\": b"}],"active":false}',
      FHIR,
      400,
      'json-invalid',
    ],
    [
      'a name twice inside, escaped once',
      'Patient',
      '{"resourceType":"Patient","name":[{"family":"a","f\\u0061mily":"b"}]}',
      FHIR,
      400,
      'json-invalid',
    ],
    ['too long', 'Patient', `{"resourceType":"Patient","language":"${'x'.repeat(100_001)}"}`, FHIR, 413, 'body-too-long'],
  ])('%s', async (_what, path, body, type, status, id) => {
    const reply = await post(path, body, type);
    expect([reply.status, issueIds(reply.body)[0]]).toEqual([status, id]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('bytes that are no UTF-8', async () => {
    expect(issueIds((await post('Patient', Buffer.from([0x7b, 0xff, 0x7d]))).body)).toEqual(['json-invalid']);
  });

  test('a compressed body is taken, a bomb and another coding are not', async () => {
    const packed = (bytes: Buffer, coding: string) =>
      gateway.http
        .post('/fhir/Patient')
        .set('content-type', FHIR)
        .set('content-encoding', coding)
        .serialize((body: unknown) => body as string)
        .send(bytes);
    expect((await packed(gzipSync('{"resourceType":"Patient"}'), 'gzip')).status).toBe(201);
    expect(issueIds((await packed(gzipSync(Buffer.alloc(10_000_000, 32)), 'gzip')).body)).toEqual(['body-too-long']);
    expect(issueIds((await packed(Buffer.from('{}'), 'gzip')).body)).toEqual(['json-invalid']);
    expect((await packed(Buffer.from('{}'), 'br')).status).toBe(415);
  });

  test('what is said of bad JSON shows nothing of it', async () => {
    const reply = await post('Patient', '{"resourceType":"Patient","name":[{"family":Mustermann}]}');
    expect(reply.text).not.toContain('Mustermann');
  });
});

describe('an address that is wrong', () => {
  test.each([
    ['GET', 'Nobody', 404, 'resource-type-unknown'],
    ['GET', 'patient/1', 404, 'resource-type-unknown'],
    ['GET', 'Patient/not-there', 404, 'resource-not-found'],
    ['GET', 'Patient/with%20blank', 400, 'id-invalid'],
    ['GET', `Patient/${'x'.repeat(65)}`, 400, 'id-invalid'],
    ['GET', 'Patient/%E0%A4%A', 400, 'id-invalid'],
    ['GET', 'Patient/1/nothing', 404, 'route-unknown'],
    ['GET', 'Patient/1/_history/one', 404, 'resource-not-found'],
    ['GET', 'Patient/1/_history/99999999999999999999', 404, 'resource-not-found'],
    ['GET', 'Patient/1/$divine', 404, 'operation-unknown'],
    ['GET', '$divine', 404, 'operation-unknown'],
    ['DELETE', 'metadata', 405, 'method-not-allowed'],
    ['POST', 'Patient/1', 405, 'method-not-allowed'],
    ['PUT', '_history', 405, 'method-not-allowed'],
    ['GET', 'Patient?_format=html', 406, 'not-acceptable'],
    ['GET', 'Patient?name=', 200, undefined],
  ])('%s %s', async (method, path, status, id) => {
    const reply = await gateway.http[method.toLowerCase() as 'get'](`/fhir/${path}`);
    expect([reply.status, id === undefined ? undefined : issueIds(reply.body)[0]]).toEqual([status, id]);
    if (status === 405) expect(reply.headers['allow']).toMatch(/OPTIONS$/);
  });

  test('a format that is not given is 406, an address of 64 KB 414, a great _count cut', async () => {
    const html = await gateway.http.get('/fhir/Patient').set('accept', 'text/html');
    expect([html.status, issueIds(html.body)]).toEqual([406, ['not-acceptable']]);
    expect((await gateway.http.get('/fhir/Patient').set('accept', 'text/html, */*;q=0.5')).status).toBe(200);
    const long = await gateway.http.get(`/fhir/Patient?name=${'x'.repeat(64 * 1024)}`);
    expect([long.status, issueIds(long.body)]).toEqual([414, ['address-too-long']]);
    expect((await gateway.http.get('/fhir/Patient?_count=1000000000')).body.link[0].url).toContain('_count=1000');
  });

  test('outside the API is an OperationOutcome too', async () => {
    const reply = await gateway.http.get('/elsewhere');
    expect([reply.status, issueIds(reply.body)]).toEqual([404, ['route-unknown']]);
    expect(issueIds((await gateway.http.get('/%')).body)).toHaveLength(1);
  });

  const raw = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(gateway.port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk.toString();
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });

  test('bytes that are no HTTP are answered and the connection closed', async () => {
    expect(await raw('MSH|^~\\&|\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*request-unreadable/);
    expect(await raw(`GET /fhir/Patient HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(300_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 414 [\s\S]*address-too-long/,
    );
  });
});

describe('a search that is wrong says which parameter', () => {
  test.each([
    ['Patient?shoe-size=43', 'search-parameter-unknown', 'not-supported', 'http.shoe-size'],
    ['Patient?organization.shoe-size=1', 'search-parameter-unknown', 'not-supported', 'http.organization'],
    ['Patient?_include=Patient:shoe-size', 'search-parameter-unknown', 'not-supported', 'http._include'],
    ['Patient?birthdate=soon', 'parameter-invalid', 'value', 'http.birthdate'],
    ['Patient?birthdate=1980-02-30', 'parameter-invalid', 'value', 'http.birthdate'],
    ['Patient?birthdate=zz1980', 'parameter-invalid', 'value', 'http.birthdate'],
    ['Observation?value-quantity=xx5', 'parameter-invalid', 'value', 'http.value-quantity'],
    ['Patient?name:dance=x', 'search-modifier-unsupported', 'not-supported', 'http.name'],
    ['Patient?_id=a%20b', 'parameter-invalid', 'value', 'http._id'],
    ['Patient?_count=many', 'parameter-invalid', 'value', 'http._count'],
    ['Patient?_sort=shoe-size', 'search-parameter-unknown', 'not-supported', 'http._sort'],
    ['Patient?_include=Nobody:x', 'parameter-invalid', 'value', 'http._include'],
  ])('%s', async (path, id, code, place) => {
    const { status, body } = await gateway.http.get(`/fhir/${path}`).set('prefer', 'handling=strict');
    expect([status, issueIds(body), body.issue[0].code, body.issue[0].expression]).toEqual([400, [id], code, [place]]);
  });
});

test('the greatest search allowed is answered, a greater one refused', async () => {
  const many = (count: number, text: string) => Array.from({ length: count }, (_, index) => `${text}${index}`).join(',');
  for (const parameter of [
    'code',
    'code:not',
    'code:text',
    'subject',
    'subject:identifier',
    'subject:Patient.name',
    'value-quantity',
    '_id',
  ]) {
    const text = parameter === 'value-quantity' ? '1' : 'x';
    const ask = (form: string) => gateway.http.post('/fhir/Observation/_search').type('form').send(form);
    const most = ['code', 'code:not', 'subject', 'subject:identifier', '_id'].includes(parameter) ? 4000 : 400;
    expect([parameter, (await ask(`${parameter}=${many(most, text)}`)).status]).toEqual([parameter, 200]);
    expect((await ask(Array.from({ length: 8 }, () => `${parameter}=${many(most / 8, text)}`).join('&'))).status).toBe(200);
    const refused = await ask(Array.from({ length: 9 }, () => `${parameter}=${many(500, text)}`).join('&'));
    expect([refused.status, issueIds(refused.body)]).toEqual([400, ['too-costly']]);
  }
});

test('a client that goes away in the middle of a body leaves nothing behind', async () => {
  await new Promise<void>((resolve) => {
    const socket = connect(gateway.port, '127.0.0.1', () => {
      socket.write(`POST /fhir/Patient HTTP/1.1\r\nhost: x\r\ncontent-type: ${FHIR}\r\ncontent-length: 1000\r\n\r\n{"resource`);
      setTimeout(() => socket.destroy(), 20);
    });
    socket.on('close', () => resolve());
  });
  expect((await gateway.http.get('/fhir/metadata')).status).toBe(200);
  expect(gateway.logged.filter((line) => line.includes('"internal"'))).toEqual([]);
});

test('a bug is 500 with a reference that is in the log, and no stack', async () => {
  const broken = await openGateway({}, [{ method: 'get', path: '/broken', handle: () => (undefined as unknown as { x(): void }).x() }]);
  try {
    const reply = await broken.http.get('/broken');
    expect([reply.status, issueIds(reply.body)]).toEqual([500, ['internal']]);
    expect(reply.text).not.toContain('at ');
    const reference = /made-\d+/.exec(reply.text)?.[0] as string;
    expect(broken.logged.some((line) => line.includes(reference) && line.includes('bad-input.test.ts'))).toBe(true);
  } finally {
    await broken.close();
  }
});

test('the log of requests holds no address, name or number', async () => {
  await gateway.http.get('/fhir/Patient?name=Mustermann');
  await post('Patient', '{"resourceType":"Patient","name":[{"family":"Mustermann"}],"gender":"Mustermann"}');
  expect(gateway.logged.join('')).not.toContain('Mustermann');
});

test('a closed store is 503 or 500, and never a page', async () => {
  const closed = await openGateway();
  await closed.store.close();
  const reply = await closed.http.get('/fhir/Patient/1');
  expect(reply.status).toBeGreaterThanOrEqual(500);
  expect(reply.body.resourceType).toBe('OperationOutcome');
  await closed.close();
});

test('no request of thousands makes a 5xx or an answer that is no FHIR', async () => {
  const part = fc.oneof(
    fc.constantFrom('1', '_history', '$validate', '$everything', '*', '_search', 'Observation', 'metadata'),
    fc.string({ unit: 'grapheme', maxLength: 70 }),
  );
  const anyPath = fc.array(part, { maxLength: 5 }).map((parts) => parts.map((text) => encodeURIComponent(text.toWellFormed())).join('/'));
  const type = fc.constantFrom('Patient', 'Observation', 'Binary', 'Composition');
  const routePath = fc
    .tuple(fc.constantFrom(...ROUTES), type, type, fc.constantFrom('1', '2', 'x.y'))
    .map(([route, first, second, id]) =>
      route.path.replace('{type}', first).replace('{inside}', second).replace('{id}', id).replace('{version}', '1'),
    );
  const path = fc.oneof({ weight: 5, arbitrary: routePath }, { weight: 1, arbitrary: anyPath });
  const name = fc.oneof(
    fc.constantFrom(
      '_count',
      '_sort',
      '_include',
      '_revinclude',
      '_id',
      '_lastUpdated',
      '_since',
      '_at',
      '_elements',
      '_summary',
      '_total',
      '_format',
      '_has',
      '_type',
      '_cursor',
      '_list',
      'name',
      'date',
      'code',
      'subject.name',
      'value-quantity',
      'code-value-quantity',
      'identifier',
      'birthdate:missing',
      'name:exact',
      'profile',
      'mode',
      'start',
    ),
    fc.string(),
  );
  const value = fc.oneof(
    fc.constantFrom(
      '1',
      '0',
      '-1',
      'true',
      'Patient',
      'Observation:subject',
      '*',
      'ge2020',
      '2020-13',
      '9e999',
      'a|b',
      '|',
      ',',
      '$',
      '\\',
      '1$2',
      'xml',
      'json',
      "' OR 1=1 --",
      '\u0000',
      '%',
      'eyJ9',
      'accurate',
      'count',
      'text',
    ),
    fc.string({ unit: 'grapheme' }),
  );
  const query = fc
    .array(fc.tuple(name, value), { maxLength: 4 })
    .map((pairs) =>
      pairs.map(([key, text]) => `${encodeURIComponent(key.toWellFormed())}=${encodeURIComponent(text.toWellFormed())}`).join('&'),
    );
  const body = fc.oneof(
    fc.constant(''),
    fc.string(),
    fc.json(),
    fc
      .record({
        resourceType: fc.constantFrom('Patient', 'Observation', 'Bundle', 'Parameters', 'Binary'),
        type: fc.constantFrom('batch', 'transaction', 'x'),
        id: fc.string(),
        parameter: fc.jsonValue(),
        entry: fc.oneof(
          fc.jsonValue(),
          fc.array(
            fc.record({
              fullUrl: fc.jsonValue(),
              resource: fc.jsonValue(),
              request: fc.record({ method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH'), url: fc.oneof(path, fc.string()) }),
            }),
          ),
        ),
      })
      .map((resource) => JSON.stringify(resource)),
    fc
      .array(
        fc.record({
          op: fc.constantFrom('add', 'remove', 'copy', 'move', 'test', 'x'),
          path: fc.constantFrom('/name', '/name/0', '/', '', '/id', '/__proto__', '/a/b/-'),
          from: fc.constantFrom('/name', '/x'),
          value: fc.jsonValue(),
        }),
      )
      .map((operations) => JSON.stringify(operations)),
  );
  const contentType = fc.constantFrom(
    FHIR,
    FHIR,
    FHIR,
    'application/json-patch+json',
    'application/fhir+xml',
    'application/x-www-form-urlencoded',
    'nonsense',
  );
  const text = fc.string({ unit: fc.constantFrom('a', '"', '=', ';', ',', '/', '1') });
  const headers = fc.record(
    {
      prefer: fc.oneof(fc.constantFrom('handling=strict', 'return=OperationOutcome', 'return=minimal'), text),
      'if-match': fc.oneof(fc.constantFrom('W/"1"', '*'), text),
      'if-none-match': fc.oneof(fc.constantFrom('W/"1"', '*'), text),
      'if-none-exist': fc.oneof(fc.constantFrom('identifier=1', '_id=1', '='), text),
      'if-modified-since': text,
      accept: fc.constantFrom('application/fhir+xml', '*/*', 'text/html', 'application/fhir+json;q=0.1'),
    },
    { requiredKeys: [] },
  );
  for (const id of ['1', '2']) {
    for (const resourceType of ['Patient', 'Binary']) {
      const resource = resourceType === 'Binary' ? { resourceType, id, contentType: 'text/plain' } : { resourceType, id };
      expect((await gateway.http.put(`/fhir/${resourceType}/${id}`).set('content-type', FHIR).send(resource)).status).toBe(201);
    }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
      path,
      query,
      body,
      contentType,
      headers,
      async (method, at, asked, text, type, more) => {
        const reply = await fetch(`http://127.0.0.1:${gateway.port}/fhir/${at}?${asked}`, {
          method,
          headers: { ...more, 'content-type': type },
          ...(method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? {} : { body: text }),
        });
        const answer = await reply.text();
        expect([reply.status < 500, answer]).toEqual([true, expect.anything()]);
        if (reply.status >= 400 && method !== 'HEAD') expect(answer).toContain('OperationOutcome');
        if (answer !== '') expect(reply.headers.get('content-type')).toMatch(/^application\/fhir\+(json|xml)/);
      },
    ),
    { numRuns: cases(2000, 500) },
  );
  expect(gateway.logged.filter((line) => line.includes('"internal"'))).toEqual([]);
});
