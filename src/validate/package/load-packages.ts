import type { StructureDefinition } from 'fhir/r4.js';
import { withResources } from '../../fhir/compile-definitions.ts';
import type { Definition } from '../../fhir/definition-shelf.ts';
import type { Definitions } from '../../fhir/definitions.ts';
import { type Issue, issue } from '../../issue/issue.ts';
import type { FhirPackage } from './package.ts';
import { generateSnapshot } from './snapshot.ts';

/** R4 itself, which is always loaded. */
const CORE: ReadonlySet<string> = new Set(['hl7.fhir.r4.core', 'hl7.fhir.core', 'hl7.fhir.r4.expansions']);

/**
 * The definitions with those of packages, snapshots made where they are missing. Of two definitions with one address the later package's counts.
 *
 * Fails: package-dependency-missing (a warning: what it defines is not checked); profile-unusable (its base is not loaded)
 */
export function loadPackages(
  base: Definitions,
  packages: readonly FhirPackage[],
): { readonly definitions: Definitions; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const names = new Set(packages.map((item) => item.name));
  for (const { name, dependencies } of packages) {
    for (const [dependency, version] of Object.entries(dependencies)) {
      if (!names.has(dependency) && !CORE.has(dependency))
        issues.push(issue('package-dependency-missing', { package: name, dependency: `${dependency}#${version}` }));
    }
  }
  const all: Definition[] = packages.flatMap((item) => item.definitions);
  const raw = withResources(base, all);
  const made = new Map<string, StructureDefinition | undefined>();
  const whole = (url: string): StructureDefinition | undefined => {
    if (made.has(url)) return made.get(url);
    const structure = raw.structure(url);
    if (structure === undefined || structure.snapshot !== undefined) return structure;
    // A profile that is built on itself ends here.
    made.set(url, undefined);
    const generated = generateSnapshot(structure, whole);
    made.set(url, generated);
    return generated;
  };
  const resources = all.map((item) => {
    if (item.resourceType !== 'StructureDefinition' || item.snapshot !== undefined) return item;
    const generated = whole(item.url);
    if (generated === undefined) issues.push(issue('profile-unusable', { profile: item.url, base: item.baseDefinition ?? 'nothing' }));
    return generated ?? item;
  });
  return { definitions: withResources(base, resources), issues };
}
