import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapabilityStatement } from 'fhir/r4.js';
import { ROUTES } from '../../src/serve/routes.ts';
import { definitions } from '../definitions.ts';
import { type Gateway, idsIn, issueIds, openGateway } from './gateway.ts';

let gateway: Gateway;
const FHIR = 'application/fhir+json';
const put = (resource: { resourceType: string; id: string }) =>
  gateway.http.put(`/fhir/${resource.resourceType}/${resource.id}`).set('content-type', FHIR).send(JSON.stringify(resource));
const post = (path: string, resource: object) =>
  gateway.http.post(`/fhir/${path}`).set('content-type', FHIR).send(JSON.stringify(resource));
const get = (path: string) => gateway.http.get(`/fhir/${path}`);

beforeAll(async () => {
  gateway = await openGateway();
  const code = { text: 'x' };
  const subject = { reference: 'Patient/p' };
  for (const resource of [
    { resourceType: 'Practitioner', id: 'doc' },
    { resourceType: 'Patient', id: 'p' },
    { resourceType: 'Patient', id: 'other' },
    { resourceType: 'Encounter', id: 'e', status: 'finished', class: { code: 'IMP' }, subject, period: { start: '2026-01-01' } },
    {
      resourceType: 'Observation',
      id: 'old',
      status: 'final',
      code,
      subject,
      effectiveDateTime: '2020-05-01',
      performer: [{ reference: 'Practitioner/doc' }],
    },
    {
      resourceType: 'Observation',
      id: 'new',
      status: 'final',
      code,
      subject,
      effectiveDateTime: '2026-01-01',
      encounter: { reference: 'Encounter/e' },
    },
    { resourceType: 'Observation', id: 'undated', status: 'final', code, subject },
    { resourceType: 'Observation', id: 'foreign', status: 'final', code, subject: { reference: 'Patient/other' } },
  ]) {
    expect((await put(resource)).status).toBe(201);
  }
});
afterAll(() => gateway.close());

describe('$everything', () => {
  test('is the patient, the compartment, and what those refer to', async () => {
    const { body } = await get('Patient/p/$everything');
    expect(idsIn(body).sort()).toEqual(['doc', 'e', 'new', 'old', 'p', 'undated']);
    expect(idsIn((await post('Patient/p/$everything', { resourceType: 'Parameters' })).body)).toHaveLength(6);
  });

  test('is narrowed by type, by date and by time of change', async () => {
    expect(idsIn((await get('Patient/p/$everything?_type=Observation')).body).sort()).toEqual(['new', 'old', 'undated']);
    expect(idsIn((await get('Patient/p/$everything?start=2025&_type=Observation')).body).sort()).toEqual(['new', 'undated']);
    expect(idsIn((await get('Patient/p/$everything?end=2021&_type=Observation')).body).sort()).toEqual(['old', 'undated']);
    expect(idsIn((await get('Patient/p/$everything?_since=2027-01-01T00:00:00Z&_type=Observation')).body)).toEqual([]);
    const body = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'start', valueDate: '2025' },
        { name: '_type', valueCode: 'Observation' },
      ],
    };
    expect(idsIn((await post('Patient/p/$everything', body)).body).sort()).toEqual(['new', 'undated']);
  });

  test('of an encounter is its compartment', async () => {
    expect(idsIn((await get('Encounter/e/$everything')).body)).toEqual(expect.arrayContaining(['e', 'new']));
  });

  test('of nobody is 404, with a bad date 400', async () => {
    expect((await get('Patient/nobody/$everything')).status).toBe(404);
    expect(issueIds((await get('Patient/p/$everything?start=soon')).body)).toEqual(['parameter-invalid']);
    expect(issueIds((await get('Patient/p/$everything?_type=Nobody')).body)).toEqual(['parameter-invalid']);
    expect(issueIds((await get('Patient/p/$everything?_count=0')).body)).toEqual(['parameter-invalid']);
  });
});

describe('$validate', () => {
  const bad = { resourceType: 'Patient', gender: 'x' };

  test('says what is wrong, with 200', async () => {
    const reply = await post('Patient/$validate', bad);
    expect([reply.status, issueIds(reply.body)]).toEqual([200, ['code-not-in-value-set']]);
    expect(reply.body.issue[0].expression).toEqual(['Patient.gender']);
    const well = await post('Patient/$validate', { resourceType: 'Patient' });
    expect(well.body.issue[0].severity).toBe('information');
  });

  test('takes Parameters, modes and profiles', async () => {
    const parameters = (...more: object[]) => ({
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: { resourceType: 'Patient' } }, ...more],
    });
    expect((await post('Patient/$validate', parameters())).body.issue[0].severity).toBe('information');
    const profiled = await post('Patient/$validate', parameters({ name: 'profile', valueUri: 'http://nobody.example.org/profile' }));
    expect([issueIds(profiled.body), profiled.body.issue[0].severity]).toEqual([['profile-unknown'], 'error']);
    const byQuery = await post('Observation/$validate?profile=http://hl7.org/fhir/StructureDefinition/vitalsigns', {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
    });
    expect(issueIds(byQuery.body)).toContain('profile-not-met');
    expect((await post('Patient/$validate?mode=dance', bad)).status).toBe(400);
    expect(issueIds((await post('Observation/$validate', bad)).body)).toContain('id-mismatched');
    expect(issueIds((await post('Patient/$validate', { resourceType: 'Parameters' })).body)).toEqual(['body-missing']);
  });

  test('of an instance holds the one stored, or the one that is to take its place', async () => {
    expect((await get('Patient/p/$validate')).body.issue[0].severity).toBe('information');
    expect((await get('Patient/nobody/$validate')).status).toBe(404);
    expect(issueIds((await post('Patient/p/$validate', { resourceType: 'Patient', id: 'q' })).body)).toContain('id-mismatched');
    expect(issueIds((await post('Patient/p/$validate?mode=create', { resourceType: 'Patient' })).body)).toContain('exists-already');
    expect((await gateway.http.post('/fhir/Patient/p/$validate?mode=delete')).status).toBe(200);
    expect((await gateway.http.post('/fhir/Patient/nobody/$validate?mode=delete')).status).toBe(404);
  });

  test('of a type asks of an update or a deletion which one is meant, and takes no part for the whole', async () => {
    const patient = { resourceType: 'Patient' };
    expect(issueIds((await post('Patient/$validate?mode=update', patient)).body)).toEqual(['id-mismatched']);
    expect((await post('Patient/$validate?mode=update', { ...patient, id: 'new' })).body.issue[0].severity).toBe('information');
    expect(issueIds((await post('Patient/$validate?mode=delete', patient)).body)).toEqual(['id-mismatched']);
    expect((await post('Patient/$validate?mode=delete', { ...patient, id: 'p' })).status).toBe(200);
    expect((await post('Patient/$validate?mode=delete', { ...patient, id: 'nobody' })).status).toBe(404);
    const tag = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }];
    const part = { ...patient, meta: { tag } };
    expect(issueIds((await post('Patient/$validate?mode=create', part)).body)).toEqual(['resource-subsetted']);
    expect((await post('Patient/$validate?mode=profile', part)).body.issue[0].severity).toBe('information');
  });
});

