import { expect, test } from 'vitest';
import { seeded } from '../end-to-end/senders.ts';
import { openGateway } from '../serve/gateway.ts';
import { publish } from './figures.ts';

const REQUESTS = Number(process.env['REQUESTS'] ?? 50_000);
const AT_ONCE = 4;

type Random = () => number;
const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)] as T;

const HOSTILE: readonly unknown[] = [
  [
    null,
    true,
    -1,
    0,
    Number.POSITIVE_INFINITY,
    1e308,
    1.5,
    '',
    ' ',
    'x',
    '\u0000',
    '\ud800',
    '<b>',
    '../..',
    '%00',
    '$ne',
    '2026-02-30',
    '2026',
    'A'.repeat(3000),
  ],
  [
    [],
    {},
    [[]],
    [null],
    [{}],
    { $ne: 1 },
    { resourceType: 'Patient' },
    { reference: 'Patient/1' },
    { reference: '#x' },
    { extension: [{ url: 'x' }] },
  ],
  ['Patient/1', 'urn:uuid:1', 'http://169.254.169.254/', '#a', 'Patient?name=x', 'a|b', '|', 'eq', 'gt2026', '9'.repeat(400), '__proto__'],
].flat(1);
const RESOURCES: readonly object[] = [
  {
    resourceType: 'Patient',
    identifier: [{ system: 'urn:x', value: '1' }],
    name: [{ family: 'Fuzz', given: ['A'] }],
    birthDate: '1980-01-01',
    gender: 'female',
  },
  {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '1-8' }] },
    subject: { reference: 'Patient/1' },
    valueQuantity: { value: 1.5, unit: 'mg' },
    component: [{ code: { text: 'x' }, valueString: 'y' }],
  },
  { resourceType: 'Encounter', status: 'planned', class: { code: 'AMB' }, period: { start: '2026-01-01T00:00:00Z' } },
  {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ fullUrl: 'urn:uuid:1', resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } }],
  },
  { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: 'Patient?name=x' } }] },
  {
    resourceType: 'Parameters',
    parameter: [
      {
        name: 'operation',
        part: [
          { name: 'type', valueCode: 'replace' },
          { name: 'path', valueString: 'Patient.gender' },
          { name: 'value', valueCode: 'male' },
        ],
      },
    ],
  },
  { resourceType: 'ValueSet', status: 'active', compose: { include: [{ system: 'http://loinc.org' }] } },
  { resourceType: 'Questionnaire', status: 'draft', item: [{ linkId: '1', type: 'group', item: [{ linkId: '2', type: 'string' }] }] },
];
const PATCH = [
  { op: 'replace', path: '/gender', value: 'male' },
  { op: 'add', path: '/name/-', value: {} },
  { op: 'test', path: '/id', value: '1' },
  { op: 'copy', from: '/name', path: '/x' },
];
const PARAMETERS = [
  '_id',
  '_lastUpdated',
  '_sort',
  '_count',
  '_include',
  '_revinclude',
  '_has:Observation:patient:code',
  '_total',
  '_elements',
  '_summary',
  '_format',
  'name',
  'birthdate',
  'identifier',
  'code',
  'value-quantity',
  'subject:Patient.name',
  'patient',
  'date',
  'status',
  'code-value-quantity',
  '_filter',
  'family:exact',
  'name:contains',
  'gender:not',
  'code:in',
  'code:below',
  'subject:identifier',
  'x',
  '__proto__',
  '_cursor',
  '_type',
];
const VALUES = [
  'x',
  '1',
  '',
  ',',
  '|',
  'a|b',
  '\\,',
  '$',
  'gt5',
  'ap1e400',
  'le2026-13',
  '2026-01-01T00:00:00+99:00',
  '-name',
  'Patient:organization',
  '*',
  '0',
  '-1',
  '9'.repeat(300),
  "';--",
  '%',
  '_',
  '\u0000',
  '\ud83d',
  '5.4|http://unitsofmeasure.org|mg',
  'a$b',
  'Patient/1',
  'true',
  'A'.repeat(2000),
  'json',
  'urn:uuid:1',
  '((((',
  '[0]',
  'name eq "x"',
];
const TYPES = [
  'Patient',
  'Patient',
  'Patient',
  'Observation',
  'Observation',
  'Encounter',
  'Encounter',
  '',
  '',
  'ValueSet',
  'Questionnaire',
  'Patient',
  'Observation',
  'Encounter',
  'Bundle',
  'Nothing',
  '__proto__',
  'constructor',
  'metadata',
  '',
  '$export',
  'Patient/1/_history/1',
  'Patient/$merge',
  'ValueSet/$expand',
  'Patient/1/$everything',
  '_history',
  'Patient/_search',
  'Patient/$validate',
  'Binary/1',
  'CodeSystem/$lookup',
];

/** Something below the root replaced, removed, added or wrapped. */
function mutate(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.1) return pick(HOSTILE, random);
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
  const names = Object.keys(copy);
  const name =
    names.length === 0 || random() < 0.1
      ? pick(['_id', 'id', 'meta', 'extension', 'contained', 'x', '__proto__x', 'text', 'resourceType', '0'], random)
      : pick(names, random);
  const what = random();
  if (what < 0.15) delete copy[name];
  else if (what < 0.35) copy[name] = pick(HOSTILE, random);
  else if (what < 0.45) copy[name] = [copy[name], copy[name]];
  else copy[name] = mutate(copy[name], random);
  return copy;
}

