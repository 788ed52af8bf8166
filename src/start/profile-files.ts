import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Config } from '../config.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { hasError, type Issue, issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { failure, type Result } from '../issue/result.ts';
import { loadPackages } from '../validate/package/load-packages.ts';
import { type FhirPackage, parsePackageArchive, parsePackageFiles } from '../validate/package/package.ts';

const INSTALLED = join(import.meta.dirname, '../..', 'profiles');
/** Chartbridge's own package, which is always loaded. */
const OWN = join(INSTALLED, 'chartbridge');

/** A package as it lies on the disk. */
export interface PackageFile {
  readonly path: string;
  readonly package: FhirPackage;
}

/** What a start has of packages: the definitions with them, and what is to be said of them. */
export interface LoadedProfiles {
  readonly definitions: Definitions;
  readonly packages: readonly PackageFile[];
  /** Warnings alone: what is wrong with a package stops the start. */
  readonly issues: readonly Issue[];
}

/** The settings with more packages behind those of PROFILES, as `--ig` names them. */
export function withPackages(config: Config, paths: readonly string[]): Config {
  return paths.length === 0 ? config : { ...config, PROFILES: [...pathsOf(config.PROFILES), ...paths].join(',') };
}

/** The folder that a new package is put into: the first folder of PROFILES. */
export function packageFolder({ PROFILES }: Pick<Config, 'PROFILES'>): string {
  return pathsOf(PROFILES).find((path) => existsSync(path) && statSync(path).isDirectory() && !isPackage(path)) ?? INSTALLED;
}

/**
 * The packages of the installation and of the settings, Chartbridge's own first.
 *
 * Fails: throws IssueError package-invalid, once for each package that cannot be read
 */
function readPackages({ PROFILES }: Pick<Config, 'PROFILES'>): PackageFile[] {
  const paths = [...new Set([OWN, ...pathsOf(PROFILES).flatMap(packagesAt)])];
  const issues: Issue[] = [];
  const packages = paths.flatMap((path): PackageFile[] => {
    const read = readPackage(path);
    if (read.ok) return [{ path, package: { ...read.value, examples: [] } }];
    issues.push(...read.issues);
    return [];
  });
  if (issues.length > 0) throw new IssueError(...issues);
  return packages;
}

/**
 * The definitions with those of every package. Search parameters of packages are left out: nothing stored is indexed by them.
 *
 * Fails: throws IssueError package-invalid
 */
export function readProfiles(definitions: Definitions, config: Pick<Config, 'PROFILES'>): LoadedProfiles {
  const packages = readPackages(config);
  const kept = packages.map((item) => ({
    ...item.package,
    definitions: item.package.definitions.filter(({ resourceType }) => resourceType !== 'SearchParameter'),
  }));
  const loaded = loadPackages(definitions, kept);
  if (hasError(loaded.issues)) throw new IssueError(...loaded.issues);
  return { ...loaded, packages };
}

/**
 * The profiles that made resources claim where they meet them, by type.
 *
 * Fails: throws IssueError setting-invalid (a profile that is not loaded claims nothing that can be true)
 */
export function readClaims(
  { CLAIM_PROFILES }: Pick<Config, 'CLAIM_PROFILES'>,
  definitions: Definitions,
): (type: string) => readonly string[] {
  const byType = new Map<string, string[]>();
  for (const profile of CLAIM_PROFILES.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]))) {
    const structure = definitions.structure(profile);
    if (structure?.derivation !== 'constraint' || structure.kind !== 'resource')
      throw new IssueError(
        issue('setting-invalid', { setting: 'CLAIM_PROFILES', reason: `${profile} is no profile of a resource that is loaded` }),
      );
    byType.set(structure.type, [...(byType.get(structure.type) ?? []), profile]);
  }
  return (type) => byType.get(type) ?? [];
}

/** One package: a folder or an archive. Fails: package-invalid */
export function readPackage(path: string): Result<FhirPackage> {
  if (!existsSync(path)) return failure(issue('package-invalid', { file: path, reason: 'there is no such file or folder' }));
  if (!statSync(path).isDirectory()) return parsePackageArchive(readFileSync(path), path);
  const root = existsSync(join(path, 'package', 'package.json')) ? join(path, 'package') : path;
  const files = globSync('**/*.json', { cwd: root }).map((name) => ({
    path: name.replaceAll('\\', '/'),
    bytes: readFileSync(join(root, name)),
  }));
  return parsePackageFiles(files, path);
}

function pathsOf(setting: string): string[] {
  const paths = setting.split(',').flatMap((path) => (path.trim() === '' ? [] : [path.trim()]));
  return paths.length === 0 ? [INSTALLED] : paths;
}

function isPackage(folder: string): boolean {
  return existsSync(join(folder, 'package.json')) || existsSync(join(folder, 'package', 'package.json'));
}

/** The packages that a path names: itself, or those in the folder it is. */
function packagesAt(path: string): string[] {
  if (!existsSync(path) || !statSync(path).isDirectory() || isPackage(path)) return [path];
  return globSync('*', { cwd: path })
    .sort()
    .map((name) => join(path, name))
    .filter((item) => (statSync(item).isDirectory() ? isPackage(item) : /\.(?:tgz|tar\.gz)$/.test(basename(item))));
}
