import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEvent, Bundle } from 'fhir/r4.js';
import { idsIn, issueIds } from '../serve/gateway.ts';
import { type Guarded, openGuarded } from './guarded-gateway.ts';

let guarded: Guarded;
let operator: string;
let mine: string;
beforeAll(async () => {
  guarded = await openGuarded();
  operator = await guarded.token('system/*.cruds');
  mine = await guarded.token('patient/*.cruds', { patient: 'p1' });
  const laboratory = [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }];
  const of = (patient: string) => ({ reference: `Patient/${patient}` });
  const observation = (id: string, patient: string, rest: object) => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '1' }] },
    subject: of(patient),
    ...rest,
  });
  const resources = [
    { resourceType: 'Organization', id: 'org', name: 'Ward' },
    { resourceType: 'Organization', id: 'org2', name: 'Clinic' },
    { resourceType: 'Patient', id: 'p1', name: [{ family: 'Alva' }], managingOrganization: { reference: 'Organization/org' } },
    {
      resourceType: 'Patient',
      id: 'p2',
      name: [{ family: 'Bergom' }],
      identifier: [{ system: 'urn:mrn', value: '7' }],
      managingOrganization: { reference: 'Organization/org2' },
    },
    observation('lab1', 'p1', { category: laboratory, hasMember: [{ reference: 'Observation/lab2' }] }),
    observation('vital1', 'p1', {}),
    observation('lab2', 'p2', { category: laboratory, derivedFrom: [{ reference: 'Observation/vital1' }] }),
    {
      resourceType: 'List',
      id: 'list2',
      status: 'current',
      mode: 'working',
      subject: of('p2'),
      entry: [{ item: { reference: 'Observation/vital1' } }],
    },
  ];
  for (const one of resources) expect((await guarded.call('PUT', `${one.resourceType}/${one.id}`, operator, one)).status).toBe(201);
});
afterAll(() => guarded.close());

const get = async (path: string, token: string) => {
  const reply = await guarded.call('GET', path, token);
  return { status: reply.status, headers: reply.headers, body: (await reply.json()) as Bundle };
};
const ids = async (path: string, token = mine) => idsIn((await get(path, token)).body).sort();

describe('a search passes nothing it may not see', () => {
  test.each([
    ['its own alone', 'Observation', ['lab1', 'vital1']],
    ['a chain to another patient', 'Observation?subject:Patient.family=Bergom', []],
    ['a chain to its own', 'Observation?subject:Patient.family=Alva', ['lab1', 'vital1']],
    ['_has of what is hidden', 'Observation?_has:Observation:derived-from:code=1', []],
    ['_has of what is its own', 'Patient?_has:Observation:patient:code=1', ['p1']],
    ['organizations by patients that are hidden', 'Organization?_has:Patient:organization:family=Bergom', []],
    ['organizations by its own', 'Organization?_has:Patient:organization:family=Alva', ['org']],
    ['a list that is hidden', 'Observation?_list=list2', []],
    ['includes of what is hidden', 'Observation?_id=lab1&_include=Observation:has-member', ['lab1']],
    ['reverse includes of what is hidden', 'Observation?_id=vital1&_revinclude=Observation:derived-from', ['vital1']],
    [
      'what is reached through the hidden',
      'Observation?_id=lab1&_include:iterate=Observation:has-member&_include:iterate=Observation:derived-from',
      ['lab1'],
    ],
    ['* includes', 'Observation?_id=lab1&_include=*', ['lab1', 'p1']],
    ['the other one by name', 'Patient?family=Bergom', []],
    ['not the other one', 'Patient?family:not=Alva', []],
    ['the compartment of the other', 'Patient/p2/Observation', []],
    ['a sort', 'Patient?_sort=family', ['p1']],
  ])('%s', async (_what, path, expected) => expect(await ids(path)).toEqual(expected));

  test('a total counts what is seen', async () => {
    expect((await get('Observation?_total=accurate&_summary=count', mine)).body.total).toBe(2);
    expect((await get('Observation?_total=accurate&_summary=count', operator)).body.total).toBe(3);
  });

  test('a history of all shows no other, and counts none', async () => {
    const { body } = await get('Observation/_history', mine);
    expect(idsIn(body).sort()).toEqual(['lab1', 'vital1']);
    expect(body.total).toBeUndefined();
    expect((await get('Observation/lab2/_history', mine)).status).toBe(404);
  });

  test('a hidden resource is answered as one that never was', async () => {
    const [hidden, absent] = [await get('Observation/lab2', mine), await get('Observation/nobody', mine)];
    expect([hidden.status, issueIds(hidden.body), hidden.headers.get('etag')]).toEqual([absent.status, issueIds(absent.body), null]);
    expect((await get('Observation/lab2/_history/1', mine)).status).toBe(404);
  });
});

