import type { Address } from '../issue/address.ts';
import type { Issue } from '../issue/issue.ts';
import type { Resource } from '../fhir/resource.ts';
import type { Made } from '../map/translation.ts';
import type { Validator } from '../validate/validator.ts';
import type { Effect } from './apply.ts';

/** What is wrong with the resources a message is about to write. */
export function validationIssues(effects: readonly Effect[], validator: Validator): Issue[] {
  return effects
    .filter((effect) => effect.action !== 'unchanged')
    .flatMap(({ resource, settled }) => resourceIssues(resource, settled.made, validator));
}

/**
 * What is wrong with one resource a message makes, each fault at the v2 field the bad element came from, where the map knows it.
 * What a profile asks beyond R4 is a warning: the facts are worth keeping. What R4 itself only recommends (an extensible value set, a
 * display) is information for the operator, and nothing its sender could change.
 */
export function resourceIssues(resource: Resource, made: Pick<Made, 'origins' | 'from'>, validator: Validator): Issue[] {
  return validator
    .validate(resource)
    .filter((found) => found.id !== 'code-not-checked')
    .map((found) => ({ ...found, severity: severityOf(found), at: originOf(found.expression ?? '', made) }));
}

function severityOf(found: Issue): Issue['severity'] {
  if (found.id === 'profile-not-met') return 'warning';
  return found.severity === 'error' ? 'error' : 'information';
}

/** The place in the message of the nearest element around an expression whose origin is known; else the segment the resource was made from. */
function originOf(expression: string, made: Pick<Made, 'origins' | 'from'>): Address {
  for (let path = expression; path !== ''; path = path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0))) {
    const at = made.origins.get(path) ?? made.origins.get(path.replace(/\[\d+\]/g, ''));
    if (at !== undefined) return at;
  }
  return made.from;
}
