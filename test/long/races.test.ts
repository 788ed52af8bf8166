import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningGateway, scratchFolder, searchFhir, startGatewayProcess } from '../end-to-end/gateway.ts';
import { httpSender, saidOf } from '../end-to-end/senders.ts';
import { message } from '../intake/harness.ts';
import { publish } from './figures.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 100);
const AT_ONCE = 50;
const folder = scratchFolder();
let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/races.db`, LOG_LEVEL: 'warn' });
});
afterAll(async () => {
  await gateway.kill();
  folder.remove();
});

const ask = async (method: string, path: string, body: object, headers: Record<string, string> = {}) => {
  const reply = await fetch(`${gateway.fhir}${path}`, {
    method,
    headers: { 'content-type': 'application/fhir+json', ...headers },
    body: JSON.stringify(body),
  });
  await reply.arrayBuffer();
  return reply.status;
};
const atOnce = <T>(work: (index: number) => Promise<T>) => Promise.all(Array.from({ length: AT_ONCE }, (_, index) => work(index)));
const patientOf = (value: string, { system = 'urn:race', ...more }: { system?: string; [element: string]: unknown } = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system, value }],
  ...more,
});
const update = (mrn: string, id: string, name: string) =>
  message({ id, type: 'ADT^A08^ADT_A01', pid: `1||${mrn}^^^HOSP^MR||Race^${name}||19800101|F`, more: ['PV1|1|O'] });
const counted = (statuses: readonly number[], status: number) => statuses.filter((one) => one === status).length;

test('whoever does the same thing at once: exactly one makes it, no update is lost, and a patient is one', {
  timeout: 1_800_000,
}, async () => {
  const wrong: string[] = [];
  const sender = httpSender(gateway.http);
  await sender.send(update('FIRST', 'FIRST', 'First'));
  const [
    {
      identifier: [{ system }],
    },
  ] = (await searchFhir(gateway, 'Patient?identifier=FIRST')) as unknown as [{ identifier: [{ system: string }] }];
  const check = (round: number, what: string, isRight: boolean) => {
    if (!isRight) wrong.push(`${round} ${what}`);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const value = `r${round}`;
    const created = await atOnce(() => ask('POST', '/Patient', patientOf(value), { 'if-none-exist': `identifier=urn:race|${value}` }));
    check(round, 'If-None-Exist', counted(created, 201) === 1 && counted(created, 200) + counted(created, 412) === AT_ONCE - 1);

    const inBundles = await atOnce(async () =>
      ask('POST', '', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          {
            fullUrl: `urn:uuid:${randomUUID()}`,
            resource: patientOf(`t${round}`),
            request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=urn:race|t${round}` },
          },
        ],
      }),
    );
    check(round, 'transaction', counted(inBundles, 200) >= 1 && counted(inBundles, 200) + counted(inBundles, 412) === AT_ONCE);
    for (const one of [value, `t${round}`])
      check(round, `patients ${one}`, (await searchFhir(gateway, `Patient?identifier=urn:race|${one}`)).length === 1);

    const path = `/Patient/p${round}`;
    await ask('PUT', path, patientOf(`p${round}`, { id: `p${round}` }));
    const put = await atOnce((index) =>
      ask('PUT', path, patientOf(`p${round}`, { id: `p${round}`, name: [{ family: `F${index}` }] }), { 'if-match': 'W/"1"' }),
    );
    check(round, 'If-Match', counted(put, 200) === 1 && counted(put, 412) === AT_ONCE - 1);

    // The same patient in messages and in requests: one Patient, whoever was first, and each of the messages counts.
    const both = await atOnce(async (index) =>
      index % 2 === 0
        ? saidOf(await sender.send(update(`R${round}`, `M${round}-${index}`, `Step${index}`)))[0]
        : ask('POST', '/Patient', patientOf(`R${round}`, { system }), { 'if-none-exist': `identifier=${system}|R${round}` }),
    );
    check(round, 'messages', both.filter((code) => code === 'AA').length === AT_ONCE / 2);
    const patients = await searchFhir(gateway, `Patient?identifier=R${round}`);
    check(round, `by HL7 and FHIR: ${patients.length} patients`, patients.length === 1);
  }
  publish('T-14 races', {
    rounds: ROUNDS,
    'callers at once': AT_ONCE,
    'rounds where not exactly one made it, an update was lost, or a patient was doubled': wrong.length,
  });
  expect(wrong).toEqual([]);
});