describe('criteria of a scope', () => {
  test('narrow reads, searches, histories and bundles', async () => {
    const lab = await guarded.token('system/Observation.rs?category=laboratory');
    expect(await ids('Observation', lab)).toEqual(['lab1', 'lab2']);
    expect((await get('Observation/vital1', lab)).status).toBe(404);
    expect((await get('Observation/lab1', lab)).status).toBe(200);
    expect(idsIn((await get('Observation/_history', lab)).body).sort()).toEqual(['lab1', 'lab2']);
    const entry = ['vital1', 'lab1'].map((id) => ({ request: { method: 'GET', url: `Observation/${id}` } }));
    const reply = await guarded.call('POST', '', lab, { resourceType: 'Bundle', type: 'batch', entry });
    expect(((await reply.json()) as Bundle).entry?.map(({ response }) => response?.status?.slice(0, 3))).toEqual(['404', '200']);
  });

  test.each([
    ['that are chained', 'system/Observation.rs?subject:Patient.family=Alva'],
    ['that nobody knows', 'system/Observation.rs?colour=red'],
    ['of a patient the token does not name', 'patient/Observation.rs'],
    ['of a user the token does not name', 'user/Observation.rs'],
  ])('%s allow nothing', async (_what, scope) => {
    const { status, body } = await get('Observation', await guarded.token(scope));
    expect([status, issueIds(body)]).toEqual([403, ['forbidden']]);
  });

  test('a type a chain, _has or include passes through needs a scope too', async () => {
    const only = await guarded.token('system/Observation.rs');
    for (const query of ['subject:Patient.family=Alva', '_revinclude=Patient:organization', '_has:DiagnosticReport:result:status=final'])
      expect([query, (await get(`Observation?${query}`, only)).status]).toEqual([query, 403]);
    expect(await ids('Observation?_id=lab1&_include=Observation:subject', only)).toEqual(['lab1']);
    expect((await get('Observation?_type=Patient', only)).status).toBe(403);
  });
});

