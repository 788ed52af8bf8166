import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bundle } from 'fhir/r4.js';
import { type Gateway, issueIds, openGateway } from './gateway.ts';

const FHIR = 'application/fhir+json';
const message = readFileSync(resolve(import.meta.dirname, '../../samples/adt-a01-admit.hl7'));
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());
const convert = (body: Buffer | string, type: string) => gateway.http.post('/fhir/$convert').set('content-type', type).send(body);

describe('$convert', () => {
  test('shows what a message would become and what is to be said of it, and stores nothing', async () => {
    const before = await gateway.http.get('/fhir?_summary=count');
    const { status, body } = await convert(message.toString(), 'application/hl7-v2');
    const types = (body as Bundle).entry?.map(({ resource }) => resource?.resourceType);
    expect([status, body.type]).toEqual([200, 'collection']);
    expect(types).toEqual(expect.arrayContaining(['Patient', 'Encounter']));
    expect(types?.at(-1)).toBe('OperationOutcome');
    expect((await gateway.http.get('/fhir?_summary=count')).body.total).toBe(before.body.total);
  });

  test('takes a message in a Binary, and gives any other resource back in the format asked for', async () => {
    const binary = { resourceType: 'Binary', contentType: 'application/hl7-v2', data: message.toString('base64') };
    expect((await convert(JSON.stringify(binary), FHIR)).body.type).toBe('collection');
    const xml = await convert('{"resourceType":"Patient","active":true}', FHIR).set('accept', 'application/fhir+xml');
    expect(xml.text).toContain('<active value="true"/>');
  });

  test('of what is no message, or one that would be refused, is a 4xx that says why', async () => {
    for (const text of ['hello', message.toString().replace('ADT^A01^ADT_A01', 'ZZZ^Z99'), message.toString().replace('|2.5.1', '|9.9')]) {
      const reply = await convert(text, 'application/hl7-v2');
      expect([reply.status >= 400 && reply.status < 500, issueIds(reply.body).length > 0]).toEqual([true, true]);
    }
    expect((await convert('x', 'text/plain')).status).toBe(415);
    expect(issueIds((await convert('', FHIR)).body)).toEqual(['body-missing']);
  });
});
