import { capabilities } from './interactions/capabilities.ts';
import { create } from './interactions/create.ts';
import { conditionalDelete, remove } from './interactions/delete.ts';
import { historyInstance, historySystem, historyType } from './interactions/history.ts';
import { conditionalPatch, patch } from './interactions/patch.ts';
import { read, readVersion } from './interactions/read.ts';
import { searchCompartment, searchSystem, searchType } from './interactions/search.ts';
import { conditionalUpdate, update } from './interactions/update.ts';
import { bundle } from './bundle/bundle.ts';
import { convert } from './operations/convert.ts';
import { document } from './operations/document.ts';
import { everything } from './operations/everything.ts';
import { exportCancel, exportFile, exportGroup, exportPatients, exportStatus, exportSystem, JOBS } from './operations/export.ts';
import { expand, expandInstance } from './operations/expand.ts';
import { indexState } from './operations/index-state.ts';
import { lookup } from './operations/lookup.ts';
import { merge, unmerge } from './operations/merge.ts';
import { meta, metaAdd, metaDelete } from './operations/meta.ts';
import { translate } from './operations/translate.ts';
import { validateCodeInSystem, validateCodeInValueSet } from './operations/validate-code.ts';
import { validateInstance, validateType } from './operations/validate.ts';
import type { Route } from './route.ts';

/** The compartments of R4. */
const COMPARTMENTS = ['Patient', 'Encounter', 'Practitioner', 'RelatedPerson', 'Device'] as const;

/** An operation that changes nothing is asked by GET, or by POST with its parameters in a body. */
function readOnly(name: string, path: string, handle: Route['handle']): Route[] {
  return [
    { name, method: 'GET', path, body: 'none', handle },
    { name, method: 'POST', path, body: 'optional', handle },
  ];
}

/** Every interaction and operation there is. What is not here is not served, and what is here is in the CapabilityStatement. */
export const ROUTES: readonly Route[] = [
  { name: 'capabilities', method: 'GET', path: 'metadata', body: 'none', handle: capabilities },
  { name: 'batch', method: 'POST', path: '', body: 'resource', handle: bundle },
  { name: 'search-system', method: 'GET', path: '', body: 'none', handle: searchSystem },
  { name: 'search-system', method: 'POST', path: '_search', body: 'form', handle: searchSystem },
  { name: 'history-system', method: 'GET', path: '_history', body: 'none', handle: historySystem },

  { name: 'search-type', method: 'GET', path: '{type}', body: 'none', handle: searchType },
  { name: 'search-type', method: 'POST', path: '{type}/_search', body: 'form', handle: searchType },
  { name: 'create', method: 'POST', path: '{type}', body: 'resource', handle: create },
  { name: 'update', method: 'PUT', path: '{type}', body: 'resource', handle: conditionalUpdate },
  { name: 'patch', method: 'PATCH', path: '{type}', body: 'patch', handle: conditionalPatch },
  { name: 'delete', method: 'DELETE', path: '{type}', body: 'none', handle: conditionalDelete },
  { name: 'history-type', method: 'GET', path: '{type}/_history', body: 'none', handle: historyType },

  { name: 'read', method: 'GET', path: '{type}/{id}', body: 'none', handle: read },
  { name: 'update', method: 'PUT', path: '{type}/{id}', body: 'resource', handle: update },
  { name: 'patch', method: 'PATCH', path: '{type}/{id}', body: 'patch', handle: patch },
  { name: 'delete', method: 'DELETE', path: '{type}/{id}', body: 'none', handle: remove },
  { name: 'history-instance', method: 'GET', path: '{type}/{id}/_history', body: 'none', handle: historyInstance },
  { name: 'vread', method: 'GET', path: '{type}/{id}/_history/{version}', body: 'none', handle: readVersion },
  ...COMPARTMENTS.flatMap((compartment): Route[] => [
    { name: 'search-compartment', method: 'GET', path: `${compartment}/{id}/{inside}`, body: 'none', handle: searchCompartment },
    { name: 'search-compartment', method: 'POST', path: `${compartment}/{id}/{inside}/_search`, body: 'form', handle: searchCompartment },
  ]),

  { name: '$validate', method: 'POST', path: '{type}/$validate', body: 'resource', handle: validateType },
  { name: '$validate', method: 'POST', path: '{type}/{id}/$validate', body: 'optional', handle: validateInstance },
  { name: '$validate', method: 'GET', path: '{type}/{id}/$validate', body: 'none', handle: validateInstance },
  ...readOnly('$everything', 'Patient/{id}/$everything', everything),
  ...readOnly('$everything', 'Encounter/{id}/$everything', everything),
  { name: '$meta', method: 'GET', path: '{type}/{id}/$meta', body: 'none', handle: meta },
  { name: '$meta-add', method: 'POST', path: '{type}/{id}/$meta-add', body: 'resource', handle: metaAdd },
  { name: '$meta-delete', method: 'POST', path: '{type}/{id}/$meta-delete', body: 'resource', handle: metaDelete },
  { name: '$merge', method: 'POST', path: 'Patient/{id}/$merge', body: 'resource', handle: merge },
  { name: '$unmerge', method: 'POST', path: 'Patient/{id}/$unmerge', body: 'optional', handle: unmerge },
  ...readOnly('$document', 'Composition/{id}/$document', document),
  { name: '$index-state', method: 'GET', path: 'SearchParameter/{id}/$index-state', body: 'none', handle: indexState },
  { name: '$convert', method: 'POST', path: '$convert', body: 'message', handle: convert },
  ...readOnly('$expand', 'ValueSet/$expand', expand),
  ...readOnly('$expand', 'ValueSet/{id}/$expand', expandInstance),
  ...readOnly('$validate-code', 'ValueSet/$validate-code', validateCodeInValueSet),
  ...readOnly('$validate-code', 'CodeSystem/$validate-code', validateCodeInSystem),
  ...readOnly('$lookup', 'CodeSystem/$lookup', lookup),
  ...readOnly('$export', '$export', exportSystem),
  ...readOnly('$export', 'Patient/$export', exportPatients),
  ...readOnly('$export', 'Group/{id}/$export', exportGroup),
  { name: 'export-status', method: 'GET', path: `${JOBS}/{id}`, body: 'none', handle: exportStatus },
  { name: 'export-cancel', method: 'DELETE', path: `${JOBS}/{id}`, body: 'none', handle: exportCancel },
  { name: 'export-file', method: 'GET', path: `${JOBS}/{id}/{version}`, body: 'none', handle: exportFile },
  ...readOnly('$translate', 'ConceptMap/$translate', translate),
];
