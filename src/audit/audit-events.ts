import type { AuditEvent, AuditEventAgent, AuditEventEntity, Coding } from 'fhir/r4.js';
import type { AuditRecord } from './audit-record.ts';

const DICOM = 'http://dicom.nema.org/resources/ontology/DCM';
const EVENT_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-event-type';
const INTERACTION = 'http://hl7.org/fhir/restful-interaction';
const ENTITY_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-entity-type';
const ENTITY_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role';
const SYSTEM_OBJECT: Coding = { system: ENTITY_TYPE, code: '2', display: 'System Object' };
const SOURCE_TYPE = 'http://terminology.hl7.org/CodeSystem/security-source-type';

const REST: Coding = { system: EVENT_TYPE, code: 'rest', display: 'RESTful Operation' };
const SOURCE_ROLE: Coding = { system: DICOM, code: '110153', display: 'Source Role ID' };
const APPLICATION: Coding = { system: DICOM, code: '110150', display: 'Application' };
const CUSTODIAN: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
  code: 'custodian',
  display: 'Custodian',
};
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const RECIPIENT: Coding = { system: PARTICIPATION, code: 'IRCP', display: 'information recipient' };
const AUTHOR: Coding = { system: PARTICIPATION, code: 'AUT', display: 'author (originator)' };
const DESTINATION_ROLE: Coding = { system: DICOM, code: '110152', display: 'Destination Role ID' };

/** The interactions FHIR has codes for, and what kind of act each is. */
const ACTIONS: ReadonlyMap<string, AuditEvent['action']> = new Map([
  ['read', 'R'],
  ['vread', 'R'],
  ['history-instance', 'R'],
  ['history-type', 'R'],
  ['history-system', 'R'],
  ['search-type', 'E'],
  ['search-system', 'E'],
  ['create', 'C'],
  ['update', 'U'],
  ['patch', 'U'],
  ['delete', 'D'],
  ['batch', 'E'],
]);
/** What sends data to us; all else hands it out. */
const INWARD: ReadonlySet<string> = new Set([
  'create',
  'update',
  'patch',
  'delete',
  'batch',
  'message',
  'hl7v2',
  'mllp',
  '$meta-add',
  '$meta-delete',
]);

/** What changes a resource: a user who does it is its author. */
const CHANGES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete']);

/** Where somebody was not let in without having asked for anything of FHIR. */
const DOORS: ReadonlySet<string> = new Set(['mllp', 'https', 'hl7v2', 'refusals']);

/**
 * The AuditEvents of a record: one for each patient, so that who saw one patient can be shown without showing any other; one where no patient is known.
 * The same record gives the same events, always: one without a server is from before that was kept, and its events are as they were made then.
 *
 * Source: IHE Basic Audit Log Patterns 1.1: Create, Read, Update, Delete, Query, and those with a Patient (one for every patient in the result)
 */
export function auditEvents(record: AuditRecord): (AuditEvent & { id: string })[] {
  if (record.patients.length === 0) return [eventOf(record, undefined, 0)];
  return record.patients.map((patient, index) => eventOf(record, patient, index));
}

function eventOf(record: AuditRecord, patient: string | undefined, index: number): AuditEvent & { id: string } {
  // the question of a search flows in, whatever flows out
  const isInward = INWARD.has(record.what) || (record.server !== undefined && isSearch(record));
  return {
    resourceType: 'AuditEvent',
    id: index === 0 ? record.id : `${record.id}-${index}`,
    type: typeOf(record.what),
    subtype: [subtypeOf(record.what)],
    action: ACTIONS.get(record.what) ?? (record.what === 'message' ? 'C' : 'E'),
    recorded: record.time,
    outcome: record.outcome === 'success' ? '0' : record.outcome === 'refused' ? '4' : '8',
    agent: [clientAgent(record, isInward), serverAgent(record, isInward), ...userAgent(record)],
    source: {
      observer: { display: 'Chartbridge' },
      type: [{ system: SOURCE_TYPE, code: '4', display: 'Application Server' }],
    },
    entity: entitiesOf(record, patient),
  };
}