function textOf(random: Random): string {
  let value: unknown = random() < 0.15 ? PATCH : pick(RESOURCES, random);
  for (let count = Math.floor(random() * 4); count > 0; count -= 1) value = mutate(value, random);
  let text = JSON.stringify(value) ?? '';
  if (random() < 0.15) {
    const at = Math.floor(random() * text.length);
    text =
      text.slice(0, at) + pick(['', '{', '"', '\\', '\u0000', ',,', '1e999', '[[[['], random) + text.slice(at + Math.floor(random() * 5));
  }
  if (random() < 0.1)
    text = `<Patient xmlns="http://hl7.org/fhir"><name><family value="${text.slice(0, 40)}"/></name>${pick(['</Patient>', '', '<!--', '<x/></Patient>', '&a;</Patient>'], random)}`;
  return text;
}

interface Request {
  readonly method: string;
  /** Below the base of the API. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** A request of a run, the same for the same numbers. */
function requestOf(seed: number, number: number): Request {
  const random = seeded(seed * 1_000_003 + number);
  const method = pick(['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'], random);
  const query = Array.from(
    { length: Math.floor(random() * 4) },
    () =>
      `${encodeURIComponent(pick(PARAMETERS, random))}=${pick(['', '%', '%zz'], random).slice(0, random() < 0.9 ? 0 : 9)}${encodeURIComponent(pick(VALUES, random).toWellFormed())}`,
  ).join('&');
  const id =
    random() < (method === 'POST' || method === 'GET' ? 0.1 : 0.6)
      ? `/${pick(['1', 'a', '..', '%00', 'x'.repeat(70), '__proto__', '1/_history'], random)}`
      : '';
  const headers: Record<string, string> = {
    'content-type': pick(
      [
        'application/fhir+json',
        'application/fhir+json',
        'application/json-patch+json',
        'application/fhir+xml',
        'text/plain',
        'application/x-www-form-urlencoded',
      ],
      random,
    ),
    ...(random() < 0.2
      ? { accept: pick(['application/fhir+xml', 'text/html', '*/*', 'x', 'application/fhir+json; fhirVersion=9'], random) }
      : {}),
    ...(random() < 0.2 ? { 'if-match': pick(['W/"1"', '"x"', '*', 'W/"999999999999999999999"'], random) } : {}),
    ...(random() < 0.1 ? { 'if-none-exist': pick(['identifier=urn:x|1', 'x=y', '', '%'], random) } : {}),
    ...(random() < 0.1 ? { prefer: pick(['return=OperationOutcome', 'handling=strict', 'respond-async', 'x=;='], random) } : {}),
    ...(random() < 0.1 ? { 'if-modified-since': pick(['x', 'Mon, 01 Jan 2026 00:00:00 GMT'], random) } : {}),
  };
  const body = method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? undefined : textOf(random);
  // Half of them go where their body belongs.
  const own = /"resourceType":"(\w+)"/.exec(body ?? '')?.[1];
  const path = own !== undefined && random() < 0.5 ? (own === 'Bundle' ? '' : own) : pick(TYPES, random);
  return { method, path: `${path}${id}${query === '' ? '' : `?${query}`}`, headers, body };
}

test('50,000 wrong FHIR requests: no answer 5xx, each error an OperationOutcome, none takes a second of the processor', {
  timeout: 3_600_000,
}, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const gateway = await openGateway();
  const statuses: Record<string, number> = {};
  const wrong: string[] = [];
  const times = new Map<number, number>();
  const send = async ({ method, path, headers, body }: Request) => {
    const signal = AbortSignal.timeout(20_000);
    const options = { method, headers, signal, ...(body === undefined ? {} : { body }) };
    const response = await fetch(`http://127.0.0.1:${gateway.port}/fhir/${path}`, options);
    return { status: response.status, text: await response.text() };
  };
  const one = async (number: number): Promise<void> => {
    const request = requestOf(seed, number);
    const begun = performance.now();
    try {
      const { status, text } = await send(request);
      times.set(number, performance.now() - begun);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status >= 500) wrong.push(`${number}: ${status} ${request.method}`);
      else if (status >= 400 && request.method !== 'HEAD' && !text.includes('OperationOutcome'))
        wrong.push(`${number}: ${status} without an OperationOutcome`);
    } catch (error) {
      wrong.push(`${number}: ${String(error)}`);
    }
  };
  await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, lane) => {
      for (let number = lane; number < REQUESTS; number += AT_ONCE) await one(number);
    }),
  );
  // What waited for others is not slow: the slowest once more, each alone, over all that the run has left in the store.
  const slowest = [...times].sort(([, one], [, other]) => other - one).slice(0, 50);
  const alone: { number: number; ms: number }[] = [];
  for (const [number] of slowest) {
    const before = process.cpuUsage();
    await send(requestOf(seed, number));
    const { user, system } = process.cpuUsage(before);
    alone.push({ number, ms: (user + system) / 1000 });
  }
  await gateway.close();
  const [costliest = { number: 0, ms: 0 }] = alone.sort((first, second) => second.ms - first.ms);
  publish('T-09 fuzz FHIR', {
    requests: REQUESTS,
    ...Object.fromEntries(Object.entries(statuses).map(([status, count]) => [`answered ${status}`, count])),
    'answers 5xx, or errors without an OperationOutcome': wrong.length,
    'slowest, ms': Math.round(slowest[0]?.[1] ?? 0),
    'the fifty slowest sent again one by one, the costliest of them, ms of the processor': Math.round(costliest.ms),
    'number of the costliest': String(costliest.number),
    seed,
  });
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(costliest.ms).toBeLessThan(1000);
});
