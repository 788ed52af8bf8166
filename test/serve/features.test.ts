import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fhirFeatures } from '../../scripts/fhir-page.ts';
import { DEFAULT_SETTINGS } from '../../src/serve/settings.ts';
import { definitions } from '../definitions.ts';
import { BASE, type Gateway, idsIn, issueIds, openGateway } from './gateway.ts';

const FHIR = 'application/fhir+json';
const UCUM = 'http://unitsofmeasure.org';
const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const meta = {
  tag: [{ system: 'urn:tag', code: 't' }],
  security: [{ system: 'urn:label', code: 'R' }],
  profile: ['http://hl7.org/fhir/StructureDefinition/Patient'],
  source: 'urn:feed',
};
const resources = [
  { resourceType: 'Organization', id: 'org', name: 'Clinic' },
  {
    resourceType: 'Patient',
    id: 'p',
    meta,
    active: true,
    identifier: [{ type: { coding: [{ system: 'urn:types', code: 'MR' }] }, system: 'urn:mrn', value: '1' }],
    name: [{ family: 'Beispiel' }],
    birthDate: '1980-03',
    managingOrganization: { reference: 'Organization/org' },
  },
  { resourceType: 'Patient', id: 'q' },
  { resourceType: 'Encounter', id: 'e', status: 'finished', class: { system: ACT, code: 'IMP' }, subject: { reference: 'Patient/p' } },
  {
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }], text: 'Hemoglobin' },
    subject: { reference: 'Patient/p', identifier: { system: 'urn:mrn', value: '1' } },
    encounter: { reference: 'Encounter/e' },
    effectiveDateTime: '2026-01-01',
    valueQuantity: { value: 10, system: UCUM, code: 'g/dL' },
  },
  { resourceType: 'Observation', id: 'bare', status: 'final', code: { text: 'x' } },
  {
    resourceType: 'RiskAssessment',
    id: 'r',
    status: 'final',
    subject: { reference: 'Patient/p' },
    prediction: [{ probabilityDecimal: 0.5 }],
  },
  { resourceType: 'RiskAssessment', id: 'r0', status: 'final', subject: { reference: 'Patient/p' } },
  { resourceType: 'ValueSet', id: 'v', url: 'http://example.org/sets/one', status: 'draft' },
  { resourceType: 'ValueSet', id: 'v0', status: 'draft' },
  { resourceType: 'List', id: 'l', status: 'current', mode: 'working', entry: [{ item: { reference: 'Patient/q' } }] },
  {
    resourceType: 'Composition',
    id: 'c',
    status: 'final',
    type: { text: 'x' },
    date: '2026-01-01',
    title: 'x',
    author: [{ reference: 'Organization/org' }],
    subject: { reference: 'Patient/p' },
  },
];

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
  for (const resource of resources) {
    const { resourceType, id } = resource;
    expect((await send('put', `${resourceType}/${id}`, resource)).status).toBe(201);
  }
});
afterAll(() => gateway.close());

type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head';
const send = (verb: Verb, path: string, body?: object, headers: Record<string, string> = {}) => {
  const request = gateway.http[verb](`/fhir/${path}`).set(headers);
  return body === undefined ? request : request.set('content-type', headers['content-type'] ?? FHIR).send(JSON.stringify(body));
};
const form = (path: string, text: string) => gateway.http.post(`/fhir/${path}`).type('form').send(text);

/** What a feature is seen by: a request that would be answered otherwise without it. */
type Proof = (() => Promise<void>) | { readonly file: string; readonly title: string };

/** The search finds these, strictly. */
const finds =
  (path: string, ...ids: string[]): Proof =>
  async () => {
    const reply = await send('get', path, undefined, { prefer: 'handling=strict' });
    expect([reply.status, idsIn(reply.body).sort()]).toEqual([200, ids.sort()]);
  };
/** The request has this status and, in its text, these words. */
const answers =
  (verb: Verb, path: string, status: number, words = '', body?: object, headers: Record<string, string> = {}): Proof =>
  async () => {
    const reply = await send(verb, path, body, headers);
    expect(reply.status).toBe(status);
    expect(reply.text).toContain(words);
  };
