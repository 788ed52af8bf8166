import type { CapabilityStatement, CapabilityStatementRestResource, CapabilityStatementRestResourceOperation } from 'fhir/r4.js';
import { MATRIX } from '../access/matrix.ts';
import { compartmentDefinition } from '../compartment-types.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Route } from '../route.ts';
import type { Target } from '../route.ts';
import { RESULT_PARAMETERS } from '../search-request/result-parameters.ts';
import { findParameter } from '../search-request/search-scope.ts';

/** The interactions CapabilityStatement has codes for, on a type and on the system. */
const ON_TYPE = new Set(['read', 'vread', 'update', 'patch', 'delete', 'history-instance', 'history-type', 'create', 'search-type']);
const ON_SYSTEM = new Map([
  ['batch', ['transaction', 'batch']],
  ['search-system', ['search-system']],
  ['history-system', ['history-system']],
]);

/** Operations that another guide than R4 defines, by their path. */
const BULK = new Map(
  [
    ['$export', 'export'],
    ['Patient/$export', 'patient-export'],
    ['Group/{id}/$export', 'group-export'],
  ].map(([path, name]) => [path, `http://hl7.org/fhir/uv/bulkdata/OperationDefinition/${name}`]),
);

/** What Bulk Data asks a server to say of itself. */
const BULK_DATA = 'http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data';

/** Operations no guide defines, by their name. */
const OWN = new Map([['$index-state', 'urn:chartbridge:operation:index-state']]);

/** Where a login is needed; how it goes is at .well-known/smart-configuration. */
const SMART = { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' };

const texts = new WeakMap<Context['router'], { readonly json: string; readonly revision: number | undefined }>();

/** GET metadata: what is served, made from the table of routes and the search parameters there are. */
export async function capabilities(_request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  const { revision } = context.definitions;
  const kept = texts.get(context.router);
  const json = kept !== undefined && kept.revision === revision ? kept.json : (resourceReply(capabilityStatement(context)).json as string);
  texts.set(context.router, { json, revision });
  return { status: 200, headers: {}, json };
}

/** The CapabilityStatement of a table of routes. */
function capabilityStatement(context: Context): CapabilityStatement {
  const { settings, router, definitions } = context;
  const routes = [...router.routes];
  const limits =
    `Limits: bodies of ${settings.maxBodyBytes} bytes, nested ${settings.maxDepth} deep; ${settings.maxEntries} entries in a bundle; ` +
    `_count up to ${settings.maxCount} (default ${settings.defaultCount}); ${settings.maxValues} values in a search; ` +
    `${settings.maxChain} references in a chain. Unknown search parameters are left out and named unless Prefer: handling=strict.`;
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: context.now().toISOString(),
    kind: 'instance',
    ...(context.jobs === undefined ? {} : { instantiates: [BULK_DATA] }),
    software: { name: 'Chartbridge' },
    implementation: { description: 'Chartbridge HL7 v2 to FHIR gateway', url: settings.baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'application/fhir+xml'],
    patchFormat: ['application/json-patch+json', 'application/fhir+json', 'application/fhir+xml'],
    rest: [
      {
        mode: 'server',
        documentation: limits,
        ...(settings.requiresAccessToken === true ? { security: { service: [{ coding: [SMART] }] } } : {}),
        resource: [...definitions.resourceTypes].map((type) => resourceOf(type, routes, context)),
        operation: operations(routes, (path) => path.startsWith('$')),
        interaction: names(routes)
          .flatMap((name) => ON_SYSTEM.get(name) ?? [])
          .map((code) => ({ code: code as 'transaction' })),
        searchParam: searchParams([], context),
        compartment: routesOf(routes, 'search-compartment').flatMap(
          (path) => compartmentDefinition(path.split('/')[0] as string, definitions)?.url ?? [],
        ),
      },
    ],
  };
}

function resourceOf(type: string, routes: readonly Route[], context: Context): CapabilityStatementRestResource {
  // the trail alone writes these
  const isWritten = type !== 'AuditEvent';
  const references = context.definitions.searchParameters(type).filter((parameter) => parameter.type === 'reference');
  return {
    type: type as CapabilityStatementRestResource['type'],
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    interaction: names(routes)
      .filter((name) => ON_TYPE.has(name) && (isWritten || MATRIX.get(name)?.writes !== true))
      .map((code) => ({ code: code as 'read' })),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: isWritten,
    conditionalCreate: isWritten,
    conditionalRead: 'full-support',
    conditionalUpdate: isWritten,
    conditionalDelete: isWritten ? (context.settings.multipleDelete ? 'multiple' : 'single') : 'not-supported',
    searchInclude: ['*', ...references.map(({ code }) => `${type}:${code}`)],
    searchRevInclude: ['*'],
    searchParam: searchParams([type], context),
    operation: operations(routes, (path) => path.startsWith('{type}/') || path.startsWith(`${type}/`)),
  };
}

/** Those that a search of the type really takes. */
function searchParams(types: readonly string[], context: Context): NonNullable<CapabilityStatementRestResource['searchParam']> {
  const { definitions } = context;
  const defined = definitions
    .searchParameters(types[0] ?? 'Resource')
    .filter(({ code }) => code === '_id' || code === '_lastUpdated' || findParameter(types, code, definitions) !== undefined)
    .map(({ code, type, url }) => ({ name: code, definition: url, type }));
  return [
    ...defined,
    ...[...Object.keys(RESULT_PARAMETERS), '_has'].map((name) => ({ name, type: 'special' as const })),
    { name: '_list', type: 'token' as const },
  ];
}

function operations(routes: readonly Route[], here: (path: string) => boolean): CapabilityStatementRestResourceOperation[] {
  const found = new Map<string, CapabilityStatementRestResourceOperation>();
  for (const { name, path } of routes) {
    if (!name.startsWith('$') || !here(path)) continue;
    const subject = path.startsWith('{type}/') || path.startsWith('$') ? 'Resource' : (path.split('/')[0] as string);
    found.set(name, {
      name: name.slice(1),
      definition: OWN.get(name) ?? BULK.get(path) ?? `http://hl7.org/fhir/OperationDefinition/${subject}-${name.slice(1)}`,
    });
  }
  return [...found.values()];
}

function names(routes: readonly Route[]): string[] {
  return [...new Set(routes.map(({ name }) => name))];
}

function routesOf(routes: readonly Route[], name: string): string[] {
  return routes.filter((route) => route.name === name && route.method === 'GET').map(({ path }) => path);
}
