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
import { everything, EVERYTHING_INPUTS } from './operations/everything.ts';
import { ANSWERS, EXPORTS } from './jobs/job-address.ts';
import { jobCancel, jobFile, jobStatus } from './jobs/job-answers.ts';
import { exportGroup, exportPatients, exportSystem } from './operations/export.ts';
import { expand, expandInstance } from './operations/expand.ts';
import { indexState } from './operations/index-state.ts';
import { lookup } from './operations/lookup.ts';
import { merge, unmerge } from './operations/merge.ts';
import { meta, metaAdd, metaDelete } from './operations/meta.ts';
import { translate } from './operations/translate.ts';
import { validateCodeInSystem, validateCodeInValueSet } from './operations/validate-code.ts';
import { validateInstance, validateType } from './operations/validate.ts';
import { taking, takingNone } from './known-parameters.ts';
import type { Route } from './route.ts';

/** The compartments of R4. */
const COMPARTMENTS = ['Patient', 'Encounter', 'Practitioner', 'RelatedPerson', 'Device'] as const;

/** What the ways of asking for one resource, of validating it, of expanding a value set and of naming a code take. */
const VIEW = ['_summary', '_elements'];
const VALIDATE = ['resource', 'mode', 'profile'];
const EXPAND = ['url', 'filter', 'offset', 'count'];
const CODED = ['code', 'system', 'display', 'coding', 'codeableConcept'];

/** An operation that changes nothing is asked by GET, or by POST with its parameters in a body. */
function readOnly(name: string, path: string, handle: Route['handle'], more: Pick<Route, 'mayTakeLong'> = {}): Route[] {
  return [
    { name, method: 'GET', path, body: 'none', handle, ...more },
    { name, method: 'POST', path, body: 'optional', handle, ...more },
  ];
}

/** Every interaction and operation there is. What is not here is not served, and what is here is in the CapabilityStatement. */
export const ROUTES: readonly Route[] = [
  { name: 'capabilities', method: 'GET', path: 'metadata', body: 'none', handle: capabilities },
  { name: 'batch', method: 'POST', path: '', body: 'resource', mayTakeLong: true, handle: bundle },
  { name: 'search-system', method: 'GET', path: '', body: 'none', mayTakeLong: true, handle: searchSystem },
  { name: 'search-system', method: 'POST', path: '_search', body: 'form', mayTakeLong: true, handle: searchSystem },
  { name: 'history-system', method: 'GET', path: '_history', body: 'none', mayTakeLong: true, handle: historySystem },

  { name: 'search-type', method: 'GET', path: '{type}', body: 'none', mayTakeLong: true, handle: searchType },
  { name: 'search-type', method: 'POST', path: '{type}/_search', body: 'form', mayTakeLong: true, handle: searchType },
  { name: 'create', method: 'POST', path: '{type}', body: 'resource', handle: takingNone(create) },
  { name: 'update', method: 'PUT', path: '{type}', body: 'resource', handle: conditionalUpdate },
  { name: 'patch', method: 'PATCH', path: '{type}', body: 'patch', handle: conditionalPatch },
  { name: 'delete', method: 'DELETE', path: '{type}', body: 'none', handle: conditionalDelete },
  { name: 'history-type', method: 'GET', path: '{type}/_history', body: 'none', mayTakeLong: true, handle: historyType },

  { name: 'read', method: 'GET', path: '{type}/{id}', body: 'none', handle: taking(VIEW, read) },
  { name: 'update', method: 'PUT', path: '{type}/{id}', body: 'resource', handle: takingNone(update) },
  { name: 'patch', method: 'PATCH', path: '{type}/{id}', body: 'patch', handle: takingNone(patch) },
  { name: 'delete', method: 'DELETE', path: '{type}/{id}', body: 'none', handle: takingNone(remove) },
  { name: 'history-instance', method: 'GET', path: '{type}/{id}/_history', body: 'none', handle: historyInstance },
  { name: 'vread', method: 'GET', path: '{type}/{id}/_history/{version}', body: 'none', handle: taking(VIEW, readVersion) },
  ...COMPARTMENTS.flatMap((compartment): Route[] => [
    {
      name: 'search-compartment',
      method: 'GET',
      path: `${compartment}/{id}/{inside}`,
      body: 'none',
      mayTakeLong: true,
      handle: searchCompartment,
    },
    {
      name: 'search-compartment',
      method: 'POST',
      path: `${compartment}/{id}/{inside}/_search`,
      body: 'form',
      mayTakeLong: true,
      handle: searchCompartment,
    },
  ]),

  { name: '$validate', method: 'POST', path: '{type}/$validate', body: 'resource', handle: taking(VALIDATE, validateType) },
  { name: '$validate', method: 'POST', path: '{type}/{id}/$validate', body: 'optional', handle: taking(VALIDATE, validateInstance) },
  { name: '$validate', method: 'GET', path: '{type}/{id}/$validate', body: 'none', handle: taking(VALIDATE, validateInstance) },
  ...readOnly('$everything', 'Patient/{id}/$everything', taking(EVERYTHING_INPUTS, everything), { mayTakeLong: true }),
  ...readOnly('$everything', 'Encounter/{id}/$everything', taking(EVERYTHING_INPUTS, everything), { mayTakeLong: true }),
  { name: '$meta', method: 'GET', path: '{type}/{id}/$meta', body: 'none', handle: takingNone(meta) },
  { name: '$meta-add', method: 'POST', path: '{type}/{id}/$meta-add', body: 'resource', handle: taking(['meta'], metaAdd) },
  { name: '$meta-delete', method: 'POST', path: '{type}/{id}/$meta-delete', body: 'resource', handle: taking(['meta'], metaDelete) },
  { name: '$merge', method: 'POST', path: 'Patient/{id}/$merge', body: 'resource', handle: taking(['source-patient'], merge) },
  { name: '$unmerge', method: 'POST', path: 'Patient/{id}/$unmerge', body: 'optional', handle: taking(['source-patient'], unmerge) },
  ...readOnly('$document', 'Composition/{id}/$document', taking(['persist'], document)),
  { name: '$index-state', method: 'GET', path: 'SearchParameter/{id}/$index-state', body: 'none', handle: indexState },
  { name: '$convert', method: 'POST', path: '$convert', body: 'message', handle: convert },
  ...readOnly('$expand', 'ValueSet/$expand', taking(EXPAND, expand)),
  ...readOnly('$expand', 'ValueSet/{id}/$expand', taking(EXPAND, expandInstance)),
  ...readOnly('$validate-code', 'ValueSet/$validate-code', taking(['url', ...CODED], validateCodeInValueSet)),
  ...readOnly('$validate-code', 'CodeSystem/$validate-code', taking(['url', ...CODED], validateCodeInSystem)),
  ...readOnly('$lookup', 'CodeSystem/$lookup', taking(CODED, lookup)),
  ...readOnly('$export', '$export', exportSystem),
  ...readOnly('$export', 'Patient/$export', exportPatients),
  ...readOnly('$export', 'Group/{id}/$export', exportGroup),
  ...[EXPORTS, ANSWERS].flatMap((place): Route[] => [
    { name: 'job-status', method: 'GET', path: `${place}/{id}`, body: 'none', handle: jobStatus },
    { name: 'job-cancel', method: 'DELETE', path: `${place}/{id}`, body: 'none', handle: jobCancel },
    { name: 'job-file', method: 'GET', path: `${place}/{id}/{version}`, body: 'none', handle: jobFile },
  ]),
  ...readOnly('$translate', 'ConceptMap/$translate', taking(['url', ...CODED], translate)),
];
