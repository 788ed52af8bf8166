import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPEN } from '../../src/secure/access.ts';
import { visitOf } from '../../src/serve/access/enter.ts';
import { DEFAULT_SETTINGS } from '../../src/serve/settings.ts';
import { parseValidationModes, validationModeOf } from '../../src/serve/write/validation-modes.ts';
import { BASE, type Gateway, idsIn, issueIds, openGateway } from './gateway.ts';

const HEART_RATE = 'http://hl7.org/fhir/StructureDefinition/heartrate';
const TAG = { system: 'urn:chartbridge:issue', code: 'profile-not-met' };
const observation = { resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/1' } };
const claiming = { ...observation, meta: { profile: [HEART_RATE] } };

describe.each(['reject', 'warn', 'off'] as const)('a write over FHIR in mode %s', (validation) => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await openGateway({ validation });
  });
  afterAll(() => gateway.close());
  const put = (resource: object, prefer = 'return=representation') =>
    gateway.http
      .put('/fhir/Observation/o')
      .set('content-type', 'application/fhir+json')
      .set('prefer', prefer)
      .send(JSON.stringify(resource));

  test('that is no R4 is refused with 400', async () => {
    expect((await put({ ...claiming, status: undefined })).status).toBe(400);
  });

  test('that misses a profile it claims', async () => {
    const reply = await put(claiming);
    if (validation === 'reject') return expect([reply.status, new Set(issueIds(reply.body))]).toEqual([422, new Set(['profile-not-met'])]);
    expect([reply.status, reply.body.meta.tag]).toEqual([201, validation === 'warn' ? [TAG] : undefined]);
    const told = await put(claiming, 'return=OperationOutcome');
    const severities = told.body.issue.map(({ severity }: { severity: string }) => severity);
    expect(new Set(severities)).toEqual(new Set([validation === 'warn' ? 'warning' : 'information']));
  });

  test('that claims nothing any more has no tag any more', async () => {
    const found = () => gateway.http.get('/fhir/Observation').query({ _tag: `${TAG.system}|${TAG.code}` });
    expect(idsIn((await found()).body)).toEqual(validation === 'warn' ? ['o'] : []);
    const { body } = await put({ ...observation, meta: { tag: [TAG] } });
    expect(body.meta.tag).toBeUndefined();
    expect(idsIn((await found()).body)).toEqual([]);
  });
});

test('a client may have a mode of its own', () => {
  const validationByClient = new Map([['loader', 'off' as const]]);
  const settings = { ...DEFAULT_SETTINGS, baseUrl: BASE, validationByClient };
  const visit = (client: string) => visitOf({ ...OPEN, client }, undefined as never);
  expect(validationModeOf({ settings, visit: visit('loader') })).toBe('off');
  expect(validationModeOf({ settings, visit: visit('other') })).toBe('reject');
  expect(validationModeOf({ settings })).toBe('reject');
});

test.each([
  ['', []],
  [
    'loader=off, portal=warn,',
    [
      ['loader', 'off'],
      ['portal', 'warn'],
    ],
  ],
])('the modes of clients: %s', (text, modes) => {
  const read = parseValidationModes(text);
  expect(read.ok && [...read.value]).toEqual(modes);
});

test.each(['loader', 'loader=maybe', '=off', 'a b=off'])('%s is no mode of a client', (text) => {
  const read = parseValidationModes(text);
  expect(read.ok ? [] : read.issues.map(({ id }) => id)).toEqual(['setting-invalid']);
});
