import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Bundle, Patient } from 'fhir/r4.js';
import { readConfig } from '../../src/config.ts';
import { type Gateway, startGateway } from '../../src/main.ts';
import { endpointPolicy } from '../../src/notify/endpoint-policy.ts';
import { sendNotification } from '../../src/notify/send.ts';
import { issueIds } from '../serve/gateway.ts';
import { type Guarded, openGuarded } from './guarded-gateway.ts';
import { hostileXml } from './hostile-input.ts';

/**
 * The attacks of our list that are no other test's already. Elsewhere: A-02 (token body), A-16, A-20 and A-32 (429) in token.test.ts; and
 * A-19 in funnel.test.ts and authorisation-matrix.test.ts; A-06 in validate/hostile.test.ts; A-08 (compressed) in serve/bad-input.test.ts; A-20 also
 * in notify/ and alert/gateway.test.ts; A-23 (delimiters without end) in hostile-messages.test.ts; A-24 in wire/mllp.test.ts, listeners.test.ts, https.test.ts, feeds.test.ts and
 * long/huge-and-slow.test.ts; A-25 (every event that merges) in intake/merge-right.test.ts, (merges undone) in serve/merge.test.ts; A-26 (the log) in canary.test.ts; A-29 in mapping-attacks.test.ts; A-32
 * (slow) in wire/mllp.test.ts and serve/slow-request.test.ts (A-08 too), (refusals without number) in audit/door.test.ts.
 */
let gateway: Gateway;
const openGateway = (settings: Record<string, string> = {}) => {
  const config = readConfig({ PORT: '0', MLLP_PORT: '0', DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'silent', ...settings });
  if (!config.ok) throw new Error('the settings of the test are wrong');
  return startGateway(config.value);
};
beforeAll(async () => {
  gateway = await openGateway();
  await send('PUT', 'Patient/known', { resourceType: 'Patient', id: 'known', name: [{ family: "O'Brien%_" }] });
});
afterAll(() => gateway.close());

const FHIR = { 'content-type': 'application/fhir+json' };
async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = FHIR) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(`${gateway.fhirBase}/${path}`, { method, headers, ...(text === undefined ? {} : { body: text }) });
  const words = await reply.text();
  const answer = (words.startsWith('{') ? JSON.parse(words) : {}) as Bundle;
  return { status: reply.status, text: words, body: answer, ids: reply.status < 400 ? [] : [...new Set(issueIds(answer))] };
}
/** Status and issues: what a refusal is. */
const refusal = ({ status, ids }: { status: number; ids: readonly (string | undefined)[] }) => [status, ...ids].join(' ');
const get = (path: string, headers: Record<string, string> = {}) => send('GET', path, undefined, headers);
const STRICT = { prefer: 'handling=strict' };

afterEach(async () => {
  // whatever was tried, the process lives and no object has learnt anything
  expect((await fetch(`${gateway.http}/livez`)).status).toBe(200);
  expect(({} as { x?: unknown; polluted?: unknown }).polluted ?? ({} as { x?: unknown }).x).toBeUndefined();
});

