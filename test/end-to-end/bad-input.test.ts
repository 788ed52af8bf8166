import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { encodeFrame, VT } from '../../src/wire/frame.ts';
import { postMessage, type RunningGateway, searchFhir, startGatewayProcess } from './gateway.ts';

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGatewayProcess({ DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'info', FRAME_SILENCE_MS: '1000' });
});
afterAll(() => gateway.kill());

/** An invented admission; each test breaks one thing in it. */
const admission = (controlId: string) => [
  `MSH|^~\\&|BADIN|HOSP|CB|CB|20260105080000+0000||ADT^A01^ADT_A01|${controlId}|P|2.5.1`,
  'EVN|A01|20260105080000+0000',
  'PID|1||4711^^^HOSP^MR||Quillfeather^Ottoline||19800101|F',
  'PV1|1|I|WARD^1^1||||||||||||||||V4711^^^HOSP^VN',
];
const text = (segments: readonly string[]) => `${segments.join('\r')}\r`;
const changed = (controlId: string, name: string, change: (segment: string) => string) =>
  text(admission(controlId).map((segment) => (segment.startsWith(name) ? change(segment) : segment)));

/** MSA-1, and of each ERR its location, its code and our id. */
function read(ack: string): { code: string | undefined; errors: string[] } {
  const segments = ack.split('\r');
  return {
    code: segments.find((segment) => segment.startsWith('MSA'))?.split('|')[1],
    errors: segments
      .filter((segment) => segment.startsWith('ERR'))
      .map((segment) => segment.split('|'))
      .map((fields) => `${fields[2]} ${fields[3]?.split('^')[0]} ${fields[4]} ${fields[5]?.split('^')[0]}`),
  };
}

const statusOf = async (controlId: string) =>
  ((await (await fetch(`${gateway.http}/messages?control-id=${controlId}`)).json()) as { messages: { status: string }[] }).messages.map(
    ({ status }) => status,
  );

afterEach(async () => {
  expect((await fetch(`${gateway.http}/livez`)).status).toBe(200);
  expect(gateway.output()).not.toMatch(/Quillfeather|Ottoline|4711/);
});

describe('a bad message is answered with what is wrong and where, and is kept', () => {
  test('a text that is no HL7', async () => {
    const { status, ack } = await postMessage(gateway, 'Dear colleague, Ottoline Quillfeather came today.');
    expect(status).toBe(400);
    expect(ack).not.toMatch(/Quillfeather|\bat .*\.ts/);
  });

  test('no MSH-10: AR 101 at MSH-10, and no part of it is applied', async () => {
    const { status, ack } = await postMessage(
      gateway,
      changed('', 'MSH', (segment) => segment),
    );
    expect(status).toBe(200);
    expect(read(ack)).toMatchObject({ code: 'AR', errors: ['MSH^1^10^1 101 E control-id-missing'] });
  });

  test('an unknown event: AR 201 with the list of what is supported', async () => {
    const { ack } = await postMessage(
      gateway,
      changed('BAD-EVENT', 'MSH', (segment) => segment.replace('ADT^A01^ADT_A01', 'ADT^A99')),
    );
    expect(read(ack)).toMatchObject({ code: 'AR', errors: ['MSH^1^9^1 201 E event-unsupported'] });
    expect(ack).toMatch(/A01.*A08.*A40/);
    expect(await statusOf('BAD-EVENT')).toEqual(['rejected']);
  });

  test('an unknown type: AR 200', async () => {
    const { ack } = await postMessage(
      gateway,
      changed('BAD-TYPE', 'MSH', (segment) => segment.replace('ADT^A01^ADT_A01', 'SIU^S12')),
    );
    expect(read(ack)).toMatchObject({ code: 'AR', errors: ['MSH^1^9^1 200 E message-type-unsupported'] });
  });

  test('no PID: AE 100', async () => {
    const { ack } = await postMessage(gateway, text(admission('BAD-PID').filter((segment) => !segment.startsWith('PID'))));
    expect(read(ack).code).toBe('AE');
    expect(read(ack).errors[0]).toMatch(/^PID\^1 100 E segment-sequence/);
    expect(await statusOf('BAD-PID')).toEqual(['error']);
  });

  test('a PID without an identifier: AE 101 at PID-3', async () => {
    const { ack } = await postMessage(
      gateway,
      changed('BAD-MRN', 'PID', () => 'PID|1||||Quillfeather^Ottoline'),
    );
    expect(read(ack)).toMatchObject({ code: 'AE' });
    expect(read(ack).errors[0]).toMatch(/^PID\^1\^3\^1\S* 101 E required-field-missing/);
  });

  test('a bad date is left out with a warning at its field; the rest is applied', async () => {
    const { ack } = await postMessage(
      gateway,
      changed('BAD-DATE', 'PID', (segment) => segment.replace('19800101', '19801399')),
    );
    expect(read(ack).code).toBe('AA');
    expect(read(ack).errors[0]).toMatch(/^PID\^1\^7\^1\S* 102 W data-type-invalid/);
    const [patient] = await searchFhir(gateway, 'Patient?identifier=4711');
    expect(patient).not.toHaveProperty('birthDate');
  });

  test('an unknown code is reported, not guessed', async () => {
    const { ack } = await postMessage(
      gateway,
      changed('BAD-CODE', 'PID', (segment) => segment.replace('|F', '|Q').replace('4711', '4712')),
    );
    expect(read(ack).code).toBe('AA');
    expect(read(ack).errors[0]).toMatch(/^PID\^1\^8\^1\S* 103 W table-value-not-found/);
    const [patient] = await searchFhir(gateway, 'Patient?identifier=4712');
    expect(patient).not.toHaveProperty('gender');
  });
});

