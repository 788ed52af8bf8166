import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Parameters, Patient } from 'fhir/r4.js';
import { type Gateway, idsIn, issueIds, openGateway } from './gateway.ts';

const SYSTEM = 'urn:oid:2.16.840.1.113883.19.5';
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
  for (const id of ['m1', 'm2', 'm3'])
    await gateway.http
      .put(`/fhir/Patient/${id}`)
      .send({ resourceType: 'Patient', id, identifier: [{ system: SYSTEM, value: id.toUpperCase() }] })
      .expect(201);
});
afterAll(() => gateway.close());

const ask = (path: string, source?: string) =>
  gateway.http.post(`/fhir/${path}`).send({
    resourceType: 'Parameters',
    ...(source === undefined ? {} : { parameter: [{ name: 'source-patient', valueReference: { reference: `Patient/${source}` } }] }),
  });
const patient = async (id: string) => (await gateway.http.get(`/fhir/Patient/${id}`)).body as Patient;

describe('an operator', () => {
  test('merges two patients: a search by the old number finds the survivor', async () => {
    const answer = await ask('Patient/m2/$merge', 'm1');
    expect(answer.status).toBe(200);
    expect((answer.body as Parameters).parameter?.map(({ name, resource }) => [name, resource?.id])).toEqual([
      ['result-patient', 'm2'],
      ['source-patient', 'm1'],
    ]);
    expect(await patient('m1')).toMatchObject({ active: false, link: [{ type: 'replaced-by', other: { reference: 'Patient/m2' } }] });
    expect(await patient('m2')).toMatchObject({ active: true, identifier: [{ value: 'M2' }, { value: 'M1', use: 'old' }] });
    const found = await gateway.http.get(`/fhir/Patient?identifier=${SYSTEM}|M1`);
    expect(idsIn(found.body)).toContain('m2');
    const why = await gateway.http.get('/fhir/Provenance?target=Patient/m2');
    expect(idsIn(why.body)).toHaveLength(1);
  });

  test('merging again changes nothing', async () => {
    const { meta } = await patient('m2');
    expect((await ask('Patient/m2/$merge', 'm1')).status).toBe(200);
    expect((await patient('m2')).meta?.versionId).toBe(meta?.versionId);
  });

  test.each([
    ['a patient into itself', 'm2', 'm2', 'merge-impossible'],
    ['into one that was merged away', 'm1', 'm3', 'merge-impossible'],
    ['one that was merged away, into a third', 'm3', 'm1', 'merge-impossible'],
    ['one nobody knows', 'm2', 'nobody', 'resource-not-found'],
  ])('cannot merge %s', async (_what, target, source, id) => {
    const answer = await ask(`Patient/${target}/$merge`, source);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(issueIds(answer.body)).toEqual([id]);
  });

  test('takes a merge back, called on either of the two, and of several by name', async () => {
    expect((await ask('Patient/m2/$merge', 'm3')).status).toBe(200);
    expect(issueIds((await ask('Patient/m2/$unmerge')).body)).toEqual(['merge-impossible']);
    expect((await ask('Patient/m2/$unmerge', 'm3')).status).toBe(200);
    expect((await gateway.http.post('/fhir/Patient/m1/$unmerge')).status).toBe(200);
    for (const id of ['m1', 'm2', 'm3']) {
      const now = await patient(id);
      expect([now.active, now.link, now.identifier?.map(({ value, use }) => [value, use])]).toEqual([
        true,
        undefined,
        [[id.toUpperCase(), undefined]],
      ]);
      expect(idsIn((await gateway.http.get(`/fhir/Patient?identifier=${SYSTEM}|${id.toUpperCase()}`)).body)).toEqual([id]);
    }
    expect(issueIds((await ask('Patient/m1/$unmerge')).body)).toEqual(['merge-impossible']);
  });
});
