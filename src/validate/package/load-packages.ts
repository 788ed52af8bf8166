import type { StructureDefinition } from 'fhir/r4.js';
import { withResources } from '../../fhir/compile-definitions.ts';
import type { Definition } from '../../fhir/definition-shelf.ts';
import type { Definitions } from '../../fhir/definitions.ts';
import { type Issue, issue } from '../../issue/issue.ts';
import type { FhirPackage } from './package.ts';
import { generateSnapshot } from './snapshot.ts';
import { compareVersions, meetsVersion } from './version.ts';

/** R4 itself, which is always loaded. */
const CORE: ReadonlySet<string> = new Set(['hl7.fhir.r4.core', 'hl7.fhir.core', 'hl7.fhir.r4.expansions']);

/**
 * The definitions with those of packages, snapshots made where they are missing. Of two definitions with one address the later package's
 * counts, and of two versions of one package the newer, unless the address is asked for with its version. What R4 itself defines a type to
 * be is never replaced.
 *
 * Fails: package-dependency-missing (a warning: what it defines is not checked); profile-unusable (its base is not loaded)
 */
export function loadPackages(
  base: Definitions,
  packages: readonly FhirPackage[],
): { readonly definitions: Definitions; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const sorted = [...Map.groupBy(packages, (item) => item.name).values()].flatMap((same) =>
    same.toSorted((one, other) => compareVersions(one.version, other.version)),
  );
  for (const { name, dependencies } of sorted) {
    for (const [dependency, version] of Object.entries(dependencies)) {
      const isThere = packages.some((item) => item.name === dependency && meetsVersion(item.version, version));
      if (!isThere && !CORE.has(dependency))
        issues.push(issue('package-dependency-missing', { package: name, dependency: `${dependency}#${version}` }));
    }
  }
  const all: Definition[] = sorted.flatMap((item) => item.definitions.filter((one) => !isTypeOfBase(one, base)));
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

function isTypeOfBase(definition: Definition, base: Definitions): boolean {
  if (definition.resourceType !== 'StructureDefinition') return false;
  const known = base.structure(definition.url);
  return known !== undefined && known.derivation !== 'constraint';
}
