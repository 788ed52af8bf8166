import type { AuditEvent, Bundle } from 'fhir/r4.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MATRIX } from '../../src/serve/access/matrix.ts';
import type { Route } from '../../src/serve/route.ts';
import { definitions } from '../definitions.ts';
import { compartmentTypes } from '../../src/serve/compartment-types.ts';
import { ROUTES } from '../../src/serve/routes.ts';
import { type Guarded, openGuarded } from './guarded-gateway.ts';
import { publish } from '../long/figures.ts';

/** Resources of one patient, by type; each holds a word that must not leave. */
const OWNED: Record<string, (patient: string, word: string) => Record<string, unknown>> = {
  Patient: (_, word) => ({ name: [{ family: word }] }),
  Observation: (patient, word) => ({ status: 'final', code: { text: word }, subject: { reference: `Patient/${patient}` } }),
  Condition: (patient, word) => ({ code: { text: word }, subject: { reference: `Patient/${patient}` } }),
  Encounter: (patient, word) => ({
    status: 'finished',
    class: { code: 'AMB' },
    type: [{ text: word }],
    subject: { reference: `Patient/${patient}` },
  }),
  AllergyIntolerance: (patient, word) => ({
    clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }] },
    code: { text: word },
    patient: { reference: `Patient/${patient}` },
  }),
  Composition: (patient, word) => ({
    status: 'final',
    type: { text: word },
    date: '2026-01-02',
    author: [{ display: 'A' }],
    title: word,
    subject: { reference: `Patient/${patient}` },
  }),
  DiagnosticReport: (patient, word) => ({ status: 'final', code: { text: word }, subject: { reference: `Patient/${patient}` } }),
  Procedure: (patient, word) => ({ status: 'completed', code: { text: word }, subject: { reference: `Patient/${patient}` } }),
  DocumentReference: (patient, word) => ({
    status: 'current',
    description: word,
    content: [{ attachment: { title: word } }],
    subject: { reference: `Patient/${patient}` },
  }),
  Immunization: (patient, word) => ({
    status: 'completed',
    vaccineCode: { text: word },
    occurrenceDateTime: '2026-01-02',
    patient: { reference: `Patient/${patient}` },
  }),
  ServiceRequest: (patient, word) => ({
    status: 'active',
    intent: 'order',
    code: { text: word },
    subject: { reference: `Patient/${patient}` },
  }),
  CarePlan: (patient, word) => ({ status: 'active', intent: 'plan', title: word, subject: { reference: `Patient/${patient}` } }),
  Coverage: (patient, word) => ({
    status: 'active',
    payor: [{ display: word }],
    beneficiary: { reference: `Patient/${patient}` },
  }),
  RelatedPerson: (patient, word) => ({ name: [{ family: word }], patient: { reference: `Patient/${patient}` } }),
};
const TYPES = Object.keys(OWNED);
const WORD = 'Geheimnisvoll';
const idOf = (type: string, patient: string) => (type === 'Patient' ? patient : `${type.toLowerCase()}-${patient}`);
const bodyOf = (type: string, patient: string) => ({
  resourceType: type,
  id: idOf(type, patient),
  ...OWNED[type]?.(patient, patient === 'p1' ? WORD : 'Other'),
});

/** Whose answers may be 2xx for a login that has no scope for the type: there is nothing of the type in them. */
const WITHOUT_A_TYPE = new Set([
  'batch',
  'search-system',
  'history-system',
  '$validate',
  '$expand',
  '$validate-code',
  '$lookup',
  '$translate',
  '$convert',
  '$export',
]);
/** Whose answers are lists: of what is hidden they are empty. */
const LISTS = new Set([
  'search-type',
  'search-compartment',
  'history-type',
  'create',
  'update',
  'delete',
  'patch',
  '$merge',
  '$unmerge',
  ...WITHOUT_A_TYPE,
]);

interface Cell {
  readonly route: Route;
  readonly type: string;
  readonly path: string;
  readonly body: unknown;
  /** Whether the address names a resource of the first patient. */
  readonly isOfOne: boolean;
}

