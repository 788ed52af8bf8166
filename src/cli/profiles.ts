import { cpSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stderr, stdout } from 'node:process';
import { type Config, readConfig } from '../config.ts';
import { readDefinitions } from '../start/definitions-file.ts';
import { textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { packageFolder, readPackage, readProfiles, withPackages } from '../start/profile-files.ts';
import { type FhirPackage, parsePackageArchive } from '../validate/package/package.ts';
import { meetsVersion } from '../validate/package/version.ts';
import { fetchPackage } from './package-registry.ts';
import { takePackages } from './package-words.ts';

const USAGE = 'chartbridge profiles list [--ig PATH] | add PATH | add NAME@VERSION [--registry URL]\n';
const REGISTRY = 'https://packages.fhir.org';
/** R4 itself is always there. */
const ALWAYS_THERE = new Set(['hl7.fhir.r4.core', 'hl7.fhir.core', 'hl7.fhir.r4.expansions', 'hl7.fhir.r4.examples']);

/** `chartbridge profiles`: which FHIR packages are loaded, and one more. 0 when done, 1 when a package is no good, 2 when asked wrongly. */
export async function profiles(words: string[]): Promise<number> {
  const { packages, rest } = takePackages(words);
  const [action, what, ...more] = rest;
  const config = readConfig();
  try {
    if (!config.ok) throw new IssueError(...config.issues);
    if (action === 'list' && what === undefined) return list(withPackages(config.value, packages));
    const registry = more[0] === '--registry' && more[1] !== undefined ? more[1] : REGISTRY;
    const isNamed = what !== undefined && /^[a-z][\w.-]*@[\w.-]+$/i.test(what);
    if (action === 'add' && isNamed) return await addFromRegistry(what, registry, config.value);
    if (action === 'add' && what !== undefined) return addFromPath(what, config.value);
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    for (const item of error.issues) stderr.write(`chartbridge: ${textOf(item)}\n`);
    return 1;
  }
  stderr.write(USAGE);
  return 2;
}

function list(config: Config): number {
  const { packages, issues } = readProfiles(readDefinitions(), config);
  for (const { path, package: one } of packages) {
    const count = one.definitions.filter(({ resourceType }) => resourceType === 'StructureDefinition').length;
    stdout.write(`${`${one.name}@${one.version}`.padEnd(40)} ${String(count).padStart(5)} structures  ${path}\n`);
  }
  for (const item of issues) stdout.write(`  ${textOf(item)}\n`);
  return 0;
}

function addFromPath(path: string, config: Config): number {
  const read = readPackage(path);
  if (!read.ok) throw new IssueError(...read.issues);
  const isFolder = statSync(path).isDirectory();
  const target = placeOf(read.value, config) + (isFolder ? '' : '.tgz');
  cpSync(path, target, { recursive: isFolder });
  told(read.value, target);
  return 0;
}

/** A package and what it builds on, each once; what is loaded already is not fetched again. */
async function addFromRegistry(named: string, registry: string, config: Config): Promise<number> {
  const there = readProfiles(readDefinitions(), config).packages.map((item) => item.package);
  const wanted = [named.split('@') as [string, string]];
  for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
    const [name, version] = next;
    const isThere = ALWAYS_THERE.has(name) || there.some((one) => one.name === name && meetsVersion(one.version, version));
    if (isThere) continue;
    const archive = await fetchPackage(registry, name, version);
    const read = parsePackageArchive(archive, `${name}@${version}`);
    if (!read.ok) throw new IssueError(...read.issues);
    const target = `${placeOf(read.value, config)}.tgz`;
    writeFileSync(target, archive);
    told(read.value, target);
    there.push(read.value);
    wanted.push(...Object.entries(read.value.dependencies));
  }
  return 0;
}

/** Where a package is kept, without an ending. A name out of an archive makes no path of its own. */
function placeOf({ name, version }: FhirPackage, config: Config): string {
  return join(packageFolder(config), `${name}-${version}`.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_'));
}

function told({ name, version }: FhirPackage, target: string): void {
  stdout.write(`${name}@${version} is in ${target}\n`);
}
