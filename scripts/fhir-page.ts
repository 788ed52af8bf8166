import type { SearchParameter } from 'fhir/r4.js';
import type { Definitions } from '../src/fhir/definitions.ts';
import { CONTENT_TYPES, MESSAGE_TYPES } from '../src/serve/http/media-type.ts';
import { EXPORT_PARAMETERS } from '../src/serve/operations/export-parameters.ts';
import { ROUTES } from '../src/serve/routes.ts';
import { MODIFIERS } from '../src/serve/search-request/modifiers.ts';
import { PREFIXES } from '../src/serve/search-request/prefixed-value.ts';
import { RESULT_PARAMETERS, SPECIAL_PARAMETERS } from '../src/serve/search-request/result-parameters.ts';
import { findParameter } from '../src/serve/search-request/search-scope.ts';
import { DEFAULT_SETTINGS } from '../src/serve/settings.ts';

/** One line of the list of features. */
export interface Feature {
  readonly section: string;
  /** Unique in the page; a test stands behind it by this name. */
  readonly name: string;
  readonly what: string;
}

/** What the headers of a request do. */
const HEADERS: Readonly<Record<string, string>> = {
  'If-Match': 'a write is done only on this version: 412 when another was faster',
  'If-None-Match': 'a read is 304 for who has the version; `*` on an update only creates',
  'If-None-Exist': 'a create is done only where nothing matches',
  'If-Modified-Since': 'a read is 304 where nothing changed since, to the second',
  'Prefer: return': '`minimal`, `representation`, `OperationOutcome`',
  'Prefer: handling':
    '`lenient` (default) leaves unknown search parameters out and names them; `strict` refuses them, and any parameter that a read or an operation does not take',
  'Prefer: respond-async':
    'a batch, a search, a history of a type or of everything, `$everything`: 202, and the answer is fetched later, as that of an export is; all else is answered at once',
  Accept: 'JSON or XML, by quality; `_format` goes before it',
  'Accept of a Binary': 'no format of FHIR: the content as it is, to be saved and never run',
  'Content-Type of a Binary': 'no format of FHIR: what is sent is kept as it is; `X-Security-Context` says whose it is',
  'Accept-Encoding': 'gzip',
  'Content-Encoding': 'gzip; the limit counts what comes out',
};

const LIMITS: Readonly<Record<string, string>> = {
  maxBodyBytes: 'bytes of a body, after decompression (413)',
  maxUrlLength: 'characters of an address (414)',
  maxDepth: 'objects and arrays inside one another',
  maxEntries: 'entries of a bundle (413)',
  maxCount: 'matches on a page',
  defaultCount: 'matches on a page where `_count` is not given',
  maxValues: 'values in a search; a date, a number, a quantity, a text or a chain counts as five (too-costly)',
  maxParameters: 'parameters of a search (too-costly)',
  maxChain: 'references followed by a chain (too-costly)',
};

const BODIES: Readonly<Record<(typeof ROUTES)[number]['body'], string>> = {
  none: '',
  resource: 'a resource',
  patch: 'JSON Patch, or FHIRPath Patch as Parameters',
  form: 'a form',
  optional: 'Parameters or a resource, or nothing',
  message: `an HL7 v2 message (${[...MESSAGE_TYPES][0]}) or a resource`,
};

