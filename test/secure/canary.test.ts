import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningGateway, scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { publish } from '../long/figures.ts';

/**
 * What identifies a patient is planted in everything that can be sent, right and wrong, and looked for in everything that leaves for others than
 * the one who sent it: the log at its most talkative, metrics, the pages of operators' figures, alerts, notifications, acknowledgments, error
 * texts, and every file that is no store of patients' data.
 */
const FAMILY = 'Kanarienvogel';
const GIVEN = 'Zwitschrine';
const MRN = 'MRNCANARY4711';
const VISIT = 'VISITCANARY0815';
const SSN = '078-05-1120';
const STREET = 'Vogelbauerstieg 99';
const PHONE = '555-014-2299';
const EMAIL = 'zwitschrine@kanarien.example';
const BORN = '19310207';
const PLANTED = [FAMILY, GIVEN, MRN, VISIT, SSN, STREET, PHONE, EMAIL, BORN, '1931-02-07'];
const inside = (text: string) => {
  const words = text.toLowerCase();
  return PLANTED.filter((word) => words.includes(word.toLowerCase()) || words.includes(encodeURIComponent(word).toLowerCase()));
};

const folder = scratchFolder();
let gateway: RunningGateway;
let receiver: Server;
const notified: string[] = [];
beforeAll(async () => {
  receiver = createServer((request, response) => {
    let text = `${request.url} ${JSON.stringify(request.headers)} `;
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      notified.push(text);
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  gateway = await startGatewayProcess({
    DATABASE_URL: `sqlite:${folder.path}/canary.db`,
    EXPORT_DIR: `${folder.path}/exports`,
    LOG_LEVEL: 'debug',
    ALERT_WEBHOOK: `http://${host}/alert`,
    NOTIFY_ALLOWED_HOSTS: host,
    ALERT_ERROR_PERCENT: '1',
    MAX_MESSAGE_BYTES: '200000',
    FRAME_SILENCE_MS: '300',
    VALIDATION: 'warn',
  });
  const subscription = {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'x',
    criteria: 'Patient?_lastUpdated=gt2000',
    channel: { type: 'rest-hook', endpoint: `http://${host}/hook` },
  };
  expect((await fhir('POST', 'Subscription', subscription)).status).toBe(201);
});
afterAll(async () => {
  await gateway.kill('SIGKILL');
  receiver.close();
  folder.remove();
});

const hl7 = async (text: string | Uint8Array) =>
  (
    await fetch(`${gateway.http}/hl7v2`, { method: 'POST', headers: { 'content-type': 'application/hl7-v2' }, body: Buffer.from(text) })
  ).text();
const fhir = async (method: string, path: string, body?: unknown, type = 'application/fhir+json') => {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(`${gateway.fhir}/${path}`, {
    method,
    headers: { 'content-type': type },
    ...(text === undefined ? {} : { body: text }),
  });
  return { status: reply.status, text: await reply.text() };
};
let number = 0;
const pid = (rest = '') =>
  `PID|1||${MRN}^^^HOSP^MR||${FAMILY}^${GIVEN}||${BORN}|F|||${STREET}^^Town||${PHONE}^PRN^PH^${EMAIL}|||||${VISIT}|${SSN}${rest}`;
const message = (lines: string[], header = '|P|2.5.1', type = 'ADT^A01^ADT_A01') =>
  [`MSH|^~\\&|LAB|HOSP|CB|CB|20260105120000+0000||${type}|CAN${(number += 1)}${header}`, 'EVN|A01|20260105120000+0000', ...lines, ''].join(
    '\r',
  );
const visit = `PV1|1|I|WARD^1^1|||||||||||||||||${VISIT}^^^HOSP^VN`;

/** Messages of every way to be wrong. */
const MESSAGES: Record<string, () => string | Uint8Array> = {
  right: () => message([pid(), visit]),
  'with a result': () =>
    message([pid(), visit, 'OBR|1|1|2|A^A', `OBX|1|TX|A^A||${FAMILY} lives in ${STREET}||||||F`], '|P|2.5.1', 'ORU^R01^ORU_R01'),
  'a name where a date should be': () => message([`PID|1||${MRN}^^^HOSP^MR||X||${FAMILY}|${GIVEN}`, visit]),
  'a name where a number should be': () =>
    message([pid(), visit, 'OBR|1|1|2|A^A', `OBX|1|NM|A^A||${FAMILY}||||||F`], '|P|2.5.1', 'ORU^R01^ORU_R01'),
  'a name where a code should be': () => message([pid(), `PV1|1|${FAMILY}|${GIVEN}|${SSN}`]),
  'a segment that is none': () => message([pid(), `${FAMILY} ${SSN}`]),
  'an escape that is none': () => message([`PID|1||${MRN}^^^HOSP^MR||${FAMILY}\\Zx\\^${GIVEN}`, visit]),
  'no identifier': () => message([`PID|1||||${FAMILY}^${GIVEN}||${BORN}`, visit]),
  'a segment nobody maps': () => message([pid(), visit, `ZPI|${FAMILY}|${SSN}`]),
  'another type': () => message([pid()], '|P|2.5.1', 'QBP^Q22^QBP_Q21'),
  'a name for a type': () => message([pid()], '|P|2.5.1', `${FAMILY}^${GIVEN}`),
  'a name for a version': () => message([pid()], `|P|${FAMILY}`),
  'a name for a processing id': () => message([pid()], `|${FAMILY}|2.5.1`),
  'a character set that is none': () => message([pid()], `|P|2.5.1||||||${FAMILY}`),
  'bytes that are not UTF-8': () => Buffer.concat([Buffer.from(message([pid()]).trimEnd()), Buffer.from([0xff, 0xfe, 0x0d])]),
  'delimiters that are none': () => `MSH|||||${FAMILY}|${SSN}\r${pid()}\r`,
  'no MSH': () => `${pid()}\r`,
  'too long': () => message([pid(), `NTE|1||${FAMILY.repeat(20_000)}`]),
  'too many values': () => message([`PID|1||${MRN}^^^HOSP^MR||${FAMILY}${'~'.repeat(190_000)}`]),
  'a merge of one with itself': () => message([pid(), `MRG|${MRN}^^^HOSP^MR`], '|P|2.5.1', 'ADT^A40^ADT_A39'),
  'a batch that counts wrong': () => `BHS|^~\\&|${FAMILY}\r${message([pid(), visit])}BTS|7|${GIVEN}\r`,
};

test('acknowledgments name where something is wrong, not what stands there', async () => {
  for (const [what, make] of Object.entries(MESSAGES)) {
    const answer = await hl7(make());
    // MSH is echoed to whom it came from: the fields that were sent for it, and nothing of a patient's segments
    const told = answer
      .split('\r')
      .filter((line) => !line.startsWith('MSH') && !line.startsWith('BHS'))
      .join('\r');
    expect([what, inside(told)]).toEqual([what, []]);
  }
});

test('a header that lost its end, and has a name for a control id', async () => {
  const answer = await hl7(`MSH|^~\\&|LAB|HOSP|CBPID|1||${MRN}^^^HOSP^MR||${FAMILY}^${GIVEN}|P|2.5.1\r`);
  // what stands in MSH-10 goes back to whom it came from; the log of the gateway is looked at in the end
  expect(answer).toContain(`|${FAMILY}^${GIVEN}`);
});

test('MLLP: whole, cut, silent, and no frame at all', async () => {
  const say = (text: string) =>
    new Promise<void>((resolve) => {
      const socket = createConnection(gateway.mllp, () => socket.write(text));
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
      socket.on('data', () => socket.end());
    });
  const whole = MESSAGES['right']?.() as string;
  for (const text of [
    `\v${whole}\x1c\r`,
    `\v${whole.slice(0, -40)}`,
    `${FAMILY} ${SSN}\v${whole}\x1c\r`,
    `\v${whole}\v${whole}\x1c\r`,
    `GET /${FAMILY}?${SSN} HTTP/1.1\r\n\r\n`,
  ])
    await Promise.race([say(text), new Promise((wake) => setTimeout(wake, 1_500))]);
});

test('the FHIR API: what is said of what is wrong, to somebody else', async () => {
  const patient = {
    resourceType: 'Patient',
    id: 'canary',
    name: [{ family: FAMILY, given: [GIVEN] }],
    birthDate: '1931-02-07',
    telecom: [{ system: 'phone', value: PHONE }],
    address: [{ line: [STREET] }],
    identifier: [{ system: 'urn:mrn', value: MRN }],
  };
  expect((await fhir('PUT', 'Patient/canary', patient)).status).toBe(201);
  for (const [method, path, body, type] of [
    ['PUT', 'Patient/canary', { ...patient, birthDate: FAMILY }],
    ['PUT', 'Patient/canary', { ...patient, [FAMILY]: SSN }],
    [
      'PUT',
      'Patient/canary',
      { ...patient, gender: FAMILY, meta: { profile: ['http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient'] } },
    ],
    ['PUT', 'Patient/canary', `{"resourceType":"Patient","name":[{"family":"${FAMILY}"`],
    ['PUT', 'Patient/canary', `<Patient xmlns="http://hl7.org/fhir"><name value="${FAMILY}"/></Nothing>`, 'application/fhir+xml'],
    ['POST', 'Patient/$validate', { ...patient, gender: FAMILY }],
    ['PATCH', 'Patient/canary', [{ op: 'test', path: '/name/0/family', value: `${FAMILY}x` }], 'application/json-patch+json'],
    ['PATCH', 'Patient/canary', [{ op: 'replace', path: `/${FAMILY}`, value: SSN }], 'application/json-patch+json'],
    [
      'POST',
      '',
      {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ resource: patient, request: { method: 'POST', url: `Patient?identifier=${MRN}` } }],
      },
    ],
    [
      'POST',
      'Observation',
      { resourceType: 'Observation', status: 'final', code: { text: FAMILY }, subject: { reference: `Patient/${MRN}` } },
    ],
    ['GET', `Patient?family=${FAMILY}&birthdate=1931-02-07&phone=${PHONE}`],
    ['GET', `Patient?birthdate=${FAMILY}`],
    ['GET', `Patient?${FAMILY}=${SSN}`],
    ['POST', 'Patient/_search', `family=${FAMILY}&address=${encodeURIComponent(STREET)}`, 'application/x-www-form-urlencoded'],
    ['GET', `Patient/${MRN}`],
    ['GET', `${FAMILY}/${GIVEN}`],
    ['DELETE', `Patient?identifier=${MRN}&family=${FAMILY}`],
    ['GET', 'Patient/canary/$everything'],
    ['GET', '$export?_type=Patient'],
  ] as [string, string, unknown?, string?][])
    await fhir(method, path, body, type);
  for (const path of [
    `/messages?mrn=${MRN}`,
    `/messages?name=${FAMILY}`,
    `/messages?${FAMILY}=1`,
    `/messages/${FAMILY}/raw`,
    `/${FAMILY}/${SSN}`,
    `/fhir/Patient?family=%${FAMILY}`,
  ])
    await fetch(`${gateway.http}${path}`);
  for (const action of ['$reprocess?status=error', '$reprocess?status=error&dry-run=true', `$discard?status=error&reason=${FAMILY}`])
    await fetch(`${gateway.http}/messages/${action}`, { method: 'POST' });
});

