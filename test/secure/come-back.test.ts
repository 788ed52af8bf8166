import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scratchFolder } from '../end-to-end/gateway.ts';
import { message } from '../intake/harness.ts';
import { type Guarded, openGuarded } from './guarded-gateway.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

/** One request to each door: what it answers, and when to come back. */
type Door = readonly [name: string, ask: (guarded: Guarded, token: string) => Promise<Response>];

const KEY = 'k'.repeat(24);
/** A message that failed. */
let failed: string;
const doors: readonly Door[] = [
  ['FHIR', (guarded, token) => guarded.call('POST', 'Patient', token, { resourceType: 'Patient' })],
  [
    'a transaction',
    (guarded, token) =>
      guarded.call('POST', '', token, {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } }],
      }),
  ],
  ['HL7', (guarded) => guarded.call('POST', '/hl7v2', undefined, message(), { 'content-type': 'application/hl7-v2', 'x-api-key': KEY })],
  ['messages', (guarded, token) => guarded.call('POST', `/messages/${failed}/$discard?reason=mistake`, token)],
  [
    'tokens',
    async (guarded) =>
      guarded.askToken({
        grant_type: 'client_credentials',
        scope: 'system/*.rs',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await guarded.assertion(),
      }),
  ],
];

describe('whoever is told to come back is told when', () => {
  let guarded: Guarded;
  let token: string;
  beforeAll(async () => {
    guarded = await openGuarded(
      { RATE_LIMIT: '5', HL7_API_KEYS: `lab=${KEY}`, AUDIT: 'off', ACK_TIMEOUT_MS: '500' },
      `sqlite:${folder.path}/busy.db`,
    );
    token = await guarded.token('system/*.cruds');
    const headers = { 'content-type': 'application/hl7-v2', 'x-api-key': KEY };
    await guarded.call('POST', '/hl7v2', undefined, message({ id: 'BAD', pid: '1||||Sample' }), headers);
    const found = (await (await guarded.call('GET', '/messages?status=error', token)).json()) as { messages: { id: string }[] };
    failed = found.messages[0]?.id ?? '';
  });
  afterAll(() => guarded.close());

  test('by a database that is locked', async () => {
    const other = new DatabaseSync(`${folder.path}/busy.db`, { timeout: 20_000 });
    other.exec('BEGIN IMMEDIATE');
    const replies = await Promise.all(doors.map(([, ask]) => ask(guarded, token)));
    other.exec('ROLLBACK');
    other.close();
    const told = replies.map(({ status, headers }, index) => [doors[index]?.[0], status, Number(headers.get('retry-after')) > 0]);
    expect(told).toEqual(doors.map(([name]) => [name, name === 'HL7' ? 200 : 503, true]));
    expect(await replies[2]?.text()).toMatch(/MSA\|AR\|[\s\S]*\|206\^/);
  });

  test.each(doors)('by %s, of too many requests', async (_name, ask) => {
    const replies = await Promise.all(Array.from({ length: 80 }, () => ask(guarded, token)));
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter((reply) => !(Number(reply.headers.get('retry-after')) >= 1))).toEqual([]);
  });
});