describe('a bad stream harms nobody', () => {
  /** Writes bytes and gives what comes back until the other side closes. */
  const exchange = (chunks: readonly Uint8Array[], end: boolean) =>
    new Promise<string>((resolve) => {
      const socket = connect(gateway.mllp.port, gateway.mllp.host);
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(answer));
      for (const chunk of chunks) socket.write(chunk);
      if (end) socket.end();
    });

  test('a frame of 20 MB: AR 207, then the connection is closed', async () => {
    const head = Buffer.from(changed('TOO-LONG', 'XXX', (segment) => segment));
    const answer = await exchange([Uint8Array.of(VT), head, ...Array.from({ length: 20 }, () => Buffer.alloc(1024 * 1024, 0x41))], false);
    expect(read(answer.slice(1))).toMatchObject({ code: 'AR' });
    expect(answer).toMatch(/MSA\|AR\|TOO-LONG/);
    expect(answer).toContain('message-too-long');
  });

  test('half a frame is dropped unanswered, and the next sender is served', async () => {
    expect(await exchange([Uint8Array.of(VT), Buffer.from(admission('HALF')[0] as string)], true)).toBe('');
    expect(await statusOf('HALF')).toEqual([]);
    const answer = await exchange([encodeFrame(Buffer.from(text(admission('WHOLE'))))], true);
    expect(answer).toMatch(/MSA\|AA\|WHOLE/);
  });

  test('a body of 20 MB over HTTP: 413', async () => {
    const { status } = await postMessage(gateway, Buffer.alloc(20 * 1024 * 1024, 0x41));
    expect(status).toBe(413);
  });

  test('a message of another content type: 415', async () => {
    const response = await fetch(`${gateway.http}/hl7v2`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    expect(response.status).toBe(415);
    expect(((await response.json()) as { resourceType: string }).resourceType).toBe('OperationOutcome');
  });
});

describe('a bad FHIR request gets an OperationOutcome with a code', () => {
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${gateway.fhir}/${path}`, init);
    const body = await response.text();
    expect(body).not.toMatch(/<html|node_modules|\.ts:\d+/);
    const outcome = JSON.parse(body) as { resourceType: string; issue: { code: string; details: { coding: { code: string }[] } }[] };
    expect(outcome.resourceType).toBe('OperationOutcome');
    return [response.status, outcome.issue[0]?.details.coding[0]?.code];
  };
  const json = { 'Content-Type': 'application/fhir+json' };

  test.each([
    ['invalid JSON', 'Patient', { method: 'POST', headers: json, body: '{"resourceType":' }, 400, 'json-invalid'],
    [
      'a wrong content type',
      'Patient',
      { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: 'a,b' },
      415,
      'content-type-unsupported',
    ],
    ['an unknown resource type', 'Patients', {}, 404, 'resource-type-unknown'],
    ['a resource nobody has', 'Patient/none', {}, 404, 'resource-not-found'],
    [
      'an element R4 does not have',
      'Patient',
      { method: 'POST', headers: json, body: '{"resourceType":"Patient","nome":[]}' },
      400,
      'element-unknown',
    ],
    [
      'a code outside a required value set',
      'Patient',
      { method: 'POST', headers: json, body: '{"resourceType":"Patient","gender":"f"}' },
      400,
      'code-not-in-value-set',
    ],
    ['a bad date in a search', 'Patient?birthdate=19x0', {}, 400, 'parameter-invalid'],
  ] as const)('%s', async (_name, path, init, status, id) => {
    expect(await ask(path, init)).toEqual([status, id]);
  });
});
