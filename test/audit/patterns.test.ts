import type { AuditEvent, AuditEventAgent, AuditEventEntity, Bundle, Coding } from 'fhir/r4.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';
import { type Guarded, openGuarded } from '../secure/guarded-gateway.ts';

const INTERACTION = 'http://hl7.org/fhir/restful-interaction';
const DICOM = 'http://dicom.nema.org/resources/ontology/DCM';
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const ENTITY_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-entity-type';
const ENTITY_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role';

/** What a pattern asks of an event. Source: IHE Basic Audit Log Patterns, the profiles Create, Read, Update, Delete, Query and their Patient variants */
interface Pattern {
  readonly interactions: readonly string[];
  readonly action: string;
  readonly client: string;
  readonly server: string;
  /** Codes of the user's participation. */
  readonly user: readonly string[];
}
const SOURCE = `${DICOM}|110153`;
const DESTINATION = `${DICOM}|110152`;
const AUTHORS = ['AUT', 'INF', 'CST'];
const PATTERNS: Readonly<Record<string, Pattern>> = {
  Create: { interactions: ['create'], action: 'C', client: SOURCE, server: DESTINATION, user: AUTHORS },
  Read: { interactions: ['read', 'vread'], action: 'R', client: DESTINATION, server: SOURCE, user: ['IRCP'] },
  Update: { interactions: ['update', 'patch'], action: 'U', client: SOURCE, server: DESTINATION, user: AUTHORS },
  Delete: {
    interactions: ['delete'],
    action: 'D',
    client: `${DICOM}|110150`,
    server: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type|custodian',
    user: AUTHORS,
  },
  Query: { interactions: ['search-type', 'search-system'], action: 'E', client: SOURCE, server: DESTINATION, user: ['IRCP'] },
};

const codeOf = ({ system, code }: Coding = {}) => `${system}|${code}`;
const typeOf = (agent: AuditEventAgent) => codeOf(agent.type?.coding?.[0]);

/** What of the pattern an event misses. */
function faultsOf(event: AuditEvent, name: string, pattern: Pattern): string[] {
  const faults: string[] = [];
  const must = (isMet: boolean, what: string) => void (isMet || faults.push(what));
  must(codeOf(event.type) === 'http://terminology.hl7.org/CodeSystem/audit-event-type|rest', 'type');
  must(event.action === pattern.action, 'action');
  must(event.outcome === '0', 'outcome');
  for (const [role, type] of [
    ['client', pattern.client],
    ['server', pattern.server],
  ] as const) {
    const agents = event.agent.filter((agent) => typeOf(agent) === type);
    must(agents.length === 1, `one ${role}`);
    must(
      agents.every(({ who, network, media }) => who !== undefined && network !== undefined && media === undefined),
      `${role} who and network`,
    );
    if (name === 'Delete')
      must(
        agents.every(({ policy }) => policy === undefined),
        `${role} without policy`,
      );
  }
  const users = event.agent.filter((agent) => typeOf(agent).startsWith(`${PARTICIPATION}|`));
  must(users.length <= 1, 'one user');
  for (const user of users) {
    must(pattern.user.includes(user.type?.coding?.[0]?.code ?? ''), 'type of the user');
    must(user.who !== undefined && user.requestor && user.network === undefined, 'user');
  }
  const entities = event.entity ?? [];
  const of = (type: string) => entities.filter((entity) => codeOf(entity.type) === `${ENTITY_TYPE}|${type}`);
  const [object, ...others] = of('2');
  must(object !== undefined && others.length === 0, 'one object of the system');
  if (object !== undefined) must(name === 'Query' ? isQuery(object) : isData(object, name), 'the object');
  const persons = of('1');
  must(persons.length <= 1, 'one patient at most');
  for (const { role, what } of persons)
    must(codeOf(role) === `${ENTITY_ROLE}|1` && what?.reference?.startsWith('Patient/') === true, 'patient');
  return faults;
}