describe('operators in queries (A-01 to A-04)', () => {
  test.each([
    ['name[$ne]=x', 'search-parameter-unknown'],
    ['name[$regex]=.*', 'search-parameter-unknown'],
    ['$where=1', 'search-parameter-unknown'],
    ['name.$gt=', 'parameter-invalid'],
    ['_id[$in][]=known', 'search-parameter-unknown'],
  ])('A-01 %s is no operator', async (query, id) => {
    expect(refusal(await get(`Patient?${query}`, STRICT))).toBe(`400 ${id}`);
    const lenient = await get(`Patient?${query}`);
    expect([lenient.status, lenient.body.link?.[0]?.url, lenient.text.includes(id)]).toEqual([200, `${gateway.fhirBase}/Patient`, true]);
  });

  test('A-02 nor in a form', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', ...STRICT };
    expect(refusal(await send('POST', 'Patient/_search', 'name[$ne]=x', form))).toBe('400 search-parameter-unknown');
  });

  test.each(['$where', '$function', '$expr'])('A-03 %s in a resource is data or nothing', async (key) => {
    const basic = { resourceType: 'Basic', code: { text: 'x' }, [key]: 'function() { return true }' };
    expect(refusal(await send('POST', 'Basic', basic))).toBe('400 element-unknown');
    const kept = await send('POST', 'Basic', { resourceType: 'Basic', code: { text: `${key}: sleep(1)` } });
    expect(kept.status).toBe(201);
  });

  test.each([
    ["family=O'Brien%25_", 1],
    ["family=' OR '1'='1", 0],
    ["family='; DROP TABLE node;--", 0],
    ['family=%25', 0],
    ['family=_', 0],
    ["family:exact=O'Brien%25_", 1],
    ["identifier=x|' OR 1=1", 0],
  ])('A-04 %s matches to the letter', async (query, count) => {
    const { status, body } = await get(`Patient?${query}`);
    expect([status, body.entry?.length ?? 0]).toEqual([200, count]);
  });

  test('A-04 SQL in _sort, _elements and _cursor is refused or nothing', async () => {
    expect(refusal(await get("Patient?_sort=family';DROP TABLE node", STRICT))).toBe('400 search-parameter-unknown');
    expect(refusal(await get("Patient?_elements=';DROP TABLE node"))).toBe('400 parameter-invalid');
    expect(refusal(await get("Patient?_cursor=' OR 1=1"))).toBe('400 parameter-invalid');
    expect((await get('Patient/known')).status).toBe(200);
  });
});

test('A-05 strings made for slow patterns are answered', async () => {
  const evil = ['a'.repeat(20_000), `${'a'.repeat(5000)}!`, '('.repeat(3000), `${'0'.repeat(5000)}x`, ' '.repeat(5000), '\\'.repeat(5000)];
  for (const text of evil) {
    for (const parameter of ['family', 'family:contains', 'identifier', 'email']) {
      const found = await get(`Patient?${parameter}=${encodeURIComponent(text)}`);
      expect(['200', '400 parameter-invalid']).toContain(refusal(found));
    }
    for (const parameter of ['birthdate', '_lastUpdated'])
      expect(refusal(await get(`Patient?${parameter}=${encodeURIComponent(text)}`))).toBe('400 parameter-invalid');
  }
});