function cells(): Cell[] {
  return ROUTES.flatMap((route) => {
    const types = /\{type\}|\{inside\}/.test(route.path) ? TYPES : [/^[A-Z]\w+/.exec(route.path)?.[0] ?? ''];
    const inside = route.path.includes('{inside}') ? compartmentTypes(/^\w+/.exec(route.path)?.[0] ?? '', definitions) : types;
    return types.flatMap((type): Cell[] => {
      const first = route.path.startsWith('{type}') ? type : (/^[A-Z]\w+/.exec(route.path)?.[0] ?? '');
      if (!inside.includes(type)) return [];
      const path = route.path
        .replace('{type}', type)
        .replace('{inside}', type)
        .replace('{id}', TYPES.includes(first) ? idOf(first, 'p1') : 'p1')
        .replace('{version}', '1');
      return [{ route, type, path, body: sent(route, type), isOfOne: route.path.includes('{id}') }];
    });
  });
}

function sent({ name, body, path }: Route, type: string): unknown {
  if (name === 'batch')
    return {
      resourceType: 'Bundle',
      type: 'batch',
      entry: TYPES.map((one) => ({ request: { method: 'GET', url: `${one}/${idOf(one, 'p1')}` } })),
    };
  if (name === '$meta-add' || name === '$meta-delete')
    return { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ system: 'urn:x', code: 'y' }] } }] };
  if (name.startsWith('$') && body !== 'none' && name !== '$validate') return { resourceType: 'Parameters' };
  if (name === 'create') return { ...bodyOf(type, 'p1'), id: undefined };
  if (body === 'patch') return { resourceType: 'Parameters' };
  if (name === 'update' && !path.includes('{id}')) return { ...bodyOf(type, 'p1'), id: undefined };
  return body === 'resource' || body === 'optional' ? bodyOf(type === '' ? 'Patient' : type, 'p1') : undefined;
}

let guarded: Guarded;
const tokens: Record<string, string | undefined> = {};
beforeAll(async () => {
  guarded = await openGuarded();
  tokens['operator'] = await guarded.token('system/*.cruds');
  tokens['none'] = undefined;
  tokens['expired'] = await guarded.token('system/*.cruds', { exp: Math.floor(Date.now() / 1000) - 120 });
  tokens['wrong scope'] = await guarded.token('system/Basic.rs');
  tokens['other patient'] = await guarded.token('patient/*.cruds', { patient: 'p2' });
  tokens['no patient'] = await guarded.token('patient/*.cruds');
  tokens['right'] = await guarded.token('patient/*.cruds', { patient: 'p1' });
  for (const patient of ['p1', 'p2']) for (const type of TYPES) await put(type, patient);
});
afterAll(() => guarded.close());

async function put(type: string, patient: string) {
  const reply = await guarded.call('PUT', `${type}/${idOf(type, patient)}`, tokens['operator'], bodyOf(type, patient));
  expect([200, 201], `${type} ${await reply.text()}`).toContain(reply.status);
}

async function ask(cell: Cell, caller: string) {
  const { method, body: kind } = cell.route;
  const headers: Record<string, string> = kind === 'form' ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const isConditional = ['PUT', 'PATCH', 'DELETE'].includes(method) && !cell.isOfOne;
  const path = isConditional ? `${cell.path}?_id=${idOf(cell.type, 'p1')}` : cell.path;
  const reply = await guarded.call(method, path, tokens[caller], kind === 'form' ? '_count=100' : cell.body, headers);
  return { status: reply.status, text: await reply.text() };
}

const withoutRow = [...new Set(ROUTES.map(({ name }) => name))].filter((name) => !MATRIX.has(name));

test('every route has a row, and no row is of no route', () => {
  expect(withoutRow).toEqual([]);
  expect([...MATRIX.keys()].filter((name) => !ROUTES.some((route) => route.name === name))).toEqual([]);
});

/** The routes of a job have one name in the trail: its address. */
const inTrail = (route: string) => (route.startsWith('job-') ? 'job' : route);

