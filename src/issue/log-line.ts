import { formatAddress } from './address.ts';
import type { Issue } from './issue.ts';

/** An issue as one object of a log line. It holds no value and no free text: either may identify a patient. */
export function toLogLine(item: Issue): Record<string, string> {
  return {
    issue: item.id,
    severity: item.severity,
    ...(item.at === undefined ? {} : { at: formatAddress(item.at) }),
    ...(item.expression === undefined ? {} : { expression: item.expression }),
    ...(item.row === undefined ? {} : { row: item.row }),
  };
}

/** Letters and digits, as senders make them. Source: HL7 v2.5.1 2.14.9.10, MSH-10 (ST) */
const CONTROL_ID = /^[\w.:/-]{1,50}$/;

/** The control id for a log line; none where MSH-10 is not like one: in a header that lost its end, a name may stand there. */
export function loggedControlId(controlId: string): { controlId?: string } {
  return CONTROL_ID.test(controlId) ? { controlId } : {};
}
