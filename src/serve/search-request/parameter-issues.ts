import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';

/** A value that is not what its parameter takes. The text names the parameter and the form, never the value. */
export function invalid(parameter: string, reason: string): IssueError {
  return new IssueError(issue('parameter-invalid', { parameter: shown(parameter), reason, expression: placeOf(parameter) }));
}

/** A parameter that the type does not have. */
export function unknown(parameter: string, type: string): IssueError {
  return new IssueError(
    issue('search-parameter-unknown', {
      parameter: shown(parameter),
      type: type === '' ? 'every type' : type,
      expression: placeOf(parameter),
    }),
  );
}

/** A parameter that is known and not yet searched by. */
export function stillIndexing(parameter: string): IssueError {
  return new IssueError(issue('search-parameter-indexing', { parameter: shown(parameter), expression: placeOf(parameter) }));
}

/** A modifier that is not one of the parameter's kind. */
export function unsupportedModifier(modifier: string, parameter: string): IssueError {
  return new IssueError(
    issue('search-modifier-unsupported', { modifier: shown(modifier), parameter: shown(parameter), expression: placeOf(parameter) }),
  );
}

/** A request that would cost too much. */
export function tooCostly(reason: string): IssueError {
  return new IssueError(issue('too-costly', { reason }));
}

/** Where a parameter is wrong. Source: FHIR R4 OperationOutcome.issue.location: for HTTP errors, http. and the name of the parameter */
export function placeOf(parameter: string): string {
  return `http.${shown(parameter).split(/[:.]/, 1)[0] ?? ''}`;
}

/** A name out of a request, as far as it is fit for a text. */
function shown(name: string): string {
  return /^[\w:.*-]{1,100}$/.test(name) ? name : '(a name with other characters)';
}