const patient = { resourceType: 'Patient' };
const parameters = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter });
const value = (name: string, text: string) => ({ name, valueString: text });
const tagged = parameters({ name: 'meta', valueMeta: { tag: [{ system: 'urn:t', code: 'a' }] } });
const GENDER = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const GENDERS = 'http://hl7.org/fhir/administrative-gender';
const exported = (title: string): Proof => ({ file: '../jobs/bulk-export.test.ts', title });
const later = (title: string): Proof => ({ file: '../jobs/answer-later.test.ts', title });
const merged = (title: string): Proof => ({ file: 'merge.test.ts', title });
type Limit =
  | 'maxBodyBytes'
  | 'maxUrlLength'
  | 'maxDepth'
  | 'maxEntries'
  | 'maxCount'
  | 'defaultCount'
  | 'maxValues'
  | 'maxParameters'
  | 'maxChain';
const settled = (name: Limit): string => `${name} ${String(DEFAULT_SETTINGS[name])}`;

const PROOFS: ReadonlyMap<string, Proof> = new Map<string, Proof>([
  [
    'GET /ValueSet/{id}/$expand',
    { file: 'terminology.test.ts', title: 'of a stored value set draws on stored code systems and value sets' },
  ],
  [
    'POST /ValueSet/{id}/$expand',
    { file: 'terminology.test.ts', title: 'of a stored value set draws on stored code systems and value sets' },
  ],
  ['Content-Type of a Binary', { file: 'interactions.test.ts', title: 'is kept under its type, whole, and given back so' }],
  ['Accept of a Binary', { file: 'interactions.test.ts', title: 'a Binary is given as what it holds to who asks for no FHIR' }],
  [
    'GET /SearchParameter/{id}/$index-state',
    {
      file: 'custom-parameters.test.ts',
      title: 'is declared, then indexing and not searched by, then active, and finds what was there before it',
    },
  ],
  ['GET /metadata', answers('get', 'metadata', 200, 'CapabilityStatement')],
  ['POST /', answers('post', '', 200, 'batch-response', { resourceType: 'Bundle', type: 'batch' })],
  ['GET /', finds('?_type=Patient,List', 'p', 'q', 'l')],
  ['POST /_search', async () => expect(idsIn((await form('_search', '_type=List')).body)).toEqual(['l'])],
  ['GET /_history', answers('get', '_history', 200, '"history"')],
  ['GET /{type}', finds('Patient', 'p', 'q')],
  ['POST /{type}/_search', async () => expect(idsIn((await form('Patient/_search', 'name=beispiel')).body)).toEqual(['p'])],
  ['POST /{type}', answers('post', 'Basic', 201, '', { resourceType: 'Basic', code: { text: 'x' } })],
  ['PUT /{type}', answers('put', 'Basic?_id=b1', 201, '', { resourceType: 'Basic', id: 'b1', code: { text: 'x' } })],
  ['PATCH /{type}', { file: 'interactions.test.ts', title: 'a JSON Patch changes what it says and makes a version' }],
  ['DELETE /{type}', { file: 'interactions.test.ts', title: 'a delete by criteria takes one, and several only by setting' }],
  ['GET /{type}/_history', answers('get', 'Patient/_history', 200, '"history"')],
  ['GET /{type}/{id}', answers('get', 'Patient/p', 200, 'Beispiel')],
  ['PUT /{type}/{id}', { file: 'interactions.test.ts', title: 'makes a resource under the id of the client, then versions of it' }],
  ['PATCH /{type}/{id}', { file: 'interactions.test.ts', title: 'a FHIRPath Patch adds, replaces, inserts, moves and deletes' }],
  ['DELETE /{type}/{id}', { file: 'interactions.test.ts', title: 'leaves 410, the older versions and a history' }],
  ['GET /{type}/{id}/_history', answers('get', 'Patient/p/_history', 200, '"history"')],
  ['GET /{type}/{id}/_history/{version}', answers('get', 'Patient/p/_history/1', 200, 'Beispiel')],
  ['GET /{compartment}/{id}/{inside}', finds('Patient/p/Observation', 'o')],
  [
    'POST /{compartment}/{id}/{inside}/_search',
    async () => expect(idsIn((await form('Patient/p/Encounter/_search', '_count=5')).body)).toEqual(['e']),
  ],
  ['POST /{type}/$validate', answers('post', 'Patient/$validate', 200, 'All OK', patient)],
  ['POST /{type}/{id}/$validate', answers('post', 'Patient/p/$validate', 200, 'All OK', { ...patient, id: 'p' })],
  ['GET /{type}/{id}/$validate', answers('get', 'Patient/p/$validate', 200, 'OperationOutcome')],
  ['GET /Patient/{id}/$everything', answers('get', 'Patient/p/$everything', 200, '718-7')],
  ['POST /Patient/{id}/$everything', answers('post', 'Patient/p/$everything', 200, '718-7', parameters())],
  ['GET /Encounter/{id}/$everything', answers('get', 'Encounter/e/$everything', 200, '718-7')],
  ['POST /Encounter/{id}/$everything', answers('post', 'Encounter/e/$everything', 200, '718-7', parameters())],
  ['GET /{type}/{id}/$meta', answers('get', 'Patient/p/$meta', 200, 'urn:tag')],
  ['POST /{type}/{id}/$meta-add', answers('post', 'List/l/$meta-add', 200, 'urn:t', tagged)],
  ['POST /{type}/{id}/$meta-delete', answers('post', 'List/l/$meta-delete', 200, 'versionId', tagged)],
  ['POST /Patient/{id}/$merge', merged('merges two patients: a search by the old number finds the survivor')],
  ['POST /Patient/{id}/$unmerge', merged('takes a merge back, called on either of the two, and of several by name')],
  ['GET /Composition/{id}/$document', answers('get', 'Composition/c/$document', 200, 'Clinic')],
  ['POST /Composition/{id}/$document', answers('post', 'Composition/c/$document', 200, 'Clinic', parameters())],
  [
    'POST /$convert',
    { file: 'convert.test.ts', title: 'shows what a message would become and what is to be said of it, and stores nothing' },
  ],
  ['GET /ValueSet/$expand', answers('get', `ValueSet/$expand?url=${GENDER}`, 200, 'female')],
  ['POST /ValueSet/$expand', answers('post', 'ValueSet/$expand', 200, 'female', parameters(value('url', GENDER)))],
  ['GET /ValueSet/$validate-code', answers('get', `ValueSet/$validate-code?url=${GENDER}&system=${GENDERS}&code=male`, 200, 'true')],
  [
    'POST /ValueSet/$validate-code',
    answers(
      'post',
      'ValueSet/$validate-code',
      200,
      'true',
      parameters(value('url', GENDER), value('system', GENDERS), value('code', 'male')),
    ),
  ],
  ['GET /CodeSystem/$validate-code', answers('get', `CodeSystem/$validate-code?url=${GENDERS}&code=male`, 200, 'true')],
  [
    'POST /CodeSystem/$validate-code',
    answers('post', 'CodeSystem/$validate-code', 200, 'true', parameters(value('url', GENDERS), value('code', 'male'))),
  ],
  ['GET /CodeSystem/$lookup', answers('get', `CodeSystem/$lookup?system=${GENDERS}&code=male`, 200, 'Male')],
  [
    'POST /CodeSystem/$lookup',
    answers('post', 'CodeSystem/$lookup', 200, 'Male', parameters(value('system', GENDERS), value('code', 'male'))),
  ],
  ['GET /$export', exported('an export of everything, as a client goes about it')],
  ['POST /$export', exported('a POST with Parameters says the same; commas and repetition mean the same')],
  ['GET /Patient/$export', exported('of patients: their compartments, nothing else')],
  ['POST /Patient/$export', exported('of the patients named')],
  ['GET /Group/{id}/$export', exported('of a group: its active members and those of groups within it, also in a circle')],
  ['POST /Group/{id}/$export', exported('of a group: who a member was merged with is the same person')],
  ['GET /_export/{id}', exported('while it runs: 202, progress, when to come back; asked too often: 429')],
  ['DELETE /_export/{id}', exported('cancelled: 202, then neither status nor files are there')],
  ['GET /_async/{id}', later('a search is answered later: 202, progress, then a manifest with a file of one Bundle')],
  ['DELETE /_async/{id}', later('is cancelled by DELETE, and gone when it is out of date: nothing is left of it')],
  ['GET /_async/{id}/{version}', later('a batch, a history, a compartment, a form and $everything too')],
  ['Prefer: respond-async', later('a batch, a history, a compartment, a form and $everything too')],
  ['GET /_export/{id}/{version}', exported('files are named by their type, typed, counted, compressed for who takes it, and answer HEAD')],
  ['GET /ConceptMap/$translate', { file: 'terminology.test.ts', title: '$translate asks a loaded concept map' }],
  ['POST /ConceptMap/$translate', { file: 'terminology.test.ts', title: '$translate asks a loaded concept map' }],

  ['string', finds('Patient?family=beis', 'p')],
  ['token', finds('Patient?identifier=urn:mrn|1', 'p')],
  ['reference', finds('Observation?subject=Patient/p', 'o')],
  ['date', finds('Patient?birthdate=1980', 'p')],
  ['quantity', finds(`Observation?value-quantity=100|${UCUM}|g/L`, 'o')],
  ['uri', finds('ValueSet?url=http://example.org/sets/one', 'v')],
  ['composite', finds('Observation?code-value-quantity=http://loinc.org|718-7$10', 'o')],
  ['number', finds('RiskAssessment?probability=0.5', 'r')],
  ['eq', finds('Observation?date=eq2026-01-01&value-quantity=eq10', 'o')],
  ['ne', finds('Observation?date=ne2025-01-01&value-quantity=ne11', 'o')],
  ['gt', finds('Observation?date=gt2025-12-31&value-quantity=gt9', 'o')],
  ['lt', finds('Observation?date=lt2026-01-02&value-quantity=lt11', 'o')],
  ['ge', finds('Observation?date=ge2026-01-01&value-quantity=ge10', 'o')],
  ['le', finds('Observation?date=le2026-01-01&value-quantity=le10', 'o')],
  ['sa', finds('Observation?date=sa2025-12-31&value-quantity=sa9', 'o')],
  ['eb', finds('Observation?date=eb2026-01-02&value-quantity=eb11', 'o')],
  ['ap', finds('Observation?date=ap2026-01-01&value-quantity=ap10.5', 'o')],
  ['string:missing', finds('Patient?family:missing=true', 'q')],
  ['string:exact', finds('Patient?family:exact=Beispiel', 'p')],
  ['string:contains', finds('Patient?family:contains=spie', 'p')],
  ['token:missing', finds('Patient?identifier:missing=false', 'p')],
  ['token:not', finds('Patient?active:not=true', 'q')],
  ['token:text', finds('Observation?code:text=hemo', 'o')],
  ['token:in', finds('Encounter?class:in=http://terminology.hl7.org/ValueSet/v3-ActEncounterCode', 'e')],
  ['token:not-in', finds('Encounter?class:not-in=http://terminology.hl7.org/ValueSet/v3-ActEncounterCode')],
  ['token:below', finds(`Encounter?class:below=${ACT}|_ActEncounterCode`, 'e')],
  ['token:above', finds(`Encounter?class:above=${ACT}|ACUTE`, 'e')],
  ['token:of-type', finds('Patient?identifier:of-type=urn:types|MR|1', 'p')],
  ['reference:missing', finds('Observation?subject:missing=true', 'bare')],
  ['reference:identifier', finds('Observation?subject:identifier=urn:mrn|1', 'o')],
  ['reference:[type]', finds('Observation?subject:Patient=p', 'o')],
  ['uri:missing', finds('ValueSet?url:missing=true', 'v0')],
  ['uri:below', finds('ValueSet?url:below=http://example.org/sets', 'v')],
  ['uri:above', finds('ValueSet?url:above=http://example.org/sets/one/two', 'v')],
  ['date:missing', finds('Patient?birthdate:missing=true', 'q')],
  ['number:missing', finds('RiskAssessment?probability:missing=true', 'r0')],
  ['quantity:missing', finds('Observation?value-quantity:missing=false', 'o')],
  ['composite:missing', finds('Observation?code-value-quantity:missing=false', 'o')],
  ['subject.name, subject:Patient.name', finds('Observation?subject.organization.name=clinic&subject:Patient.name=beispiel', 'o')],
  ['_has', finds('Organization?_has:Patient:organization:_has:Observation:patient:code=718-7', 'org')],
  ['_list', finds('Patient?_list=l', 'q')],
  ['_type', finds('?_type=List&_id=l', 'l')],
  ['_id', finds('Patient?_id=q', 'q')],
  ['_lastUpdated', finds('Patient?_lastUpdated=lt2026')],
  ['_profile', finds('Patient?_profile=http://hl7.org/fhir/StructureDefinition/Patient', 'p')],
  ['_security', finds('Patient?_security=urn:label|R', 'p')],
  ['_source', finds('Patient?_source=urn:feed', 'p')],
  ['_tag', finds('Patient?_tag=urn:tag|t', 'p')],
  ['_sort', async () => expect(idsIn((await send('get', 'Patient?_sort=-birthdate,_id')).body)).toEqual(['p', 'q'])],
  ['_count', async () => expect(idsIn((await send('get', 'Patient?_count=1')).body)).toHaveLength(1)],
  [
    '_total',
    async () => {
      for (const [total, shown] of [
        ['accurate', 2],
        ['none', undefined],
      ] as const)
        expect((await send('get', `Patient?_total=${total}`)).body.total).toBe(shown);
      expect((await send('get', 'Patient?_total=estimate')).status).toBe(200);
    },
  ],
  ['_summary', answers('get', 'Patient?_summary=true', 200, 'SUBSETTED')],
  [
    '_elements',
    async () => {
      const { text } = await send('get', 'Patient?_elements=birthDate');
      expect([text.includes('1980-03'), text.includes('Beispiel')]).toEqual([true, false]);
    },
  ],
  ['_include', finds('Observation?_id=o&_include=Observation:subject&_include:iterate=Patient:organization', 'o', 'p', 'org')],
  ['_revinclude', finds('Encounter?_revinclude=Observation:encounter:Encounter', 'e', 'o')],
  ['_contained', finds('List?_contained=false', 'l')],

  ['$export?_outputFormat', exported('an export of everything, as a client goes about it')],
  ['$export?_since', exported('since a transactionTime: what came after it, and what is gone')],
  ['$export?_until', exported('since and until any time')],
  ['$export?_type', exported('of patients: their compartments, nothing else')],
  ['$export?_elements', exported('only some elements, marked as such')],
  ['$export?_typeFilter', exported('by searches of a type, any of which is met')],
  ['$export?patient', exported('of the patients named')],
  ['$export?includeAssociatedData', exported('the Provenance of what is given')],

  ['If-Match', answers('put', 'Patient/q', 412, '', { ...patient, id: 'q' }, { 'if-match': 'W/"99"' })],
  ['If-None-Match', answers('get', 'Patient/p', 304, '', undefined, { 'if-none-match': 'W/"1"' })],
  [
    'If-None-Exist',
    answers('post', 'Patient', 200, 'Beispiel', patient, { 'if-none-exist': 'identifier=urn:mrn|1', prefer: 'return=representation' }),
  ],
  ['If-Modified-Since', answers('get', 'Patient/p', 304, '', undefined, { 'if-modified-since': 'Sat, 02 Jan 2027 09:30:00 GMT' })],
  [
    'Prefer: return',
    answers(
      'post',
      'Basic',
      201,
      'OperationOutcome',
      { resourceType: 'Basic', code: { text: 'y' } },
      { prefer: 'return=OperationOutcome' },
    ),
  ],
  ['Prefer: handling', answers('get', 'Patient?shoe-size=43', 400, 'search-parameter-unknown', undefined, { prefer: 'handling=strict' })],
  ['Accept', answers('get', 'Patient/p', 200, '<Patient', undefined, { accept: 'application/fhir+json;q=0.5, application/fhir+xml' })],
  [
    'Accept-Encoding',
    async () => expect((await send('get', 'metadata', undefined, { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBe('gzip'),
  ],
  [
    'Content-Encoding',
    async () => {
      const body = gzipSync('{"resourceType":"Basic","code":{"text":"x"}}');
      const sent = gateway.http.post('/fhir/Basic').set({ 'content-type': FHIR, 'content-encoding': 'gzip' });
      expect((await sent.serialize((bytes: unknown) => bytes as string).send(body)).status).toBe(201);
    },
  ],
  ['application/fhir+json; charset=utf-8', answers('get', 'Patient/p?_pretty=true', 200, '\n  "id"')],
  ['application/fhir+xml; charset=utf-8', answers('get', 'Patient/p?_format=xml&_pretty=true', 200, '\n  <id')],

  [settled('maxBodyBytes'), { file: 'bad-input.test.ts', title: "'body-too-long'" }],
  [
    settled('maxUrlLength'),
    { file: 'bad-input.test.ts', title: 'a format that is not given is 406, an address of 64 KB 414, a great _count cut' },
  ],
  [settled('maxDepth'), { file: 'bad-input.test.ts', title: 'far too deep' }],
  [settled('maxEntries'), { file: 'bundles.test.ts', title: 'of more entries than allowed is 413' }],
  [settled('maxCount'), { file: 'search-request.test.ts', title: 'a great _count is cut and the self link says so' }],
  [settled('defaultCount'), answers('get', 'metadata', 200, `default ${DEFAULT_SETTINGS.defaultCount}`)],
  [settled('maxValues'), { file: 'bad-input.test.ts', title: 'the greatest search allowed is answered, a greater one refused' }],
  [
    settled('maxParameters'),
    async () => {
      const query = Array.from({ length: DEFAULT_SETTINGS.maxParameters + 1 }, () => '_id=1').join('&');
      expect(issueIds((await send('get', `Patient?${query}`)).body)).toEqual(['too-costly']);
    },
  ],
  [
    settled('maxChain'),
    async () => {
      const chain = 'organization.partof.partof.partof.partof.name';
      expect(issueIds((await send('get', `Patient?${chain}=x`)).body)).toEqual(['too-costly']);
    },
  ],
]);

describe('every line of docs/fhir.md has a test behind it', () => {
  test.each(fhirFeatures(definitions).map(({ name }) => name))('%s', async (name) => {
    const proof = PROOFS.get(name);
    expect(proof, `a proof of ${name}`).toBeDefined();
    if (typeof proof === 'function') await proof();
    else if (proof !== undefined) expect(readFileSync(resolve(import.meta.dirname, proof.file), 'utf8')).toContain(proof.title);
  });

  test('and no proof is of what is not there', () => {
    const names = new Set(fhirFeatures(definitions).map(({ name }) => name));
    expect([...PROOFS.keys()].filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('every search parameter of every type is taken, and a value that is none of its kind refused', () => {
  const values = { date: '2026', number: '1', quantity: '1', uri: 'urn:x', reference: 'Patient/1', string: 'x', token: 'x' } as const;
  const wrong = { date: 'soon', number: 'x', quantity: 'x', uri: undefined, reference: 'a b', string: undefined, token: '|' } as const;
  test.each([...definitions.resourceTypes])('%s', async (type) => {
    for (const { code, type: kind } of definitions.searchParameters(type)) {
      if (kind === 'special' || kind === 'composite' || code === '_text' || code === '_content' || code === '_query') continue;
      const strict = { prefer: 'handling=strict' };
      const good = code === '_lastUpdated' ? '2026' : code === '_id' ? '1' : values[kind];
      const targets = definitions.searchParameter(type, code)?.target ?? [];
      const reference = targets.length > 0 && !targets.includes('Patient') ? `${targets[0]}/1` : good;
      const reply = await send('get', `${type}?${code}=${kind === 'reference' ? reference : good}`, undefined, strict);
      expect([code, reply.status]).toEqual([code, 200]);
      const bad = code.startsWith('_') ? undefined : wrong[kind];
      if (bad !== undefined) expect([code, (await send('get', `${type}?${code}=${encodeURIComponent(bad)}`)).status]).toEqual([code, 400]);
    }
  });
});

test('an absolute address of the gateway is its own', finds(`Observation?subject=${BASE}/Patient/p`, 'o') as () => Promise<void>);
