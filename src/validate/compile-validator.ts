import type { Definitions } from '../fhir/definitions.ts';
import type { Resource } from '../fhir/resource.ts';
import { Bug } from '../issue/issue-error.ts';
import { Shapes } from './compile-shape.ts';
import { expressionCompiler } from './expression.ts';
import { invariantCompiler } from './invariant.ts';
import { frameOf } from './frame.ts';
import { Profiles } from './profiles.ts';
import { Walk } from './walk.ts';
import { walkResource } from './walk-resource.ts';
import type { Validator } from './validator.ts';

/** A validator over definitions. Types and profiles are compiled when first met; nothing is fetched. */
export function compileValidator(definitions: Definitions): Validator {
  const compileInvariant = invariantCompiler(expressionCompiler(definitions));
  const shapes = new Shapes(definitions, compileInvariant);
  const profiles = new Profiles(definitions, compileInvariant);
  const sibling = shapes.of('Element');
  if (sibling === undefined) throw new Bug('The definitions have no type Element');
  const { resourceTypes } = definitions;
  return {
    validate(resource, options = {}) {
      const type = (resource as { resourceType?: unknown } | null)?.resourceType;
      const walk = new Walk(
        frameOf(resource, undefined, undefined),
        typeof type === 'string' && resourceTypes.has(type) ? type : 'Resource',
      );
      walkResource(resource, walk, {
        resourceTypes,
        shapeOf: (name) => shapes.of(name),
        sibling,
        afterResource(value, at) {
          const claimed = (value as Partial<Resource>).meta?.profile;
          const asked = value === resource ? (options.profiles ?? []) : [];
          const addresses = new Set<unknown>([...(Array.isArray(claimed) ? claimed : []), ...asked]);
          for (const profile of addresses) {
            if (typeof profile === 'string' && !profiles.check(profile, value, at)) at.report('profile-unknown', { profile });
          }
        },
      });
      return walk.issues;
    },
  };
}
