import { instancesNamed, objectOf } from './instance.ts';
import { resolveReference } from './reference.ts';
import type { Instance } from './rules.ts';
import type { Walk } from './walk.ts';

/** One step of a discriminator's path. */
export type Step =
  | { readonly kind: 'child'; readonly name: string }
  | { readonly kind: 'extension'; readonly url: string }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'resolve' };

const STEP = /^(?:(\$this)|resolve\(\)|extension\('([^']*)'\)|ofType\((\w+)\)|(\w+)(?:\[x\])?)(?:\.|$)/;

/**
 * The steps of a discriminator's path; undefined when it is not of the subset that R4 allows.
 *
 * Shape: code.coding.system; $this; resolve(); extension('http://x').value; value.ofType(Coding).code
 * Source: FHIR R4 ElementDefinition.slicing.discriminator.path, the restricted FHIRPath
 */
export function parseDiscriminatorPath(path: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const found = STEP.exec(rest);
    if (found === null) return undefined;
    const [all, self, url, type, name] = found;
    if (url !== undefined) steps.push({ kind: 'extension', url });
    else if (type !== undefined) steps.push({ kind: 'type', type });
    else if (name !== undefined) steps.push({ kind: 'child', name });
    else if (self === undefined) steps.push({ kind: 'resolve' });
    rest = rest.slice(all.length);
  }
  return steps;
}

function next(instance: Instance, step: Step, walk: Walk): Instance[] {
  switch (step.kind) {
    case 'child':
      return instancesNamed(objectOf(instance), step.name);
    case 'extension':
      return instancesNamed(objectOf(instance), 'extension').filter((one) => objectOf(one).url === step.url);
    case 'type': {
      const kind = instance.type ?? (objectOf(instance).resourceType as string | undefined);
      return kind === undefined || kind.toLowerCase() === step.type.toLowerCase() ? [instance] : [];
    }
    case 'resolve': {
      const value = resolveReference(instance.value, walk.frame);
      return value === undefined ? [] : [{ value, sibling: undefined, index: -1, type: undefined }];
    }
  }
}

/** The values that steps lead to. */
export function follow(instance: Instance, steps: readonly Step[], walk: Walk): Instance[] {
  let found = [instance];
  for (const step of steps) found = found.flatMap((one) => next(one, step, walk));
  return found;
}
