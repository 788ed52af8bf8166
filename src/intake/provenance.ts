import type { Provenance } from 'fhir/r4.js';
import type { Resource } from '../fhir/resource.ts';
import type { MessageRow } from '../store/journal.ts';
import type { Write } from '../store/store.ts';
import { idOf } from './keys.ts';

/**
 * Who told us: the record of one message's effect on the resources it created or changed.
 *
 * Source: FHIR R4 Provenance; the message is the entity, its sender the author, the mapping the policy it was read by
 */
export function provenanceOf(row: MessageRow, changed: readonly string[], mapping: string, recordedAt: Date): Write {
  const [application, facility] = row.sender.split('|');
  const name = [application, facility].filter((part) => part !== undefined && part !== '').join(' / ');
  const provenance: Provenance = {
    resourceType: 'Provenance',
    id: idOf(`Provenance|${row.id}|${row.attempts}`),
    target: changed.map((reference) => ({ reference })),
    recorded: recordedAt.toISOString(),
    policy: [`urn:chartbridge:mapping:${mapping}`],
    activity: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: 'UPDATE' }], text: row.messageType },
    agent: [
      {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: 'author' }] },
        who: { display: name === '' ? 'sender not named' : name },
      },
    ],
    entity: [
      {
        role: 'source',
        what: {
          identifier: { system: `urn:chartbridge:sender:${encodeURIComponent(row.sender)}`, value: row.controlId },
          display: `${row.messageType} ${row.controlId}`,
        },
      },
      { role: 'source', what: { identifier: { system: 'urn:chartbridge:message', value: row.id } } },
    ],
  };
  return { type: 'Provenance', id: provenance.id as string, resource: provenance as unknown as Resource };
}
