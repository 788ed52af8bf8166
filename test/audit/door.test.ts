import { createConnection } from 'node:net';
import type { AuditEvent, Bundle } from 'fhir/r4.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDoor, type Refusal } from '../../src/audit/door.ts';
import { readConfig } from '../../src/config.ts';
import { startGateway } from '../../src/main.ts';
import { message } from '../intake/harness.ts';
import { type Guarded, openGuarded } from '../secure/guarded-gateway.ts';

describe('who is refused cannot fill the disk', () => {
  const refusal = (peer: string, client = ''): Refusal => ({ what: 'read', method: 'GET', client, peer });
  const open = () => {
    const kept: Refusal[] = [];
    const clock = { now: 0 };
    const door = createDoor(
      async (one) => void kept.push(one),
      () => clock.now,
    );
    return { kept, clock, door };
  };

  test('of one address sixty in ten minutes are written, the rest are counted and summed up', async () => {
    const { kept, clock, door } = open();
    for (let number = 0; number < 1_000; number += 1) await door.refused(refusal(`10.0.0.1:${number}`));
    await door.refused(refusal('10.0.0.2'));
    expect([kept.length, door.counts.get('read')]).toEqual([61, 1_001]);
    clock.now += 600_000;
    await door.refused(refusal('10.0.0.1'));
    expect(kept.slice(61).map(({ what, query }) => [what, query])).toEqual([
      ['refusals', 'refused and not written one by one: read 940'],
      ['read', undefined],
    ]);
    await door.sum();
    expect(kept).toHaveLength(63);
  });

  test('and of all addresses together three hundred', async () => {
    const { kept, door } = open();
    for (let number = 0; number < 10_000; number += 1) await door.refused(refusal(`10.0.${number >> 8}.${number & 255}`));
    await door.sum();
    expect([kept.length, kept.at(-1)?.query]).toEqual([301, 'refused and not written one by one: read 9700']);
  });
});

describe('every door that refuses leaves an AuditEvent', () => {
  let guarded: Guarded;
  beforeAll(async () => {
    guarded = await openGuarded({ ALLOWED_SENDERS: 'LAB|HOSP' });
  });
  afterAll(() => guarded.close());
  /** What was refused, and to whom, since the test before. */
  const seen = new Set<string | undefined>();
  const refusals = async () => {
    const operator = await guarded.token('system/*.cruds');
    const bundle = (await (await guarded.call('GET', 'AuditEvent?outcome=4&_count=200', operator)).json()) as Bundle<AuditEvent>;
    const fresh = (bundle.entry ?? []).flatMap(({ resource }) => (resource === undefined || seen.has(resource.id) ? [] : [resource]));
    for (const { id } of fresh) seen.add(id);
    return fresh
      .map(({ type, subtype, agent }) => `${type.code} ${subtype?.[0]?.code} ${agent[0]?.who?.identifier?.value ?? 'nobody'}`)
      .sort();
  };

  test('FHIR, without a login and without a right', async () => {
    expect((await guarded.call('GET', 'Patient/1')).status).toBe(401);
    expect((await guarded.call('GET', 'Patient', 'a'.repeat(40))).status).toBe(401);
    expect((await guarded.call('GET', 'Patient/1', await guarded.token('system/Basic.rs'))).status).toBe(403);
    expect(await refusals()).toEqual(['rest read app', 'rest read nobody', 'rest search-type nobody']);
  });

  test('HL7 over HTTP', async () => {
    const hl7 = { 'content-type': 'application/hl7-v2' };
    expect((await guarded.call('POST', '/hl7v2', undefined, message(), hl7)).status).toBe(401);
    expect((await guarded.call('POST', '/hl7v2', await guarded.token('system/Basic.rs'), message(), hl7)).status).toBe(403);
    expect(await refusals()).toEqual(['110113 hl7v2-message nobody', '110113 hl7v2-message nobody']);
  });

  test('the pages of operators', async () => {
    for (const path of ['/messages', '/metrics', '/status']) expect((await guarded.call('GET', path)).status).toBe(401);
    expect((await guarded.call('GET', '/status', await guarded.token('system/Basic.rs'))).status).toBe(403);
    expect(await refusals()).toEqual(['rest operation app', 'rest operation nobody', 'rest operation nobody', 'rest operation nobody']);
  });

  test('a sender that is not listed', async () => {
    const operator = await guarded.token('system/*.cruds');
    const reply = await guarded.call('POST', '/hl7v2', operator, message({ sender: 'EVIL|HOSP' }), {
      'content-type': 'application/hl7-v2',
    });
    expect(await reply.text()).toContain('MSA|AR');
    expect(await refusals()).toEqual(['110107 hl7v2-message EVIL|HOSP']);
  });

  test('the token endpoint', async () => {
    await guarded.askToken({ grant_type: 'client_credentials' });
    expect(await refusals()).toEqual(['110114 110122 nobody']);
  });
});

test('an address that may not connect over MLLP leaves an AuditEvent and is counted', async () => {
  const config = readConfig({
    PORT: '0',
    MLLP_PORT: '0',
    DATABASE_URL: 'sqlite::memory:',
    LOG_LEVEL: 'silent',
    MLLP_ALLOWED_PEERS: '192.0.2.1',
  });
  if (!config.ok) throw new Error('the settings of the test are wrong');
  const gateway = await startGateway(config.value);
  try {
    const [host = '', port = ''] = gateway.mllp?.split(':') ?? [];
    await new Promise<void>((resolve) => {
      const socket = createConnection({ host, port: Number(port) });
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
    });
    const status = (await (await fetch(`${gateway.http}/status`)).json()) as { refused: Record<string, number> };
    expect(status.refused).toEqual({ mllp: 1 });
    const bundle = (await (await fetch(`${gateway.fhirBase}/AuditEvent?type=110113`)).json()) as Bundle<AuditEvent>;
    expect(bundle.entry?.map(({ resource }) => [resource?.subtype?.[0]?.code, resource?.outcome])).toEqual([['110126', '4']]);
  } finally {
    await gateway.close();
  }
});
