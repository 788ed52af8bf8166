/** Words that name no version: whatever is there will do. */
const ANY = new Set(['latest', 'current', 'dev', '*', '']);

/**
 * Whether a package's version is what another asks for.
 *
 * Shape: meetsVersion('6.1.0', '6.1.x') and meetsVersion('6.1.0', '6.1.0') are true, meetsVersion('7.0.0', '6.1.x') is not
 * Source: FHIR NPM package specification, dependencies: exact versions, or x for a part
 */
export function meetsVersion(version: string, wanted: string): boolean {
  if (ANY.has(wanted)) return true;
  const parts = version.split('.');
  const asked = wanted.split('.');
  return (
    asked.every((part, at) => part === 'x' || part === '*' || part === parts[at]) && (asked.includes('x') || asked.length === parts.length)
  );
}

/** The order of versions: numbers by size, a label after a hyphen before the version itself. Shape: 6.1.0-ballot, 6.1.0, 6.10.0 */
export function compareVersions(one: string, other: string): number {
  const [own = '', label] = one.split(/-(.*)/s);
  const [theirs = '', theirLabel] = other.split(/-(.*)/s);
  const byNumbers = own.localeCompare(theirs, 'en', { numeric: true });
  if (byNumbers !== 0) return byNumbers;
  if (label === undefined || theirLabel === undefined) return Number(label === undefined) - Number(theirLabel === undefined);
  return label.localeCompare(theirLabel, 'en', { numeric: true });
}