describe('bodies (A-07 to A-10, A-12, A-13)', () => {
  test.each([
    ['a number beyond all', '{"resourceType":"Patient","multipleBirthInteger":1e400}', '400 value-invalid'],
    ['a key twice', '{"resourceType":"Patient","active":true,"active":"x"}', '400 json-invalid'],
    ['half a character', '{"resourceType":"Patient","name":[{"family":"\\ud800"}]}', '400 value-invalid'],
    ['a deep list that does not end', `{"resourceType":"Patient","extension":${'['.repeat(100_000)}`, '400 json-invalid'],
    ['a deep list', `{"resourceType":"Patient","extension":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, '400 json-invalid'],
    [
      'keys without number',
      `{"resourceType":"Patient",${Array.from({ length: 200_000 }, (_, index) => `"k${index}":1`).join(',')}}`,
      '400 element-unknown issues-omitted',
    ],
    ['a text without end', `{"resourceType":"Patient","name":[{"family":"${'x'.repeat(21_000_000)}"}]}`, '413 body-too-long'],
  ])('A-07 %s', async (_what, text, expected) => {
    expect(refusal(await send('POST', 'Patient', text))).toBe(expected);
  });

  test.each(hostileXml)('A-09 %s in XML is refused', async (_what, text, expected) => {
    const answer = await send('POST', 'Patient', text, { 'content-type': 'application/fhir+xml' });
    expect([refusal(answer), answer.text.includes('root:')]).toEqual([expected, false]);
  });

  test('A-10 bundles that are bombs are refused', async () => {
    const bundle = (entry: unknown[], type = 'batch') => send('POST', '', { resourceType: 'Bundle', type, entry });
    const search = { request: { method: 'GET', url: 'Patient?family=x' } };
    expect(refusal(await bundle(Array.from({ length: 100_000 }, () => search)))).toBe('413 bundle-too-long');
    const conditional = { resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=x' } };
    expect(
      refusal(
        await bundle(
          Array.from({ length: 10_000 }, () => conditional),
          'transaction',
        ),
      ),
    ).toBe('413 bundle-too-long');
    const inner = { resourceType: 'Bundle', type: 'batch', entry: [] };
    expect(refusal(await bundle([{ resource: inner, request: { method: 'POST', url: '' } }], 'transaction'))).toBe('400 bundle-invalid');
    const cycle = ['a', 'b'].map((name, index, all) => ({
      fullUrl: `urn:uuid:00000000-0000-4000-8000-00000000000${index}`,
      resource: {
        resourceType: 'List',
        status: 'current',
        mode: 'working',
        title: name,
        entry: [{ item: { reference: `urn:uuid:00000000-0000-4000-8000-00000000000${all.length - 1 - index}` } }],
      },
      request: { method: 'POST', url: 'List' },
    }));
    expect((await bundle(cycle, 'transaction')).status).toBe(200);
  });

  test.each([
    ['the prototype', [{ op: 'add', path: '/__proto__/polluted', value: true }]],
    ['the constructor', [{ op: 'add', path: '/constructor/prototype/polluted', value: true }]],
    ['the id', [{ op: 'replace', path: '/id', value: 'other' }]],
    ['the version', [{ op: 'replace', path: '/meta/versionId', value: '99' }]],
    ['the type', [{ op: 'replace', path: '/resourceType', value: 'Basic' }]],
    ['too much', Array.from({ length: 100_000 }, () => ({ op: 'test', path: '/active', value: 1 }))],
    [
      'doubling',
      [
        { op: 'add', path: '/contact', value: [{}] },
        ...Array.from({ length: 40 }, () => ({ op: 'copy', from: '/contact', path: '/contact/-' })),
      ],
    ],
  ])('A-12 a patch of %s is refused', async (_what, operations) => {
    const answer = await send('PATCH', 'Patient/known', operations, { 'content-type': 'application/json-patch+json' });
    expect(refusal(answer)).toBe('400 patch-invalid');
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('A-13 %s is a name like any other', async (name) => {
    // an address that is no name of a type or an id leads nowhere
    const isId = /^[A-Za-z0-9]+$/.test(name);
    expect(refusal(await get(`${name}/1`))).toBe(`404 ${isId ? 'resource-type-unknown' : 'route-unknown'}`);
    expect(refusal(await get(`Patient/${name}`))).toBe(`404 ${isId ? 'resource-not-found' : 'route-unknown'}`);
    expect(refusal(await get(`Patient?${name}=x`, STRICT))).toBe('400 search-parameter-unknown');
    expect(refusal(await get(`Patient?_sort=${name}`, STRICT))).toBe('400 search-parameter-unknown');
    expect(refusal(await get(`Patient?_include=${name}:x`, STRICT))).toBe('400 parameter-invalid');
    const keyed = await send('POST', 'Patient', `{"resourceType":"Patient","${name}":{"polluted":true}}`);
    expect(refusal(keyed)).toBe(`400 ${name === '__proto__' ? 'json-invalid' : 'element-unknown'}`);
    expect(refusal(await send('POST', 'Patient', `{"resourceType":"${name}"}`))).toBe('400 id-mismatched');
  });
});

test('A-11 searches that go round and round are cut or refused', async () => {
  expect((await get('Patient?_include:iterate=Patient:link&_revinclude:iterate=Patient:link')).status).toBe(200);
  expect((await get('Patient?_revinclude=*&_include=*&_count=1000000000')).status).toBe(200);
  expect(refusal(await get(`Patient?${'link:Patient.'.repeat(50)}family=x`))).toBe('400 too-costly');
  expect(refusal(await get(`Patient?${'_has:Patient:link:'.repeat(20)}family=x`))).toBe('400 too-costly');
  const ids = (count: number) => Array.from({ length: count }, (_, index) => index).join(',');
  expect(
    refusal(await send('POST', 'Patient/_search', `_id=${ids(10_000)}`, { 'content-type': 'application/x-www-form-urlencoded' })),
  ).toBe('400 too-costly');
  expect(refusal(await get(`Patient?_id=${ids(10_000)}`))).toBe('414 address-too-long');
  expect(refusal(await get(`Patient?family=${'x'.repeat(65_536)}`))).toBe('414 address-too-long');
});

describe('HL7 (A-23, A-25)', () => {
  const hl7 = async (text: string) => {
    const reply = await fetch(`${gateway.http}/hl7v2`, { method: 'POST', headers: { 'content-type': 'application/hl7-v2' }, body: text });
    return { status: reply.status, text: await reply.text() };
  };
  const adt = (controlId: string, name: string, header = 'MSH|^~\\&') =>
    [
      `${header}|ADT1|GENHOSP|CB|GENHOSP|20260302091500-0500||ADT^A01^ADT_A01|${controlId}|P|2.5.1`,
      'EVN|A01|20260302091500-0500',
      `PID|1||ATT${controlId}^^^GENHOSP^MR||${name}||19800101|F`,
      'PV1|1|I',
    ].join('\r');
  const segments = (text: string) => text.split(/[\r\n]+/).flatMap((line) => (line === '' ? [] : [line.slice(0, 3)]));

  test.each([
    ['a segment', 'EVIL\\X0D\\PID|9||OTHER^^^GENHOSP^MR'],
    ['a field', 'EVIL\\F\\\\F\\\\F\\M'],
    ['escapes of escapes', 'EVIL\\E\\F\\E\\'],
    ['line breaks', `EVIL${'\\.br\\'.repeat(2000)}`],
  ])('A-23 %s in an escape stays in its field', async (_what, name) => {
    const id = `E${name.length}`;
    const { status, text } = await hl7(adt(id, name));
    expect([status, segments(text).every((segment) => ['MSH', 'MSA', 'ERR'].includes(segment))]).toEqual([200, true]);
    const found = await get(`Patient?identifier=ATT${id}`);
    expect(found.body.entry?.length ?? 0).toBeLessThanOrEqual(1);
    expect((await get('Patient?identifier=OTHER')).body.entry).toBeUndefined();
  });

  test.each(['MSH|||||', 'MSH^^^^^', 'MSHABCDE', 'MSH'])('A-23 delimiters that are none (%s) are refused', async (header) => {
    const { text } = await hl7(`${header}|ADT1|GENHOSP|CB|GENHOSP|20260302091500||ADT^A01|X1|P|2.5.1\rPID|1`);
    expect(text).not.toContain('MSA|AA');
  });

  test.each(['A\rPID|1||STOLEN', 'x'.repeat(10_240)])('A-23 a control id is never more than a field of the answer', async (controlId) => {
    const { text } = await hl7(adt(controlId, 'X'));
    expect(segments(text).every((segment) => ['MSH', 'MSA', 'ERR'].includes(segment) || segment.startsWith('{'))).toBe(true);
  });

  test('A-25 a replayed message gets the answer it had and changes nothing', async () => {
    const first = await hl7(adt('REPLAY', 'TWICE^ANN'));
    const again = await hl7(adt('REPLAY', 'TWICE^ANN'));
    expect(again.text).toBe(first.text);
    expect((await get('Patient?identifier=ATTREPLAY')).body.entry?.[0]?.resource?.meta?.versionId).toBe('1');
  });

  /** An event of a patient: when, of whom, and who says so. */
  const event = (controlId: string, type: string, at: string, pid: string, sender = 'ADT1|GENHOSP', more: readonly string[] = []) =>
    [`MSH|^~\\&|${sender}|CB|GENHOSP|${at}||ADT^${type}|${controlId}|P|2.5.1`, `EVN||${at}`, `PID|1||${pid}`, ...more].join('\r');
  const patient = async (number: string) => (await get(`Patient?identifier=${number}`)).body.entry?.[0]?.resource as Patient;

  test('A-25 an old message under a new control id overrules nothing that is newer', async () => {
    const at = (day: string) => `202603${day}091500-0500`;
    await hl7(event('OLD1', 'A08', at('01'), 'ATTOLD^^^GENHOSP^MR||BEFORE^ANN||19800101|F'));
    await hl7(event('OLD2', 'A08', at('02'), 'ATTOLD^^^GENHOSP^MR||AFTER^ANN||19800101|F'));
    const { text } = await hl7(event('OLD3', 'A08', at('01'), 'ATTOLD^^^GENHOSP^MR||BEFORE^ANN||19700101|M'));
    expect([text.includes('MSA|AA|OLD3'), text.includes('message-older')]).toEqual([true, true]);
    expect(await patient('ATTOLD')).toMatchObject({ name: [{ family: 'AFTER' }], gender: 'female', birthDate: '1980-01-01' });
  });

  test('A-25 an update of an unknown patient makes one, and the record says who told of it', async () => {
    const { text } = await hl7(event('NEW1', 'A08', '20260302091500-0500', 'ATTNEW^^^GENHOSP^MR||NEW^ANN'));
    expect(text).toMatch(/MSA\|AA/);
    const { id } = await patient('ATTNEW');
    const why = await get(`Provenance?target=Patient/${id}`);
    expect(JSON.stringify(why.body.entry?.[0]?.resource)).toContain('NEW1');
  });

  test('A-25 demographics that are flipped can be told and taken back: each state has a version and a message', async () => {
    await hl7(event('FLIP1', 'A08', '20260302091500-0500', 'ATTFLIP^^^GENHOSP^MR||TRUE^ANN||19800101|F'));
    const flip = await hl7(event('FLIP2', 'A08', '20260303091500-0500', 'ATTFLIP^^^GENHOSP^MR||FALSE^BOB||19700707|M'));
    expect(flip.text).toMatch(/MSA\|AA/);
    const { id } = await patient('ATTFLIP');
    const versions = (await get(`Patient/${id}/_history`)).body.entry?.map(({ resource }) => (resource as Patient).birthDate);
    expect(versions).toEqual(['1970-07-07', '1980-01-01']);
    expect(JSON.stringify((await get(`Provenance?target=Patient/${id}`)).body)).toMatch(/FLIP2[\s\S]*FLIP1|FLIP1[\s\S]*FLIP2/);
    const back = await hl7(event('FLIP3', 'A08', '20260304091500-0500', 'ATTFLIP^^^GENHOSP^MR||TRUE^ANN||19800101|F'));
    expect([back.text.includes('MSA|AA'), (await patient('ATTFLIP')).birthDate]).toEqual([true, '1980-01-01']);
  });

  test('A-25 a merge of strangers needs the right of its sender, is counted, and can be taken back', async () => {
    const guarded = await openGateway({ MERGE_SENDERS: 'MPI|GENHOSP' });
    const say = async (text: string) =>
      (await fetch(`${guarded.http}/hl7v2`, { method: 'POST', headers: { 'content-type': 'application/hl7-v2' }, body: text })).text();
    const stored = async (path: string) => (await (await fetch(`${guarded.fhirBase}/${path}`)).json()) as Bundle;
    const found = async (number: string) => (await stored(`Patient?identifier=${number}`)).entry?.[0]?.resource as Patient;
    const at = '20260302091500-0500';
    for (const number of ['M1', 'M2']) await say(event(number, 'A28', at, `${number}^^^GENHOSP^MR||Stranger^${number}`));
    const before = [await found('M1'), await found('M2')];
    const merge = (controlId: string, sender: string) =>
      say(event(controlId, 'A40', at, 'M1^^^GENHOSP^MR||Stranger^M1', sender, ['MRG|M2^^^GENHOSP^MR']));
    expect(await merge('X1', 'LAB|GENHOSP')).toMatch(/MSA\|AE\|X1[\s\S]*ERR\|\|MRG\^1\|207\^[^\r]*merge-not-allowed/);
    expect([await found('M1'), await found('M2')]).toEqual(before);
    expect(await merge('X2', 'MPI|GENHOSP')).toContain('MSA|AA|X2');
    expect(await stored(`Patient/${before[1]?.id}`)).toMatchObject({ active: false, link: [{ type: 'replaced-by' }] });
    const metrics = await (await fetch(`${guarded.http}/metrics`)).text();
    expect(metrics).toContain('chartbridge_feed_messages{sender="MPI|GENHOSP",what="merged"} 1');
    expect(metrics).toContain('chartbridge_feed_messages{sender="LAB|GENHOSP",what="merged"} 0');
    const { feeds } = (await (await fetch(`${guarded.http}/status`)).json()) as { feeds: { sender: string; lifetime: object }[] };
    expect(feeds.find(({ sender }) => sender === 'MPI|GENHOSP')?.lifetime).toMatchObject({ accepted: 1, merged: 1 });
    const back = await fetch(`${guarded.fhirBase}/Patient/${before[0]?.id}/$unmerge`, { method: 'POST' });
    expect([back.status, (await found('M2')).id, (await found('M1')).link]).toEqual([200, before[1]?.id, undefined]);
    await guarded.close();
  });

  test.each(['MPI', 'MPI|GENHOSP=cert.example', 'A|B|C'])(
    'A-25 who may merge must be said as MSH-3|MSH-4: %s stops the start',
    async (value) => {
      await expect(openGateway({ MERGE_SENDERS: value })).rejects.toMatchObject({
        issues: [{ id: 'setting-invalid', parameters: { setting: 'MERGE_SENDERS' } }],
      });
    },
  );

  test('A-13 a segment and a field named after a prototype are data', async () => {
    const { text } = await hl7(`${adt('PROTO', '__proto__^constructor')}\r__proto__|1\rZPR|toString|__proto__`);
    expect(text).toMatch(/MSA\|A[AER]/);
  });
});

describe('HTTP itself (A-08, A-24, A-26, A-27)', () => {
  /** What comes back until the other side closes, or for so many ms. */
  const raw = (text: string, to = new URL(gateway.http), ms = 60_000) =>
    new Promise<string>((resolve) => {
      let got = '';
      const socket = connect(Number(to.port), to.hostname, () => socket.write(text));
      socket.on('data', (part) => (got += part.toString('latin1')));
      socket.on('close', () => resolve(got));
      socket.on('error', () => resolve(got));
      setTimeout(() => socket.destroy(), ms).unref();
    });

  test('A-27 a request that is two is refused', async () => {
    const smuggled =
      'POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /fhir/Patient/known HTTP/1.1\r\nHost: x\r\n\r\n';
    const got = await raw(smuggled);
    expect([got.startsWith('HTTP/1.1 400'), got.includes("O'Brien")]).toEqual([true, false]);
  });

  test('A-08 a length that is wrong, and a body without end, give nobody an answer of another', async () => {
    expect(
      await raw(
        'POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: 5\r\n\r\n{"resourceType":"Patient"}',
      ),
    ).toMatch(/^HTTP\/1\.1 400/);
    expect(
      await raw('POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: -1\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 400/);
  });

  test('A-27 headers of others change neither method nor address', async () => {
    const tricks = {
      'x-http-method-override': 'DELETE',
      'x-forwarded-host': 'evil.example.org',
      'x-original-url': '/messages',
      forwarded: 'host=evil.example.org',
    };
    const { status, body } = await get('Patient?family=x', tricks);
    expect([status, body.link?.[0]?.url.startsWith(gateway.fhirBase)]).toEqual([200, true]);
    expect((await get('Patient/known', tricks)).status).toBe(200);
    expect(await raw('GET /fhir/Patient HTTP/1.1\r\nHost: evil.example.org\r\nConnection: close\r\n\r\n')).not.toContain(
      'evil.example.org',
    );
    expect(await raw('TRACE /fhir/Patient HTTP/1.1\r\nHost: x\r\nX-Secret: abc\r\nConnection: close\r\n\r\n')).not.toMatch(
      /X-Secret|HTTP\/1\.1 2/,
    );
  });

  test.each([
    '/fhir/metadata',
    '/fhir/Patient/known',
    '/fhir/Patient/nobody',
    '/hl7v2',
    '/messages',
    '/status',
    '/metrics',
    '/readyz',
    '/nowhere',
  ])('no page of another may show %s, guess what it is or keep it, and nothing says what serves it', async (path) => {
    const { headers } = await fetch(`${gateway.http}${path}`);
    const named = ['x-content-type-options', 'x-frame-options', 'content-security-policy', 'referrer-policy', 'x-powered-by', 'server'];
    expect(named.map((name) => headers.get(name))).toEqual([
      'nosniff',
      'DENY',
      "default-src 'none'; frame-ancestors 'none'",
      'no-referrer',
      null,
      null,
    ]);
    expect(headers.get('cache-control')).toMatch(/no-store|no-cache/);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('A-26 what is sent is in no header and no line of an answer', async () => {
    const { status } = await get(`Patient?x=${encodeURIComponent('\r\nset-cookie: a=b\u001b[31m${jndi:ldap://x}')}`);
    expect(status).toBe(200);
    const { text } = await get('%0d%0aset-cookie:a=b');
    expect(text).not.toContain('\r\nset-cookie');
    expect(await raw(`GET /fhir/Patient HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(1_000_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4\d\d/);
  });

  test('A-24 HTTP and TLS on the MLLP port are no message', async () => {
    const mllp = new URL(`http://${gateway.mllp}`);
    expect(await raw('GET / HTTP/1.1\r\nHost: x\r\n\r\n', mllp, 1500)).toBe('');
    expect(await raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', mllp, 1500)).toBe('');
  });
});

describe('what is sent out (A-20)', () => {
  let asked: string[];
  let elsewhere: Server;
  let port: number;
  beforeEach(async () => {
    asked = [];
    elsewhere = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(request.url === '/moved' ? 307 : 200, { location: `http://127.0.0.1:${port}/inside` }).end();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    port = (elsewhere.address() as AddressInfo).port;
  });
  afterEach(() => elsewhere.close());
  const send = (host: string, path: string) =>
    sendNotification(
      { method: 'POST', url: `http://${host}:${port}${path}`, headers: [], body: '{}' },
      endpointPolicy(`${host}:${port}`),
      2_000,
    );

  test('A-20 goes where it is said, and no further', async () => {
    expect([await send('127.0.0.1', '/hook'), asked]).toEqual([undefined, ['/hook']]);
    expect([await send('127.0.0.1', '/moved'), asked]).toEqual(['the endpoint answered 307', ['/hook', '/moved']]);
  });

  test('A-20 a name that leads inside when it is connected to is not connected to, whatever the list says', async () => {
    expect(await send('localhost', '/hook')).toMatch(/could not be reached/);
    expect(asked).toEqual([]);
  });
});

describe('with a login (A-17, A-18, A-27)', () => {
  let guarded: Guarded;
  beforeAll(async () => {
    guarded = await openGuarded();
  });
  afterAll(() => guarded.close());

  test.each(['authorization_code', 'refresh_token', 'password', 'implicit', 'urn:ietf:params:oauth:grant-type:jwt-bearer'])(
    'A-17 the grant %s is not offered',
    async (grant) => {
      const reply = await guarded.askToken({ grant_type: grant, code: 'x', refresh_token: 'x', redirect_uri: 'https://evil.example.org' });
      expect([reply.status, await reply.json()]).toEqual([400, { error: 'unsupported_grant_type' }]);
    },
  );

  test.each(['..%2f..%2fetc%2fpasswd', '%2e%2e%2f%2e%2e%2fetc%2fpasswd', 'x%00.ndjson', '%2fetc%2fpasswd', 'Patient-1.ndjson'])(
    'A-18 the file %s of an export is not there',
    async (name) => {
      const token = await guarded.token('system/*.cruds');
      const reply = await guarded.call('GET', `_export/00000000-0000-4000-8000-000000000000/${name}`, token);
      expect([[400, 404].includes(reply.status), (await reply.text()).includes('root:')]).toEqual([true, false]);
      expect((await guarded.call('GET', `_export/x/${name}`)).status).toBe(401);
    },
  );

  test('A-27 leniency relaxes nothing', async () => {
    const token = await guarded.token('system/Basic.rs');
    const reply = await guarded.call('GET', 'Patient?nonsense=1', token, undefined, {
      prefer: 'handling=lenient',
      'x-forwarded-for': '127.0.0.1',
    });
    expect([reply.status, issueIds(await reply.json())]).toEqual([403, ['forbidden']]);
  });
});