test('A-26 what is sent to break the log is words in one line of it', async () => {
  const evil = '\u001b[31m${jndi:ldap://x}';
  for (const controlId of [`${evil}\\X0D0A\\{"level":60,"forged":true}`, `${evil}{"level":60,"forged":true}`, 'x'.repeat(50_000)])
    await hl7(
      message([pid(), visit])
        .replace(/CAN\d+/, controlId)
        .replace('LAB', evil),
    );
  await fetch(`${gateway.http}/fhir/Patient/${encodeURIComponent(`${evil}\r\n{"forged":true}`)}`, {
    headers: { 'user-agent': '${jndi:ldap://x}', 'x-request-id': '{"forged":true}' },
  });
  const lines = gateway
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  expect(lines.flatMap((line) => (JSON.parse(line) as { forged?: boolean }).forged ?? [])).toEqual([]);
  expect([gateway.output().includes('\u001b'), lines.some((line) => line.length > 5_000)]).toEqual([false, false]);
});

test('figures, alerts and notifications hold none of it', async () => {
  await expect.poll(() => notified.map((text) => text.split(' ')[0])).toEqual(expect.arrayContaining(['/alert', '/hook']));
  expect(inside(notified.join('\n'))).toEqual([]);
  for (const path of ['/metrics', '/status', '/readyz', '/livez', '/fhir/metadata']) {
    const text = await (await fetch(`${gateway.http}${path}`)).text();
    expect([path, text.length > 10, inside(text)]).toEqual([path, true, []]);
  }
});

test('neither does the log, at its most talkative, to the very end, nor any file beside the stores of patients', async () => {
  await gateway.kill();
  expect(gateway.output().split('\n').length).toBeGreaterThan(20);
  expect(inside(gateway.output())).toEqual([]);
  const others = readdirSync(folder.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/canary\.db|exports/.test(join(entry.parentPath, entry.name)))
    .map((entry) => join(entry.parentPath, entry.name));
  const telling = others.filter((path) => inside(readFileSync(path, 'latin1')).length > 0);
  publish('T-19 what identifies a patient', {
    'words planted': PLANTED.length,
    'messages sent, each wrong in another way': number,
    'lines of the log': gateway.output().split('\n').length,
    'alerts and notifications': notified.length,
    'words found in the log, alerts, notifications and figures': inside(gateway.output()).length + inside(notified.join('\n')).length,
    'other files that hold one': telling.length,
  });
  expect(telling).toEqual([]);
});
