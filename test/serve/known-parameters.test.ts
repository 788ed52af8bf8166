import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, idsIn, issueIds, openGateway } from './gateway.ts';

const FHIR = 'application/fhir+json';
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
  await gateway.http.put('/fhir/Patient/p').set('content-type', FHIR).send('{"resourceType":"Patient","id":"p"}');
  await gateway.http
    .put('/fhir/Encounter/e')
    .set('content-type', FHIR)
    .send('{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"x"},"period":{"start":"2026-01-02T00:00:00Z"}}');
});
afterAll(() => gateway.close());
const get = (path: string, handling = 'lenient') => gateway.http.get(`/fhir/${path}`).set('prefer', `handling=${handling}`);

describe('a parameter that is not taken', () => {
  test.each([
    'Patient/p?colour=red',
    'Patient/p/_history/1?_since=2026',
    'Patient/p/$everything?colour=red',
    'Patient/p/$meta?colour=red',
    'Patient/p/$validate?colour=red',
    'ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&activeOnly=true',
    'CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male&date=2026',
  ])('is refused strictly: %s', async (path) => {
    expect((await get(path)).status).toBe(200);
    const refused = await get(path, 'strict');
    expect([refused.status, issueIds(refused.body)]).toEqual([400, ['parameter-invalid']]);
    expect(refused.body.issue[0].expression).toEqual([`http.${/(\w+)=[^=]*$/.exec(path)?.[1]}`]);
  });

  test('in a body is refused too', async () => {
    const body = { resourceType: 'Parameters', parameter: [{ name: 'colour', valueString: 'red' }] };
    const asked = gateway.http.post('/fhir/Patient/p/$everything').set({ 'content-type': FHIR, prefer: 'handling=strict' });
    expect((await asked.send(JSON.stringify(body))).status).toBe(400);
  });

  test('of a write is refused too, and what is written is no list of parameters', async () => {
    const strict = { 'content-type': FHIR, prefer: 'handling=strict' };
    const patient = '{"resourceType":"Patient","id":"w"}';
    for (const asked of [
      gateway.http.post('/fhir/Patient?identifier=1').set(strict).send(patient),
      gateway.http.put('/fhir/Patient/w?identifier=1').set(strict).send(patient),
      gateway.http.delete('/fhir/Patient/p?version=1').set(strict),
    ])
      expect((await asked).status).toBe(400);
    const operation = [
      { name: 'type', valueCode: 'add' },
      { name: 'path', valueString: 'Patient' },
      { name: 'name', valueString: 'active' },
      { name: 'value', valueBoolean: true },
    ];
    const change = { resourceType: 'Parameters', parameter: [{ name: 'operation', part: operation }] };
    expect((await gateway.http.patch('/fhir/Patient/p').set(strict).send(JSON.stringify(change))).status).toBe(200);
  });

  test('of $everything is left out of the links and named, leniently', async () => {
    const { body } = await get('Patient/p/$everything?colour=red&_count=5');
    expect(issueIds(body.entry.at(-1).resource)).toEqual(['parameter-invalid']);
    expect(body.link[0].url).not.toContain('colour');
  });

  test('what is about how the answer looks is taken everywhere', async () => {
    expect((await get('Patient/p?_format=json&_pretty=true&_elements=id', 'strict')).status).toBe(200);
  });
});

test.each(['_count=1&_count=2', '_sort=family&_sort=birthdate', '_summary=true&_summary=false', '_elements=id&_elements=name'])(
  'of %s it cannot be said which is meant',
  async (query) => {
    const refused = await get(`Patient?${query}`);
    expect([refused.status, issueIds(refused.body)]).toEqual([400, ['parameter-invalid']]);
  },
);

test('a history takes each of its parameters once', async () => {
  expect((await get('Patient/_history?_since=2026&_since=2027')).status).toBe(400);
});

test('If-None-Exist is about the type that is created', async () => {
  const ask = (criteria: string) =>
    gateway.http.post('/fhir/Patient').set({ 'content-type': FHIR, 'if-none-exist': criteria }).send('{"resourceType":"Patient"}');
  for (const criteria of ['_id=p', '?_id=p', 'Patient?_id=p']) expect((await ask(criteria)).status).toBe(200);
  expect((await ask('Encounter?_id=e')).status).toBe(400);
});

test('an entry of a bundle is told when its version was written, to the millisecond', async () => {
  gateway.clock.now += 123;
  const entry = [
    { request: { method: 'PUT', url: 'Patient/m' }, resource: { resourceType: 'Patient', id: 'm' } },
    { request: { method: 'GET', url: 'Patient/m' } },
  ];
  const sent = gateway.http.post('/fhir').set({ 'content-type': FHIR, prefer: 'return=representation' });
  const { body } = await sent.send(JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }));
  const times = body.entry.map((one: { resource: { meta: { lastUpdated: string } }; response: { lastModified: string } }) => [
    one.response.lastModified,
    one.resource.meta.lastUpdated,
  ]);
  const time = new Date(gateway.clock.now).toISOString();
  expect(times).toEqual([
    [time, time],
    [time, time],
  ]);
});

test('a time whose + was not escaped is the time it was meant to be', async () => {
  const times = ['2026-01-02T01:00:00+01:00', '2026-01-02T01:00:00%2B01:00'];
  for (const time of times) {
    expect(idsIn((await get(`Encounter?date=ge${time}`, 'strict')).body)).toEqual(['e']);
    for (const path of [`Encounter?_lastUpdated=lt${time}`, `Encounter/_history?_since=${time}`, `Patient/p/$everything?start=${time}`])
      expect((await get(path, 'strict')).status).toBe(200);
  }
  expect((await get('Encounter?date=ge2026-01-02 01:00')).status).toBe(400);
});

test('a type that is in no such compartment is not looked for in one', async () => {
  expect((await get('Patient/p/Encounter')).status).toBe(200);
  const refused = await get('Patient/p/Organization');
  expect([refused.status, issueIds(refused.body)]).toEqual([404, ['route-unknown']]);
});

test('everything in the compartment of any kind is found, and nothing else', async () => {
  const note = { resourceType: 'Basic', id: 'n', code: { text: 'x' }, author: { reference: 'RelatedPerson/r' } };
  for (const one of [{ resourceType: 'RelatedPerson', id: 'r', patient: { reference: 'Patient/p' } }, note])
    await gateway.http.put(`/fhir/${one.resourceType}/${one.id}`).set('content-type', FHIR).send(JSON.stringify(one));
  expect(idsIn((await get('RelatedPerson/r/*')).body).sort()).toEqual(['n', 'r']);
  const { compartment } = (await get('metadata')).body.rest[0];
  expect(compartment).toContain('http://hl7.org/fhir/CompartmentDefinition/relatedPerson');
});
