import { issue, type Issue } from '../issue/issue.ts';
import type { Header } from '../hl7v2/header.ts';

/** The trigger events for which there is a message map, by message code. Shape: ADT has A01, A02 ... */
export type Supported = ReadonlyMap<string, readonly string[]>;

const at = (field: number) => ({ segment: 'MSH', occurrence: 1, field });

/** What intake asks of the mapping files about a message before it is read. */
export interface Acceptance {
  readonly supported: Supported;
  /** The field of MSH by which the sender's file leaves the message out; undefined when it takes it. */
  leavesOut(header: Header): number | undefined;
}

/** Whether a sender's file leaves the message out: it is kept, answered, and goes no further. */
export function isFiltered(issues: readonly Issue[]): boolean {
  return issues.some((item) => item.id === 'message-filtered');
}

/**
 * Whether a message is one the gateway takes, by its header alone.
 *
 * Fails: message-filtered (as information: the sender's file leaves it out, and nothing else is asked of it);
 * message-type-unsupported, event-unsupported, version-unsupported; as warnings processing-id-unsupported, version-unsupported (empty)
 * Source: HL7 v2.5.1 chapter 2, 2.9.2.2 (validation of MSH-9, 11 and 12)
 */
export function acceptanceIssues(header: Header, acceptance: Acceptance): Issue[] {
  const { supported } = acceptance;
  const filter = acceptance.leavesOut(header);
  if (filter !== undefined) return [issue('message-filtered', { at: at(filter) })];
  const issues: Issue[] = [];
  const events = supported.get(header.messageCode);
  if (events === undefined) {
    issues.push(
      issue('message-type-unsupported', { at: at(9), type: named(header.messageCode), supported: [...supported.keys()].join(', ') }),
    );
  } else if (!events.includes(header.event)) {
    issues.push(
      issue('event-unsupported', { at: at(9), event: `${named(header.messageCode)}^${named(header.event)}`, supported: events.join(', ') }),
    );
  }
  if (header.version === '') issues.push(issue('version-unsupported', { at: at(12), severity: 'warning' }));
  else if (!header.version.startsWith('2.')) issues.push(issue('version-unsupported', { at: at(12) }));
  if (!['P', 'T', 'D'].includes(header.processingId)) issues.push(issue('processing-id-unsupported', { at: at(11), severity: 'warning' }));
  return issues;
}

/** A code out of MSH-9 fit for a sentence: what is no code is not repeated. */
function named(code: string): string {
  return /^[A-Z0-9]{1,4}$/.test(code) ? code : code === '' ? '(empty)' : '(not a code)';
}
