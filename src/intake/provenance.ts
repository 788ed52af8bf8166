import type { Provenance } from 'fhir/r4.js';
import type { Resource } from '../fhir/resource.ts';
import type { MessageRow } from '../store/journal.ts';
import type { Write } from '../store/store.ts';
import { idOf } from './keys.ts';

/** What a message makes about itself: who did what is said there by the message, and no fact about a patient. */
const ABOUT_THE_MESSAGE = /^(MessageHeader|Provenance)\//;

/**
 * Who told us: the record of one message's effect on the resources it created or changed; undefined when it changed none. What the
 * message itself says of who did what (EVN, ORC, TXA) is a Provenance of its own, of the MessageHeader, the order or the document.
 *
 * Source: FHIR R4 Provenance; the message is the entity, its sender the author, the mapping the policy it was read by
 */
export function provenanceOf(row: MessageRow, changed: readonly string[], mapping: string, recordedAt: Date): Write | undefined {
  const targets = changed.filter((reference) => !ABOUT_THE_MESSAGE.test(reference));
  if (targets.length === 0) return undefined;
  const header = changed.find((reference) => reference.startsWith('MessageHeader/'));
  const [application, facility] = row.sender.split('|');
  const name = [application, facility].filter((part) => part !== undefined && part !== '').join(' / ');
  const provenance: Provenance = {
    resourceType: 'Provenance',
    id: idOf(`Provenance|${row.id}|${row.attempts}`),
    target: targets.map((reference) => ({ reference })),
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
          ...(header === undefined ? {} : { reference: header }),
          identifier: { system: `urn:chartbridge:sender:${encodeURIComponent(row.sender)}`, value: row.controlId },
          display: `${row.messageType} ${row.controlId}`,
        },
      },
      { role: 'source', what: { identifier: { system: 'urn:chartbridge:message', value: row.id } } },
    ],
  };
  return { type: 'Provenance', id: provenance.id as string, resource: provenance as unknown as Resource };
}

/**
 * Who decided: the record of an operator's action on patients.
 *
 * Shape: activity.text is $merge or $unmerge
 */
export function provenanceOfAction(action: string, id: string, changed: readonly string[], recordedAt: Date): Write {
  const provenance: Provenance = {
    resourceType: 'Provenance',
    id,
    target: changed.map((reference) => ({ reference })),
    recorded: recordedAt.toISOString(),
    activity: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: 'UPDATE' }], text: action },
    agent: [
      {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: 'performer' }] },
        who: { display: 'an operator, over FHIR' },
      },
    ],
  };
  return { type: 'Provenance', id, resource: provenance as unknown as Resource };
}