test('$meta, $meta-add and $meta-delete read and change tags, profiles and labels', async () => {
  await put({ resourceType: 'Patient', id: 'm' });
  const body = (code: string) => ({
    resourceType: 'Parameters',
    parameter: [{ name: 'meta', valueMeta: { tag: [{ system: 'urn:t', code }] } }],
  });
  const added = await post('Patient/m/$meta-add', body('a'));
  expect(added.body.parameter[0].valueMeta).toMatchObject({ versionId: '2', tag: [{ system: 'urn:t', code: 'a' }] });
  await post('Patient/m/$meta-add', body('a'));
  await post('Patient/m/$meta-add', body('b'));
  expect((await get('Patient/m/$meta')).body.parameter[0].valueMeta.tag).toHaveLength(2);
  expect(idsIn((await get('Patient?_tag=urn:t|b')).body)).toEqual(['m']);
  await post('Patient/m/$meta-delete', body('a'));
  await post('Patient/m/$meta-delete', body('b'));
  expect((await get('Patient/m')).body.meta.tag).toBeUndefined();
  expect(issueIds((await post('Patient/m/$meta-add', { resourceType: 'Parameters' })).body)).toEqual(['parameter-invalid']);
});

describe('the CapabilityStatement', () => {
  test('says what the routes and the parameters are, and is valid itself', async () => {
    const { body } = await get('metadata');
    const statement = body as CapabilityStatement;
    const rest = statement.rest?.[0];
    expect(rest?.resource?.map(({ type }) => type).sort()).toEqual([...definitions.resourceTypes].sort());
    const patient = rest?.resource?.find(({ type }) => type === 'Patient');
    expect(patient?.interaction?.map(({ code }) => code).sort()).toEqual(
      ['create', 'delete', 'history-instance', 'history-type', 'patch', 'read', 'search-type', 'update', 'vread'].sort(),
    );
    const own = ROUTES.filter(({ name, path }) => name.startsWith('$') && /^(\{type\}|Patient)\//.test(path));
    expect(patient?.operation?.map(({ name }) => `$${name}`).sort()).toEqual([...new Set(own.map(({ name }) => name))].sort());
    expect(patient?.searchParam?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['birthdate', 'identifier', '_id', '_lastUpdated', '_tag']),
    );
    expect(patient?.searchParam?.map(({ name }) => name)).not.toContain('_text');
    const named = new Set(
      [...(rest?.operation ?? []), ...(rest?.resource?.flatMap((one) => one.operation ?? []) ?? [])].map(({ name }) => `$${name}`),
    );
    expect(ROUTES.map(({ name }) => name).filter((name) => name.startsWith('$') && !named.has(name))).toEqual([]);
    const checked = await post('CapabilityStatement/$validate', body);
    expect(checked.body.issue.filter((one: { severity: string }) => one.severity === 'error')).toEqual([]);
  });

  test('does not offer to write what the gateway alone writes', async () => {
    const { body } = await get('metadata');
    const trail = (body as CapabilityStatement).rest?.[0]?.resource?.find(({ type }) => type === 'AuditEvent');
    expect(trail?.interaction?.map(({ code }) => code).sort()).toEqual([
      'history-instance',
      'history-type',
      'read',
      'search-type',
      'vread',
    ]);
    expect(trail).toMatchObject({
      updateCreate: false,
      conditionalCreate: false,
      conditionalUpdate: false,
      conditionalDelete: 'not-supported',
    });
    expect((await post('AuditEvent', { resourceType: 'AuditEvent' })).status).toBe(403);
  });

  test('every parameter it names is taken', async () => {
    const { body } = await get('metadata');
    for (const type of ['Patient', 'Observation', 'Encounter']) {
      const resource = (body as CapabilityStatement).rest?.[0]?.resource?.find((one) => one.type === type);
      for (const { name, type: kind } of resource?.searchParam ?? []) {
        if (kind === 'special' || kind === 'composite') continue;
        const value = { date: '2026', number: '1', quantity: '1', uri: 'urn:x', reference: 'Patient/1', string: 'x', token: 'x' }[kind];
        const reply = await get(`${type}?${name}=${value}`).set('prefer', 'handling=strict');
        expect([name, reply.status]).toEqual([name, 200]);
      }
    }
  });
});
