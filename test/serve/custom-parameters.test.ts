import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EYES } from './eyes.ts';
import { type Gateway, idsIn, issueIds, openGateway } from './gateway.ts';

const FHIR = 'application/fhir+json';

describe('a search parameter made at run time', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await openGateway();
  });
  afterEach(() => gateway.close());

  const put = (resource: { resourceType: string; id: string; [name: string]: unknown }) =>
    gateway.http.put(`/fhir/${resource.resourceType}/${resource.id}`).set('content-type', FHIR).send(JSON.stringify(resource));
  const patient = (id: string, valueCode: string) => put({ resourceType: 'Patient', id, extension: [{ url: 'urn:eyes', valueCode }] });
  const search = (query: string, handling = 'strict') => gateway.http.get(`/fhir/${query}`).set('prefer', `handling=${handling}`);
  const state = async () => {
    const { body } = await gateway.http.get('/fhir/SearchParameter/eyes/$index-state');
    return Object.fromEntries(
      body.parameter.map((one: { name: string; valueCode?: string; valueInteger?: number }) => [
        one.name,
        one.valueCode ?? one.valueInteger,
      ]),
    );
  };
  const later = () => (gateway.clock.now += 10_000);

  test('is declared, then indexing and not searched by, then active, and finds what was there before it', async () => {
    for (let index = 0; index < 300; index += 1) expect((await patient(`p${index}`, index === 7 ? 'green' : 'blue')).status).toBe(201);
    expect(issueIds((await search('Patient?eyes=green')).body)).toEqual(['search-parameter-unknown']);
    expect((await put(EYES)).status).toBe(201);
    expect(await state()).toEqual({ state: 'declared' });

    await gateway.parameters.round();
    expect(await state()).toMatchObject({ state: 'indexing', done: 0 });
    const refused = await search('Patient?eyes=green');
    expect([refused.status, issueIds(refused.body)]).toEqual([400, ['search-parameter-indexing']]);
    const lenient = await search('Patient?eyes=green&_id=p1', 'lenient');
    expect(idsIn(lenient.body)).toEqual(['p1']);
    expect(lenient.text).toContain('search-parameter-indexing');
    expect(
      (
        await gateway.http
          .post('/fhir/Patient')
          .set({ 'content-type': FHIR, 'if-none-exist': 'eyes=green' })
          .send('{"resourceType":"Patient"}')
      ).status,
    ).toBe(400);

    await patient('new', 'green');
    later();
    await gateway.parameters.round();
    expect(await state()).toEqual({ state: 'active', done: 301, recounted: 151, differed: 0 });
    expect(idsIn((await search('Patient?eyes=green')).body).sort()).toEqual(['new', 'p7']);
    expect((await gateway.http.get('/fhir/Patient/p7')).body.meta.versionId).toBe('1');
    expect((await gateway.http.get('/fhir/metadata')).text).toContain('http://example.org/SearchParameter/eyes');
  });

  test('goes on after a restart where it was left, and one process at a time looks through', async () => {
    for (let index = 0; index < 600; index += 1) await patient(`p${index}`, 'blue');
    await put(EYES);
    await gateway.parameters.round();
    later();
    const first = gateway.parametersOf('first');
    const { store } = gateway;
    const reindex = store.reindex.bind(store);
    let count = 0;
    store.reindex = async (references) => {
      count += 1;
      if (count === 6) void first.close();
      if (count === 1) await gateway.parametersOf('second').round();
      return reindex(references);
    };
    await first.round();
    const left = await state();
    expect([left['state'], left['done'] > 0 && left['done'] < 600]).toEqual(['indexing', true]);
    later();
    await gateway.parametersOf('second').round();
    expect(await state()).toEqual(left);
    gateway.clock.now += 120_000;
    await gateway.parametersOf('second').round();
    expect(await state()).toMatchObject({ state: 'active', done: 600 });
    expect((await search('Patient?eyes=blue&_total=accurate')).body.total).toBe(600);
  });

  test('begins anew with another expression, is gone when retired, and begins anew when a recount differs', async () => {
    await patient('p', 'blue');
    await put(EYES);
    await gateway.parameters.round();
    later();
    await gateway.parameters.round();
    await put({ ...EYES, expression: "Patient.extension.where(url = 'urn:other').value as code" });
    await gateway.parameters.round();
    expect(issueIds((await search('Patient?eyes=blue')).body)).toEqual(['search-parameter-indexing']);
    later();
    const reindex = gateway.store.reindex.bind(gateway.store);
    gateway.store.reindex = async () => 0;
    await gateway.parameters.round();
    expect(await state()).toMatchObject({ state: 'indexing', differed: 1 });
    gateway.store.reindex = reindex;
    await gateway.parameters.round();
    expect(await state()).toMatchObject({ state: 'active', differed: 1 });
    expect(idsIn((await search('Patient?eyes=blue')).body)).toEqual([]);
    await put({ ...EYES, status: 'retired' });
    await gateway.parameters.round();
    expect(await state()).toEqual({ state: 'declared' });
    expect(issueIds((await search('Patient?eyes=blue')).body)).toEqual(['search-parameter-unknown']);
  });

  test.each([
    ['a code of R4', { code: 'birthdate' }],
    ['an expression that cannot be read', { expression: 'Patient.((' }],
    ['an expression that could run for ever', { expression: "Patient.name.where(family.matches('(a+)+'))" }],
    ['a type that is none', { base: ['Resource'], code: '_eyes' }],
    ['nothing to find', { expression: 'Patient.nothing' }],
  ])('is refused with %s', async (_what, change) => {
    const reply = await put({ ...EYES, ...change });
    expect([reply.status, issueIds(reply.body)[0]]).toEqual([422, 'search-parameter-unusable']);
    expect((await put({ ...EYES, ...change, status: 'draft' })).status).toBe(201);
  });

  test('is refused with the code of another for the same type', async () => {
    await put(EYES);
    await gateway.parameters.round();
    expect((await put({ ...EYES, id: 'more', url: 'http://example.org/more' })).status).toBe(422);
  });
});
