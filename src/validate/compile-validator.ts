import type { Definitions } from '../fhir/definitions.ts';
import type { Resource } from '../fhir/resource.ts';
import { Bug } from '../issue/issue-error.ts';
import { compileAdvice } from './advice.ts';
import { Shapes } from './compile-shape.ts';
import { expressionCompiler } from './expression.ts';
import { extensionCheck } from './extension-check.ts';
import { frameOf } from './frame.ts';
import { invariantCompiler } from './invariant.ts';
import { Profiles } from './profiles.ts';
import type { Validator } from './validator.ts';
import { Walk } from './walk.ts';
import { walkResource } from './walk-resource.ts';

/** A validator over definitions. Types and profiles are compiled when first met; nothing is fetched. */
export function compileValidator(definitions: Definitions): Validator {
  const compileInvariant = invariantCompiler(expressionCompiler(definitions));
  const shapes = new Shapes(definitions, compileInvariant);
  const profiles = new Profiles(definitions, compileInvariant);
  const sibling = shapes.of('Element');
  if (sibling === undefined) throw new Bug('The definitions have no type Element');
  const { resourceTypes } = definitions;
  const shared = {
    resourceTypes,
    shapeOf: (name: string) => shapes.of(name),
    sibling,
    advise: compileAdvice(definitions),
    checkExtension: extensionCheck(definitions, profiles),
  };
  const walkOf = (resource: unknown): Walk => {
    const type = (resource as { resourceType?: unknown } | null)?.resourceType;
    const start = typeof type === 'string' && resourceTypes.has(type) ? type : 'Resource';
    return new Walk(frameOf(resource, undefined, undefined), start, resourceTypes);
  };
  return {
    meets: (resource, profile) => profiles.meets(profile, resource, walkOf(resource)),
    validate(resource, options = {}) {
      const walk = walkOf(resource);
      walkResource(resource, walk, {
        ...shared,
        afterResource(value, at) {
          const claimed = options.claims === false ? undefined : (value as Partial<Resource>).meta?.profile;
          const asked = value === resource ? (options.profiles ?? []) : [];
          const addresses = new Set<unknown>([...(Array.isArray(claimed) ? claimed : []), ...asked]);
          for (const profile of addresses) {
            if (typeof profile === 'string' && !profiles.check(profile, value, at)) at.report('profile-unknown', { profile });
          }
        },
      });
      return walk.finish();
    },
  };
}
