import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, idsIn, issueIds, openGateway } from './gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

const get = (path: string) => gateway.http.get(`/fhir/${path}`);
const post = (path: string, ...parameter: object[]) =>
  gateway.http.post(`/fhir/${path}`).set('content-type', 'application/fhir+json').send({ resourceType: 'Parameters', parameter });
const GENDERS = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const GENDER = 'http://hl7.org/fhir/administrative-gender';
const result = (body: { parameter: { name: string; valueBoolean?: boolean }[] }) =>
  body.parameter.find(({ name }) => name === 'result')?.valueBoolean;

describe('$expand', () => {
  test('lists the codes of a loaded value set, filtered and by pages', async () => {
    const { body } = await get(`ValueSet/$expand?url=${GENDERS}`);
    expect(body.expansion.contains.map(({ code }: { code: string }) => code)).toEqual(['male', 'female', 'other', 'unknown']);
    const filtered = await get(`ValueSet/$expand?url=${GENDERS}&filter=MALE`);
    expect(filtered.body.expansion.total).toBe(2);
    const paged = await post(
      'ValueSet/$expand',
      { name: 'url', valueUri: GENDERS },
      { name: 'offset', valueInteger: 1 },
      { name: 'count', valueInteger: 1 },
    );
    expect([paged.body.expansion.total, paged.body.expansion.contains]).toEqual([
      4,
      [{ system: GENDER, code: 'female', display: 'Female' }],
    ]);
  });

  test.each([
    ['', 400, 'parameter-invalid'],
    ['?url=http://nobody.example.org', 404, 'resource-not-found'],
    [`?url=${GENDERS}&count=many`, 400, 'parameter-invalid'],
    ['?url=http://hl7.org/fhir/ValueSet/mimetypes', 400, 'too-costly'],
  ])('%s is %i', async (query, status, id) => {
    const reply = await get(`ValueSet/$expand${query}`);
    expect([reply.status, issueIds(reply.body)]).toEqual([status, [id]]);
  });
});

describe('of a stored value set', () => {
  const put = (resource: { resourceType: string; id: string; [element: string]: unknown }) =>
    gateway.http
      .put(`/fhir/${resource.resourceType}/${resource.id}`)
      .set('content-type', 'application/fhir+json')
      .send(JSON.stringify(resource));
  const codesOf = (body: { expansion: { contains?: { code: string }[] } }) => body.expansion.contains?.map(({ code }) => code);

  test('of a stored value set draws on stored code systems and value sets', async () => {
    const concept = [{ code: 'a', concept: [{ code: 'a1', display: 'One' }] }, { code: 'b' }];
    await put({ resourceType: 'CodeSystem', id: 'own', url: 'urn:own', status: 'active', content: 'complete', concept });
    await put({
      resourceType: 'ValueSet',
      id: 'inner',
      url: 'urn:set:inner',
      status: 'active',
      compose: { include: [{ system: 'urn:own' }] },
    });
    const compose = {
      include: [{ valueSet: ['urn:set:inner'] }, { system: GENDER, concept: [{ code: 'male' }] }],
      exclude: [{ system: 'urn:own', concept: [{ code: 'b' }] }],
    };
    await put({ resourceType: 'ValueSet', id: 'outer', url: 'urn:set:outer', version: '2', status: 'active', compose });
    for (const path of ['ValueSet/outer/$expand', 'ValueSet/$expand?url=urn:set:outer', 'ValueSet/$expand?url=urn:set:outer%7C2'])
      expect([path, codesOf((await get(path)).body)]).toEqual([path, ['a', 'a1', 'male']]);
    expect(codesOf((await post('ValueSet/outer/$expand', { name: 'filter', valueString: 'one' })).body)).toEqual(['a1']);
    expect(result((await get('ValueSet/$validate-code?url=urn:set:outer&system=urn:own&code=a1')).body)).toBe(true);
    expect(result((await get('ValueSet/$validate-code?url=urn:set:outer&system=urn:own&code=b')).body)).toBe(false);
    expect((await get('ValueSet/$expand?url=urn:set:outer%7C3')).status).toBe(404);
    expect((await get('ValueSet/nobody/$expand')).status).toBe(404);
  });

  test('that draws on what is nowhere, or filters by an expression of a client, is refused', async () => {
    await put({
      resourceType: 'ValueSet',
      id: 'lost',
      url: 'urn:set:lost',
      status: 'active',
      compose: { include: [{ system: 'urn:nowhere' }] },
    });
    expect(issueIds((await get('ValueSet/lost/$expand')).body)).toEqual(['parameter-invalid']);
    const filter = [{ property: 'code', op: 'regex', value: '(a+)+b' }];
    await put({
      resourceType: 'ValueSet',
      id: 'slow',
      url: 'urn:set:slow',
      status: 'active',
      compose: { include: [{ system: GENDER, filter }] },
    });
    expect(issueIds((await get('ValueSet/slow/$expand')).body)).toEqual(['too-costly']);
  });
});