/** What an AuditEvent calls the route: by FHIR's code, by the name of the operation, or by its address. */
function namesIn(event: AuditEvent | undefined): string[] {
  const [kind] = event?.subtype ?? [];
  const named = (event?.entity ?? []).flatMap(({ name = '', query = '' }) => {
    const address = Buffer.from(query, 'base64').toString();
    if (/^_(export|async)\//.test(address)) return ['job'];
    return /^[A-Z]\w+\/[^/?]+\/[A-Z]/.test(address) ? ['search-compartment'] : [name];
  });
  return [kind?.code ?? '', ...named];
}

describe('who gets what', () => {
  let asked = 0;
  /** Cells that were let through and should not have been, or said what they must not. */
  const unexpected: string[] = [];
  test.each(['none', 'expired'])('%s: 401 everywhere but for the CapabilityStatement', async (caller) => {
    for (const cell of cells()) {
      asked += 1;
      const { status } = await ask(cell, caller);
      const where = `${caller} ${cell.route.method} ${cell.path} ${status}`;
      if (cell.route.name === 'capabilities') expect(status, where).toBe(200);
      else if (status < 300) unexpected.push(where);
      else expect(status, where).toBe(401);
    }
    expect(unexpected).toEqual([]);
  });

  test.each(['wrong scope', 'other patient', 'no patient'])(
    '%s: nothing of the patient leaves, and nothing of it is written',
    async (caller) => {
      for (const cell of cells()) {
        const { name } = cell.route;
        if (name === 'capabilities') continue;
        asked += 1;
        const { status, text } = await ask(cell, caller);
        const where = `${caller} ${cell.route.method} ${cell.path} ${status}`;
        // what a caller sent itself may come back to it
        const isSaid = text.includes(WORD) && !['create', '$validate', '$convert', 'update'].includes(name);
        if (status < 300) {
          // a delete of what is hidden is answered as one of what is not there; below it is seen that it is there
          const mayBeEmpty =
            caller === 'other patient'
              ? LISTS.has(name) && (!cell.isOfOne || ['search-compartment', '$validate', 'delete'].includes(name))
              : WITHOUT_A_TYPE.has(name);
          if (isSaid || !mayBeEmpty) unexpected.push(where);
        } else {
          expect(isSaid, where).toBe(false);
          expect([400, 403, 404, 405, 406, 412, 415, 422].includes(status), where).toBe(true);
        }
      }
      expect(unexpected).toEqual([]);
      for (const type of TYPES) {
        const kept = await guarded.call('GET', `${type}/${idOf(type, 'p1')}`, tokens['operator']);
        expect([type, kept.status, ((await kept.json()) as { meta: { versionId: string } }).meta.versionId]).toEqual([type, 200, '1']);
      }
    },
  );

  test('right: what it is for', async () => {
    const refused: string[] = [];
    for (const cell of cells()) {
      if (
        [
          'delete',
          'patch',
          'create',
          'batch',
          '$merge',
          '$unmerge',
          '$convert',
          '$index-state',
          '$expand',
          '$lookup',
          '$translate',
          '$validate-code',
        ].includes(cell.route.name)
      )
        continue;
      // over all types its limits differ: refused, and with _type it is not
      if (cell.route.name === 'search-system') continue;
      if (
        cell.route.name.startsWith('job-') ||
        (cell.route.name === '$export' && cell.path.startsWith('Group')) ||
        /^(Practitioner|Device)\//.test(cell.path)
      )
        continue;
      asked += 1;
      const { status } = await ask(cell, 'right');
      if (status >= 300) refused.push(`${cell.route.method} ${cell.path} ${status}`);
    }
    expect(refused).toEqual([]);
    expect((await guarded.call('GET', '?_type=Patient,Observation', tokens['right'])).status).toBe(200);
  });

  test('in all it was asked often enough, and every route has left its AuditEvents', async () => {
    // Of those who are not let in the trail has sums: what is not asked for above by anybody else is asked for by the operator.
    for (const cell of cells()) if (/^job-|^\$index-state$/.test(cell.route.name)) await ask(cell, 'operator');
    const audited = new Set<string>();
    for (let next: string | undefined = 'AuditEvent?_elements=subtype,entity&_count=1000'; next !== undefined; ) {
      const page = (await (await guarded.call('GET', next, tokens['operator'])).json()) as Bundle<AuditEvent>;
      for (const { resource } of page.entry ?? []) for (const name of namesIn(resource)) audited.add(name);
      next = page.link?.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir\//, '');
    }
    // Whoever reads the CapabilityStatement reads of nobody.
    const routes = [...MATRIX.keys()].filter((name) => name !== 'capabilities');
    const silent = routes.filter((name) => !audited.has(inTrail(name)));
    publish('T-26 authorisation matrix', {
      cells: asked,
      'unexpected answers 2xx': unexpected.length,
      'routes without a row': withoutRow.length,
    });
    publish('T-21 audit of every route', { routes: routes.length, 'routes that leave no AuditEvent': silent.length });
    expect(asked).toBeGreaterThanOrEqual(2000);
    expect(silent).toEqual([]);
  });
});
