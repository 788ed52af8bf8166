import { Client } from 'fhir-kit-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, idsIn, openGateway } from './gateway.ts';

let gateway: Gateway;
let client: Client;
beforeAll(async () => {
  gateway = await openGateway({ baseUrl: '' });
  client = new Client({ baseUrl: `http://127.0.0.1:${gateway.port}/fhir` });
});
afterAll(() => gateway.close());

const patient = (family: string) => ({ resourceType: 'Patient', name: [{ family }] });

test('a public client creates, reads, updates, patches, deletes and reads history', async () => {
  const made = await client.create({ resourceType: 'Patient', body: patient('Beispiel') });
  const id = made.id as string;
  expect(await client.read({ resourceType: 'Patient', id })).toMatchObject(patient('Beispiel'));
  await client.update({ resourceType: 'Patient', id, body: { ...patient('Muster'), id } });
  const patched = await client.patch({ resourceType: 'Patient', id, jsonPatch: [{ op: 'add', path: '/active', value: true }] });
  expect(patched).toMatchObject({ ...patient('Muster'), active: true });
  expect(await client.vread({ resourceType: 'Patient', id, version: '1' })).toMatchObject(patient('Beispiel'));
  await client.delete({ resourceType: 'Patient', id });
  await expect(client.read({ resourceType: 'Patient', id })).rejects.toMatchObject({ response: { status: 410 } });
  expect(await client.history({ resourceType: 'Patient', id })).toMatchObject({ total: 4 });
});

test('it searches page by page, posts a transaction and calls operations', async () => {
  const entry = Array.from({ length: 7 }, (_, index) => ({
    resource: patient(`Seite${index}`),
    request: { method: 'POST', url: 'Patient' },
  }));
  const answer = await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer).toMatchObject({ entry: entry.map(() => ({ response: { status: '201 Created' } })) });
  const ids: string[] = [];
  let page: Awaited<ReturnType<typeof client.search>> | undefined = await client.search({
    resourceType: 'Patient',
    searchParams: { family: 'Seite', _count: '3' },
  });
  while (page !== undefined) {
    ids.push(...idsIn(page));
    page = await client.nextPage({ bundle: page as Parameters<typeof client.nextPage>[0]['bundle'] });
  }
  expect([ids.length, new Set(ids).size]).toEqual([7, 7]);
  const everything = await client.operation({ name: '$everything', resourceType: 'Patient', id: ids[0] as string, method: 'GET' });
  expect(idsIn(everything)).toEqual([ids[0]]);
  expect(await client.capabilityStatement()).toMatchObject({ fhirVersion: '4.0.1' });
});