/** Every feature of the FHIR API, out of the tables the code runs on. */
export function fhirFeatures(definitions: Definitions): Feature[] {
  const kinds = new Map<string, number>();
  for (const [, list] of parametersByType(definitions)) for (const { type } of list) kinds.set(type, (kinds.get(type) ?? 0) + 1);
  const routes = ROUTES.map((route): Feature => {
    const compartment = route.name === 'search-compartment' ? route.path.replace(/^\w+/, '{compartment}') : route.path;
    return {
      section: 'Interactions and operations',
      name: `${route.method} /${compartment}`,
      what: [route.name, BODIES[route.body]].filter((part) => part !== '').join('; '),
    };
  });
  const all: Feature[] = [
    ...routes,
    ...[...kinds].map(([kind, count]) => ({ section: 'Kinds of search parameter', name: kind, what: `${count} parameters of types` })),
    ...PREFIXES.map((prefix) => ({ section: 'Prefixes', name: prefix, what: 'of date, number and quantity' })),
    ...Object.entries(MODIFIERS).flatMap(([kind, modifiers]) =>
      modifiers.map((modifier) => ({ section: 'Modifiers', name: `${kind}:${modifier}`, what: '' })),
    ),
    {
      section: 'Chains',
      name: 'subject.name, subject:Patient.name',
      what: 'through several references; the types that have the rest are tried',
    },
    ...Object.entries(SPECIAL_PARAMETERS).map(([name, what]) => ({ section: 'Search parameters of every type', name, what })),
    ...definitions
      .searchParameters('Resource')
      .filter(({ code }) => taken([], code, definitions))
      .map(({ code, type }) => ({ section: 'Search parameters of every type', name: code, what: type })),
    ...Object.entries(RESULT_PARAMETERS).map(([name, what]) => ({ section: 'Result parameters', name, what })),
    ...Object.entries(EXPORT_PARAMETERS).map(([name, what]) => ({ section: 'Parameters of `$export`', name: `$export?${name}`, what })),
    ...Object.entries(HEADERS).map(([name, what]) => ({ section: 'Headers', name, what })),
    ...Object.values(CONTENT_TYPES).map((name) => ({ section: 'Formats', name, what: 'in and out; `_pretty=true`' })),
    ...Object.entries(LIMITS).map(([name, what]) => ({
      section: 'Limits',
      name: `${name} ${String(DEFAULT_SETTINGS[name as 'maxDepth'])}`,
      what,
    })),
  ];
  const names = new Set<string>();
  return all.filter(({ name }) => !names.has(name) && names.add(name));
}

/** docs/fhir.md */
export function fhirPage(definitions: Definitions): string {
  const features = fhirFeatures(definitions);
  const sections = [...new Set(features.map(({ section }) => section))].map((section) => {
    const rows = features.filter((feature) => feature.section === section).map(({ name, what }) => `| \`${name}\` | ${what} |`);
    return `## ${section}\n\n| feature | what |\n| --- | --- |\n${rows.join('\n')}\n`;
  });
  const types = parametersByType(definitions).map(
    ([type, list]) => `| ${type} | ${list.map(({ code, type: kind }) => `\`${code}\` ${kind}`).join(', ')} |`,
  );
  return (
    '# The FHIR API\n\nFHIR R4 at `/fhir`, on every store. `GET /fhir/metadata` says the same to machines. A test stands behind each line.\n' +
    '(Generated from the tables the code runs on by `npm run docs`.)\n\n' +
    `${sections.join('\n')}\n## Search parameters by type\n\nBeside those of every type. Not searched: \`_text\`, \`_content\`, \`_query\`, \`_filter\`, \`near\`.\n\n` +
    'A SearchParameter with status active is one more, at run time. Until what is stored has been looked through for its values, and a sample ' +
    'counted again, it is not searched by: `SearchParameter/[id]/$index-state` says `declared`, `indexing` or `active`, and how many resources ' +
    'are done. Of several gateways over one store one looks through at a time; each looks for new parameters every two seconds, and the work ' +
    'begins four seconds after one was met. Within these seconds another gateway still calls a new parameter unknown, and answers by one that was ' +
    'taken back or changed only as long as its answer is whole: then with 503. (Their clocks must not differ by more than a second.)\n\nA quantity in a unit of UCUM is compared in base units, but for `ap` in a unit that is no mere multiple (degrees ' +
    'Celsius), and as a part of a composite: there it is compared in the unit as written.\n\n' +
    `| type | parameters |\n| --- | --- |\n${types.join('\n')}\n`
  );
}

function parametersByType(definitions: Definitions): [string, readonly SearchParameter[]][] {
  const common = new Set(definitions.searchParameters('Resource').map(({ code }) => code));
  return [...definitions.resourceTypes].map((type) => [
    type,
    definitions.searchParameters(type).filter(({ code }) => !common.has(code) && taken([type], code, definitions)),
  ]);
}

function taken(types: readonly string[], code: string, definitions: Definitions): boolean {
  return code === '_id' || code === '_lastUpdated' || findParameter(types, code, definitions) !== undefined;
}
