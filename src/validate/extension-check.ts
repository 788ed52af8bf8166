import type { StructureDefinition } from 'fhir/r4.js';
import type { Definitions } from '../fhir/definitions.ts';
import type { ProfileCheck } from './rules.ts';
import type { Walk } from './walk.ts';

type Value = Readonly<Record<string, unknown>>;

/** Holds an extension against its definition, where that is loaded. The walk stands at the extension. */
export type CheckExtension = (extension: Value, isModifier: boolean, walk: Walk) => void;

/** Whether an extension may stand at any of the paths that lead to its place. */
function fits(structure: StructureDefinition, paths: ReadonlySet<string>, outer: unknown): boolean {
  const contexts = structure.context ?? [];
  return (
    contexts.length === 0 ||
    contexts.some(({ type, expression }) => {
      if (type === 'extension') return outer === expression;
      // An expression asks for more than the place; it is not ours to say no.
      return type === 'fhirpath' || expression === 'Element' || expression.includes('/') || paths.has(expression);
    })
  );
}

/**
 * Extensions by their definitions: place, content, and that those which change the meaning stand where readers must look.
 * One that is not known is nobody's fault, but in modifierExtension it is said: a reader may not pass over it.
 *
 * Source: FHIR R4 extensibility, 2.4.0.2
 */
export function extensionCheck(definitions: Definitions, profiles: ProfileCheck): CheckExtension {
  return (extension, isModifier, walk) => {
    const { url } = extension;
    if (typeof url !== 'string') return;
    // Parts of an extension have urls without a scheme; their definition is that of the whole.
    const structure = url.includes(':') ? definitions.structure(url) : undefined;
    if (structure === undefined || structure.type !== 'Extension') {
      if (isModifier) walk.report('profile-unknown', { profile: url });
      return;
    }
    const rules: string[] = [];
    if (!fits(structure, walk.containerPaths(), walk.outerExtensionUrl)) rules.push('the extension is not for this element');
    const changesMeaning = structure.snapshot?.element[0]?.isModifier === true;
    if (changesMeaning !== isModifier) {
      rules.push(
        changesMeaning
          ? 'the extension changes the meaning and belongs in modifierExtension'
          : 'the extension changes no meaning and belongs in extension',
      );
    }
    for (const rule of rules) walk.reportNew(walk.location(), 'profile-not-met', { profile: url, rule });
    profiles.check(url, extension, walk);
  };
}