const isQuery = ({ role, what, query, detail }: AuditEventEntity) =>
  codeOf(role) === `${ENTITY_ROLE}|24` && what === undefined && detail === undefined && query !== undefined;
const isData = ({ role, what, query, name }: AuditEventEntity, pattern: string) =>
  ['3', '4', '20'].some((code) => codeOf(role) === `${ENTITY_ROLE}|${code}`) &&
  /^\w+\/[^/]+$/.test(what?.reference ?? '') &&
  (pattern !== 'Delete' || (query === undefined && name === undefined));

describe('the AuditEvents of whatever FHIR has a pattern for', () => {
  let guarded: Guarded;
  let events: AuditEvent[];
  beforeAll(async () => {
    guarded = await openGuarded();
    const assertion = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await guarded.assertion(),
    };
    const given = await guarded.askToken({ grant_type: 'client_credentials', scope: 'system/*.cruds', ...assertion });
    const { access_token: token } = (await given.json()) as { access_token: string };
    const user = await guarded.token('user/*.cruds', { fhirUser: 'Practitioner/dr', sub: 'dr' });
    const patch = { 'content-type': 'application/json-patch+json' };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const told: string[] = [];
    for (const who of [token, user]) {
      const ask = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
        const reply = await guarded.call(method, path, who, body, headers);
        if (reply.status >= 300) told.push(`${method} ${path} ${reply.status} ${await reply.text()}`);
        return (await reply.json().catch(() => ({}))) as { id: string };
      };
      await ask('PUT', 'Patient/p', { resourceType: 'Patient', id: 'p', active: who === token });
      const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/p' } };
      const { id } = await ask('POST', 'Observation', observation);
      const { id: basic } = await ask('POST', 'Basic', { resourceType: 'Basic', code: { text: 'x' } });
      for (const path of ['Patient/p', `Observation/${id}`, `Observation/${id}?_elements=status`, `Basic/${basic}`, 'Patient/p/_history/1'])
        await ask('GET', path);
      for (const path of ['Patient', 'Patient?_id=p', 'Observation?subject=Patient/p', 'Basic', '?_type=Patient,Basic&_id=p'])
        await ask('GET', path);
      await ask('POST', 'Observation/_search', 'subject=Patient/p', form);
      await ask('PUT', `Observation/${id}`, { ...observation, id, status: 'amended' });
      await ask('PUT', `Observation?_id=${id}`, { ...observation, status: 'corrected' });
      await ask('PATCH', `Observation/${id}`, [{ op: 'replace', path: '/status', value: 'amended' }], patch);
      await ask('PUT', `Basic/${basic}`, { resourceType: 'Basic', id: basic, code: { text: 'y' } });
      await ask('DELETE', `Observation/${id}`);
      await ask('DELETE', `Basic?_id=${basic}`);
    }
    expect(told).toEqual([]);
    const page = (await (await guarded.call('GET', 'AuditEvent?_count=500', token)).json()) as Bundle<AuditEvent>;
    events = (page.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === 'AuditEvent' ? [resource] : []));
  });
  afterAll(() => guarded.close());

  test.each(Object.entries(PATTERNS))('%s meet it, with a user and without, with a patient and without', (name, pattern) => {
    const mine = events.filter(({ subtype }) => pattern.interactions.some((code) => codeOf(subtype?.[0]) === `${INTERACTION}|${code}`));
    expect(mine.map((event) => faultsOf(event, name, pattern)).filter((faults) => faults.length > 0)).toEqual([]);
    const kinds = new Set(mine.map(({ agent, entity = [] }) => `${agent.length} agents, ${entity.some(({ role }) => role?.code === '1')}`));
    expect([...kinds].toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      '2 agents, false',
      '2 agents, true',
      '3 agents, false',
      '3 agents, true',
    ]);
  });

  test('are valid R4', () => {
    const validator = compileValidator(definitions);
    const faults = events.flatMap((event) => validator.validate(event as never).filter(({ severity }) => severity === 'error'));
    expect([faults, events.length > 30]).toEqual([[], true]);
  });
});
