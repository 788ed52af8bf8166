import { gunzipSync } from 'node:zlib';
import type { Definition } from '../../fhir/definition-shelf.ts';
import type { Resource } from '../../fhir/resource.ts';
import { issue } from '../../issue/issue.ts';
import { type Result, failure, success } from '../../issue/result.ts';
import { type ArchivedFile, readTar } from './tar.ts';

/** A FHIR package: definitions of one publisher under one version. */
export interface FhirPackage {
  readonly name: string;
  readonly version: string;
  /** Package names with the versions it was made against. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly definitions: readonly Definition[];
  readonly examples: readonly Resource[];
}

/** The largest archive unpacked. US Core is 12 MB; the terminology package of HL7 150 MB. */
const MAX_UNPACKED_BYTES = 400_000_000;
const KINDS: ReadonlySet<string> = new Set([
  'StructureDefinition',
  'SearchParameter',
  'CompartmentDefinition',
  'CodeSystem',
  'ValueSet',
  'ConceptMap',
]);
/** Prose for people that no check reads; it is three quarters of a package. */
const PROSE = new Set(['definition', 'comment', 'requirements', 'mapping', 'example', 'alias', 'meaningWhenMissing']);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The package in a .tgz archive.
 *
 * Fails: package-invalid
 */
export function parsePackageArchive(archive: Uint8Array, name: string): Result<FhirPackage> {
  let tar: Uint8Array;
  try {
    tar = gunzipSync(archive, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    return failure(issue('package-invalid', { file: name, reason: 'it is not a gzip archive, or unpacks to more than the limit' }));
  }
  const files = readTar(tar, name);
  return files.ok ? parsePackageFiles(files.value, name) : files;
}

/**
 * The package in files as they lie in its folder, with or without the folder `package` above them.
 *
 * Fails: package-invalid
 */
export function parsePackageFiles(files: readonly ArchivedFile[], name: string): Result<FhirPackage> {
  const definitions: Definition[] = [];
  const examples: Resource[] = [];
  let manifest: { name?: unknown; version?: unknown; dependencies?: unknown; fhirVersions?: unknown } | undefined;
  for (const file of files) {
    const path = file.path.replace(/^(?:\.\/)?(?:package\/)?/, '');
    if (!path.endsWith('.json') || path.startsWith('.') || path.startsWith('other/') || path.startsWith('openapi/')) continue;
    let content: unknown;
    try {
      content = JSON.parse(utf8.decode(file.bytes));
    } catch {
      return failure(issue('package-invalid', { file: `${name}: ${path}`, reason: 'it is not JSON' }));
    }
    if (path === 'package.json') manifest = content as { name?: unknown };
    else if (isResource(content)) {
      const isExample = path.startsWith('example/') || path.startsWith('examples/');
      if (isExample) examples.push(content);
      else if (KINDS.has(content.resourceType)) definitions.push(withoutProse(content) as unknown as Definition);
    }
  }
  if (typeof manifest?.name !== 'string' || typeof manifest.version !== 'string') {
    return failure(issue('package-invalid', { file: name, reason: 'package.json with a name and a version is missing' }));
  }
  const releases: readonly unknown[] = Array.isArray(manifest.fhirVersions) ? manifest.fhirVersions : [];
  if (releases.length > 0 && !releases.some((release) => String(release).startsWith('4.0'))) {
    return failure(issue('package-invalid', { file: name, reason: 'it is for another release of FHIR than R4' }));
  }
  const dependencies = isStringRecord(manifest.dependencies) ? manifest.dependencies : {};
  return success({ name: manifest.name, version: manifest.version, dependencies, definitions, examples });
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && typeof (value as Resource).resourceType === 'string';
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string');
}

/** A definition without its narrative and the prose of its elements. */
function withoutProse(resource: Resource): Resource {
  const { text: _text, mapping: _mapping, ...kept } = resource;
  for (const part of ['snapshot', 'differential']) {
    const view = kept[part] as { element?: Record<string, unknown>[] } | undefined;
    if (!Array.isArray(view?.element)) continue;
    const element = view.element.map((one) => Object.fromEntries(Object.entries(one).filter(([key]) => !PROSE.has(key))));
    kept[part] = { ...view, element };
  }
  return kept;
}