test('$validate-code says whether a code is in a value set or a code system', async () => {
  expect(result((await get(`ValueSet/$validate-code?url=${GENDERS}&code=male&system=${GENDER}`)).body)).toBe(true);
  expect(result((await get(`ValueSet/$validate-code?url=${GENDERS}&code=x&system=${GENDER}`)).body)).toBe(false);
  expect(result((await get(`ValueSet/$validate-code?url=${GENDERS}&code=male&system=${GENDER}&display=Mann`)).body)).toBe(false);
  const concept = {
    name: 'codeableConcept',
    valueCodeableConcept: {
      coding: [
        { system: 'urn:x', code: '1' },
        { system: GENDER, code: 'other' },
      ],
    },
  };
  expect(result((await post('ValueSet/$validate-code', { name: 'url', valueUri: GENDERS }, concept)).body)).toBe(true);
  expect(result((await get(`CodeSystem/$validate-code?url=${GENDER}&code=male`)).body)).toBe(true);
  expect(result((await get(`CodeSystem/$validate-code?url=${GENDER}&code=x`)).body)).toBe(false);
  expect((await get(`ValueSet/$validate-code?url=${GENDERS}`)).status).toBe(400);
});

test('$lookup says what a code is', async () => {
  const { body } = await get('CodeSystem/$lookup?system=http://terminology.hl7.org/CodeSystem/v3-ActCode&code=IMP');
  expect(body.parameter).toContainEqual({ name: 'display', valueString: 'inpatient encounter' });
  expect(JSON.stringify(body)).toContain('_ActEncounterCode');
  expect((await get(`CodeSystem/$lookup?system=${GENDER}&code=x`)).status).toBe(404);
  expect((await get('CodeSystem/$lookup?code=x')).status).toBe(400);
});

test('$translate asks a loaded concept map', async () => {
  const url = 'http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3';
  const { body, status } = await get(`ConceptMap/$translate?url=${url}&system=${GENDER}&code=male`);
  expect(status).toBe(200);
  expect(result(body)).toBe(true);
  expect(JSON.stringify(body)).toContain('"code":"M"');
  expect(result((await get(`ConceptMap/$translate?url=${url}&system=${GENDER}&code=nobody`)).body)).toBe(false);
  expect((await get('ConceptMap/$translate?url=http://nobody.example.org&code=x')).status).toBe(404);
  expect((await get('ConceptMap/$translate?code=x')).status).toBe(400);
});

test('$document is the composition with what it refers to', async () => {
  const put = (resource: { resourceType: string; id: string; [element: string]: unknown }) =>
    gateway.http
      .put(`/fhir/${resource.resourceType}/${resource.id}`)
      .set('content-type', 'application/fhir+json')
      .send(JSON.stringify(resource));
  await put({ resourceType: 'Patient', id: 'p' });
  await put({ resourceType: 'Practitioner', id: 'd' });
  await put({ resourceType: 'Condition', id: 'c', subject: { reference: 'Patient/p' } });
  const made = await put({
    resourceType: 'Composition',
    id: 'x',
    status: 'final',
    type: { text: 'Letter' },
    date: '2026-01-02',
    title: 'Letter',
    author: [{ reference: 'Practitioner/d' }],
    subject: { reference: 'Patient/p' },
    section: [{ title: 'Problems', entry: [{ reference: 'Condition/c' }] }],
  });
  expect(made.body.issue ?? []).toEqual([]);
  const { body } = await get('Composition/x/$document');
  expect(body.type).toBe('document');
  expect(idsIn(body)[0]).toBe('x');
  expect(new Set(idsIn(body))).toEqual(new Set(['x', 'p', 'd', 'c']));
  expect((await get('Composition/x/$document?persist=true')).status).toBe(400);
});