function typeOf(what: string): Coding {
  if (what === 'token') return { system: DICOM, code: '110114', display: 'User Authentication' };
  if (DOORS.has(what)) return { system: DICOM, code: '110113', display: 'Security Alert' };
  return what === 'message' ? { system: DICOM, code: '110107', display: 'Import' } : REST;
}

function subtypeOf(what: string): Coding {
  if (what === 'token') return { system: DICOM, code: '110122', display: 'Login' };
  if (what === 'message' || what === 'hl7v2') return { system: 'urn:chartbridge:audit', code: 'hl7v2-message' };
  if (what === 'mllp' || what === 'https') return { system: DICOM, code: '110126', display: 'Node Authentication' };
  if (what === 'refusals') return { system: 'urn:chartbridge:audit', code: 'refusals' };
  return { system: INTERACTION, code: ACTIONS.has(what) ? what : 'operation' };
}

function clientAgent({ client, token, peer, user, what, server }: AuditRecord, isInward: boolean): AuditEventAgent {
  const isDeletion = what === 'delete' && server !== undefined;
  return {
    type: { coding: [isDeletion ? APPLICATION : isInward ? SOURCE_ROLE : DESTINATION_ROLE] },
    who: client === '' ? { display: 'nobody logged in' } : { identifier: { value: client } },
    requestor: user === undefined,
    ...(peer === '' ? {} : { network: { address: peer, type: '2' as const } }),
    // the pattern of deletions has no room for it; the record has it
    ...(token === undefined || isDeletion ? {} : { policy: [`urn:chartbridge:token:${token}`] }),
  };
}

function userAgent({ user, what, server }: AuditRecord): AuditEventAgent[] {
  if (user === undefined) return [];
  return [
    {
      type: { coding: [server !== undefined && CHANGES.has(what) ? AUTHOR : RECIPIENT] },
      who: { identifier: { value: user } },
      requestor: true,
    },
  ];
}

function serverAgent({ what, server }: AuditRecord, isInward: boolean): AuditEventAgent {
  if (server === undefined)
    return { type: { coding: [isInward ? DESTINATION_ROLE : SOURCE_ROLE] }, who: { display: 'Chartbridge' }, requestor: false };
  return {
    type: { coding: [what === 'delete' ? CUSTODIAN : isInward ? DESTINATION_ROLE : SOURCE_ROLE] },
    who: { display: 'Chartbridge' },
    requestor: false,
    network: { address: server, type: '2' },
  };
}

function isSearch({ what }: AuditRecord): boolean {
  return what.startsWith('search-');
}

function entitiesOf(record: AuditRecord, patient: string | undefined): AuditEventEntity[] {
  const { target, query, what, server, listener } = record;
  const entities: AuditEventEntity[] = [];
  const came = listener === undefined ? {} : { detail: [{ type: 'listener', valueString: listener }] };
  if (patient !== undefined) {
    entities.push({
      what: { reference: `Patient/${patient}` },
      type: { system: ENTITY_TYPE, code: '1', display: 'Person' },
      role: { system: ENTITY_ROLE, code: '1', display: 'Patient' },
    });
  }
  const named = target?.includes('/') === true && (server === undefined || !isSearch(record)) ? target : undefined;
  const isShown = named !== undefined && (server !== undefined || (query === undefined && named !== `Patient/${patient}`));
  if (query !== undefined) {
    entities.push({
      // beside a resource that is named: there is one object of the system in an event
      type: isShown ? { system: ENTITY_TYPE, code: '4', display: 'Other' } : SYSTEM_OBJECT,
      role: { system: ENTITY_ROLE, code: '24', display: 'Query' },
      query: Buffer.from(query, 'utf8').toString('base64'),
      ...came,
    });
  }
  if (isShown)
    entities.push({
      what: { reference: named },
      type: SYSTEM_OBJECT,
      role: { system: ENTITY_ROLE, code: '4', display: 'Domain Resource' },
    });
  if (what.startsWith('$') || entities.length === 0) {
    entities.push({
      type: SYSTEM_OBJECT,
      role: { system: ENTITY_ROLE, code: '17', display: 'Data Repository' },
      name: what,
      ...came,
    });
  }
  return entities;
}
