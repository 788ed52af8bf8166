import type { Address } from '../issue/address.ts';
import type { Issue } from '../issue/issue.ts';
import type { Validator } from '../validate/validator.ts';
import type { Effect } from './apply.ts';

/**
 * What is wrong with the resources a message makes, each at the v2 field the bad element came from, where the map knows it.
 * Only what is about to be written is looked at; what a profile asks beyond R4 is a warning.
 */
export function validationIssues(effects: readonly Effect[], validator: Validator): Issue[] {
  return effects
    .filter((effect) => effect.action !== 'unchanged')
    .flatMap(({ resource, settled }) =>
      validator
        .validate(resource)
        .filter((found) => found.severity !== 'information')
        .map((found) =>
          located(found.id === 'profile-not-met' ? { ...found, severity: 'warning' } : found, settled.made.origins, settled.made.from),
        ),
    );
}

/** The issue at the nearest element around it whose origin is known; else at the segment the resource was made from. */
function located(found: Issue, origins: ReadonlyMap<string, Address>, from: Address): Issue {
  let path = found.expression ?? '';
  while (path !== '') {
    const at = origins.get(path) ?? origins.get(path.replace(/\[\d+\]/g, ''));
    if (at !== undefined) return { ...found, at };
    path = path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('[') > path.lastIndexOf('.') ? path.lastIndexOf('[') : 0, 0));
  }
  return { ...found, at: from };
}
