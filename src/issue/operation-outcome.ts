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

/** A full disk is not cleared in a moment. Units: s */
const RETRY_AFTER: ReadonlyMap<number, string> = new Map([
  [429, '2'],
  [503, '2'],
  [507, '30'],
]);

/** The header that says when to come back, where an answer that these issues end has one. */
export function retryAfterOf(issues: readonly Issue[]): Readonly<Record<string, string>> {
  const seconds = RETRY_AFTER.get(statusOf(issues));
  return seconds === undefined ? {} : { 'retry-after': issues[0]?.parameters['seconds'] ?? seconds };
}
