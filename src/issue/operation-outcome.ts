import type { OperationOutcome, OperationOutcomeIssue } from 'fhir/r4.js';
import { type Issue, entryOf, textOf } from './issue.ts';
import { formatAddress } from './address.ts';

/** The code system of the catalogue's ids. */
const ISSUE_SYSTEM = 'urn:chartbridge:issue';

/** An issue as a FHIR client reads it: code, text, the permanent id and the place. */
export function toOutcomeIssue(item: Issue): OperationOutcomeIssue {
  const expression = item.expression ?? (item.at === undefined ? undefined : formatAddress(item.at));
  const diagnostics = [item.value === undefined ? '' : `found: ${item.value.slice(0, 200)}`, item.row ?? '']
    .filter((part) => part !== '')
    .join('; ');
  return {
    severity: item.severity,
    code: entryOf(item).fhir as OperationOutcomeIssue['code'],
    details: { coding: [{ system: ISSUE_SYSTEM, code: item.id }], text: textOf(item) },
    ...(diagnostics === '' ? {} : { diagnostics }),
    ...(expression === undefined ? {} : { expression: [expression] }),
  };
}

/** Issues as the OperationOutcome of an answer. No issue at all is said too: an information that everything is well. */
export function toOperationOutcome(issues: readonly Issue[]): OperationOutcome {
  if (issues.length === 0) {
    return { resourceType: 'OperationOutcome', issue: [{ severity: 'information', code: 'informational', details: { text: 'All OK' } }] };
  }
  return { resourceType: 'OperationOutcome', issue: issues.map(toOutcomeIssue) };
}

/** The HTTP status of an answer that these issues end: that of the first error. */
export function statusOf(issues: readonly Issue[]): number {
  const first = issues.find((item) => item.severity === 'error');
  return first === undefined ? 200 : entryOf(first).http;
}