describe('a write', () => {
  const put = (path: string, body: object, token = mine, headers = {}) => guarded.call('PUT', path, token, body, headers);
  const observation = (id: string | undefined, patient: string) => ({
    resourceType: 'Observation',
    ...(id === undefined ? {} : { id }),
    status: 'final',
    code: { text: 'x' },
    subject: { reference: `Patient/${patient}` },
  });

  test('to a hidden id and to a free one are refused alike', async () => {
    const [hidden, free] = [
      await put('Observation/lab2', observation('lab2', 'p1')),
      await put('Observation/free', observation('free', 'p1')),
    ];
    expect([hidden.status, free.status]).toEqual([403, 403]);
    expect(issueIds(await hidden.json())).toEqual(issueIds(await free.json()));
  });

  test('moves nothing into or out of a compartment', async () => {
    expect((await put('Observation/vital1', observation('vital1', 'p2'))).status).toBe(403);
    expect((await guarded.call('POST', 'Observation', mine, observation(undefined, 'p2'))).status).toBe(403);
    expect((await guarded.call('POST', 'Observation', mine, observation(undefined, 'p1'))).status).toBe(201);
  });

  test('with criteria learns nothing of what is hidden', async () => {
    const made = await guarded.call('POST', 'Observation', mine, observation(undefined, 'p1'), { 'if-none-exist': '_id=lab2' });
    expect(made.status).toBe(201);
    const gone = await guarded.call('DELETE', 'Observation?_id=lab2', mine);
    expect([gone.status, (await get('Observation/lab2', operator)).status]).toEqual([204, 200]);
  });

  test('of an identifier another patient has tells nothing of that patient, and takes nothing from it', async () => {
    const body = { resourceType: 'Patient', id: 'p1', name: [{ family: 'Alva' }], identifier: [{ system: 'urn:mrn', value: '7' }] };
    const reply = await put('Patient/p1', body, mine, { prefer: 'return=OperationOutcome' });
    expect([reply.status, (await reply.text()).includes('p2')]).toEqual([200, false]);
  });

  test('in a transaction is held to the same', async () => {
    const send = (entry: object[]) => guarded.call('POST', '', mine, { resourceType: 'Bundle', type: 'transaction', entry });
    const own = { resource: observation(undefined, 'p1'), request: { method: 'POST', url: 'Observation' } };
    expect((await send([own])).status).toBe(200);
    expect((await send([own, { resource: observation(undefined, 'p2'), request: { method: 'POST', url: 'Observation' } }])).status).toBe(
      403,
    );
    expect((await send([{ request: { method: 'GET', url: 'Observation/lab2' } }])).status).toBe(404);
  });

  test('who may write but not read is not shown what is there', async () => {
    const blind = await guarded.token('system/Patient.u');
    const patch = [{ op: 'add', path: '/active', value: true }];
    const reply = await guarded.call('PATCH', 'Patient/p2', blind, JSON.stringify(patch), {
      'content-type': 'application/json-patch+json',
      prefer: 'return=representation',
    });
    expect([reply.status, await reply.text()]).toEqual([200, '']);
  });

  test('of an AuditEvent is refused to everybody', async () => {
    const body = { resourceType: 'AuditEvent', recorded: '2026-01-02T09:30:00Z' };
    expect((await guarded.call('POST', 'AuditEvent', operator, body)).status).toBe(403);
    expect((await guarded.call('DELETE', 'AuditEvent/1', operator)).status).toBe(403);
    const entry = [{ resource: body, request: { method: 'POST', url: 'AuditEvent' } }];
    expect((await guarded.call('POST', '', operator, { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(403);
  });
});

test("a subscription is for who may read everything, and audit events are for nobody's app", async () => {
  const body = {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'x',
    criteria: 'Observation?subject=Patient/p2',
    channel: { type: 'rest-hook', endpoint: 'https://app.example.org/hook' },
  };
  expect((await guarded.call('POST', 'Subscription', await guarded.token('system/Subscription.cruds'), body)).status).toBe(403);
  expect((await get('AuditEvent', mine)).status).toBe(403);
});

describe('an export', () => {
  const kickOff = async (token: string, query = '') => {
    const reply = await guarded.call('GET', `$export${query}`, token, undefined, {
      accept: 'application/fhir+json',
      prefer: 'respond-async',
    });
    return { status: reply.status, job: reply.headers.get('content-location')?.slice(guarded.base.length + 1) ?? '' };
  };

  test("has what the token may read, and is its owner's", async () => {
    expect((await kickOff(await guarded.token('system/Patient.rs'), '?_type=Observation')).status).toBe(403);
    const { status, job } = await kickOff(mine, '?_type=Observation,Patient');
    expect(status).toBe(202);
    const { output } = await endOf<{ output: { url: string }[] }>(job, mine);
    const texts = await Promise.all(
      output.map(async ({ url }) => (await guarded.call('GET', url.slice(guarded.base.length + 1), mine)).text()),
    );
    expect(texts.join('')).toContain('Alva');
    expect(texts.join('')).not.toMatch(/Bergom|"id":"lab2"/);
    const other = await guarded.token('patient/*.cruds', { patient: 'p2' });
    for (const path of [job, ...output.map(({ url }) => url.slice(guarded.base.length + 1))]) {
      expect((await guarded.call('GET', path, other)).status).toBe(404);
      expect((await guarded.call('GET', path)).status).toBe(401);
    }
  });

  test('of a group needs a scope for Group, and says so', async () => {
    const reply = await guarded.call('GET', 'Group/g/$export?_type=Patient', await guarded.token('system/Patient.rs'));
    expect([reply.status, issueIds(await reply.json())]).toEqual([403, ['forbidden']]);
  });

  test('names, of each file that was fetched, the patients in it', async () => {
    const { job } = await kickOff(mine, '?_type=Observation,Patient');
    const { output } = await endOf<{ output: { url: string; type: string }[] }>(job, mine);
    const url = output.find(({ type }) => type === 'Patient')?.url.slice(guarded.base.length + 1) ?? '';
    expect((await guarded.call('GET', url, mine)).status).toBe(200);
    const name = url.split('/').at(-1) ?? '';
    expect((await fetches('p1')).join()).toContain(name);
    expect((await fetches('p2')).join()).not.toContain(name);
  });
});

describe('a request that is answered later', () => {
  test('is carried out as who asked: what that may not see is not in it, what it may not do is not done', async () => {
    const entry = [
      { request: { method: 'GET', url: 'Patient?_count=50' } },
      { request: { method: 'PUT', url: 'Basic/later' }, resource: { resourceType: 'Basic', id: 'later', code: { text: 'x' } } },
    ];
    const headers = { prefer: 'respond-async' };
    const before = (await fetches('p1')).length;
    const begun = await guarded.call('POST', '', mine, { resourceType: 'Bundle', type: 'batch', entry }, headers);
    expect(begun.status).toBe(202);
    const job = begun.headers.get('content-location')?.slice(guarded.base.length + 1) ?? '';
    const { output } = await endOf<{ output: { url: string }[] }>(job, mine);
    const url = output[0]?.url.slice(guarded.base.length + 1) ?? '';
    const answer = (await (await guarded.call('GET', url, mine)).json()) as Bundle;
    expect(answer.entry?.map(({ response }) => response?.status)).toEqual(['200 OK', '403 Forbidden']);
    expect(JSON.stringify(answer)).not.toMatch(/Bergom/);
    for (const path of [job, url]) {
      expect((await guarded.call('GET', path, await guarded.token('patient/*.cruds', { patient: 'p2' }))).status).toBe(404);
      expect((await guarded.call('GET', path)).status).toBe(401);
    }
    // that the request was carried out, and that its answer was fetched
    const after = await fetches('p1');
    expect([after.length, after.at(-1)]).toEqual([before + 2, url]);
  });
});

/** Batches, and fetches of files, in which data of a patient went out, as the trail has them: what was asked. */
async function fetches(patient: string): Promise<string[]> {
  const reply = await guarded.call('GET', `AuditEvent?patient=${patient}&_count=1000&_sort=date`, operator);
  const { entry = [] } = (await reply.json()) as Bundle<AuditEvent>;
  return entry.flatMap(({ resource }) => {
    const query = resource?.entity?.find((one) => one.query !== undefined)?.query;
    const asked = Buffer.from(query ?? '', 'base64').toString('utf8');
    return resource?.subtype?.[0]?.code === 'batch' || asked.startsWith('_') ? [asked] : [];
  });
}

async function endOf<T>(job: string, token: string): Promise<T> {
  for (;;) {
    const reply = await guarded.call('GET', job, token);
    if (reply.status !== 202) return (await reply.json()) as T;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
