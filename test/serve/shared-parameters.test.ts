import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileCompartments } from '../../src/fhir/compartments.ts';
import { compileExtractor } from '../../src/fhir/index-extraction.ts';
import { liveDefinitions } from '../../src/fhir/live-definitions.ts';
import { type Filter, searchOf } from '../../src/fhir/search-query.ts';
import { createCustomParameters } from '../../src/serve/parameters/custom-parameters.ts';
import { parametersOf } from '../../src/serve/parameters/named-parameters.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { definitions } from '../definitions.ts';
import { EYES } from './eyes.ts';

const OTHER = { ...EYES, expression: "Patient.extension.where(url = 'urn:other').value as code" };
const GREEN = { op: 'token', parameter: 'eyes', code: 'green' } as const;
const EVERY = 1_000;

describe('search parameters made at run time, of two gateways over one database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chartbridge-shared-'));
  const clock = { now: Date.UTC(2026, 0, 2, 9, 30) };
  let number = 0;
  let one: Awaited<ReturnType<typeof gateway>>;
  let other: Awaited<ReturnType<typeof gateway>>;

  async function gateway(holder: string, path: string) {
    const live = liveDefinitions(definitions);
    const extract = compileExtractor(live.indexed);
    const compartmentParameters = compileCompartments(definitions);
    const opened = await openSqliteStore({ path, extract, now: () => clock.now, compartmentParameters });
    const log = pino({ level: 'silent' });
    const parameters = createCustomParameters({ store: opened, live, extract, now: () => clock.now, holder, everyMs: EVERY, log });
    await parameters.round();
    return { live, opened, parameters, store: parameters.over(opened) };
  }
  beforeEach(async () => {
    const path = join(folder, `${(number += 1)}.db`);
    one = await gateway('one', path);
    other = await gateway('other', path);
  });
  afterEach(async () => {
    await one.opened.close();
    await other.opened.close();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const put = ({ store }: typeof one, resource: { resourceType: string; id: string; [name: string]: unknown }) =>
    store.commit({ writes: [{ type: resource.resourceType, id: resource.id, resource }] });
  const patient = (id: string, color: string, url = 'urn:eyes') => ({
    resourceType: 'Patient',
    id,
    extension: [{ url, valueCode: color }],
  });
  const found = async ({ store }: typeof one, filter: Filter = GREEN) => {
    const page = await store.search(searchOf('Patient', filter));
    return page.ok ? page.value.matches.map(({ id }) => id).sort() : [];
  };
  const rounds = async (...gateways: (typeof one)[]) => {
    for (const each of gateways) await each.parameters.round();
  };
  const inUse = async () => {
    await put(one, EYES);
    await rounds(one, other);
    clock.now += 2 * EVERY;
    await rounds(one, other);
  };
  const changed = { issues: [{ id: 'search-parameter-changed' }] };

  test('one that was changed elsewhere is not answered by what it was', async () => {
    await put(one, patient('a', 'green'));
    await inUse();
    expect(await found(other)).toEqual(['a']);
    await put(one, OTHER);
    // nobody indexes by the new expression yet, so the old answer is whole
    expect(await found(other)).toEqual(['a']);
    await rounds(one);
    await put(one, patient('b', 'green', 'urn:other'));
    await expect(found(other)).rejects.toMatchObject(changed);
    expect(other.live.searchable.searchParameter('Patient', 'eyes')).toBeUndefined();
    expect(other.live.indexed.searchParameter('Patient', 'eyes')).toMatchObject({ expression: OTHER.expression });
    expect(await found(other, { op: 'id', ids: ['a'] })).toEqual(['a']);
  });

  test('one that was taken back elsewhere is found out too, also inside a chain, a sort or an include', async () => {
    await inUse();
    await put(one, { ...EYES, status: 'retired' });
    await rounds(one);
    const has: Filter = { op: 'chain', parameter: 'subject', types: ['Patient'], filter: { op: 'not', of: GREEN } };
    await expect(other.store.search(searchOf('Observation', has))).rejects.toMatchObject(changed);
    await rounds(other);
    expect(await found(other, { op: 'and', of: [] })).toEqual([]);
    const query = searchOf(
      'Observation',
      { op: 'has', type: 'Provenance', parameter: 'target', filter: GREEN },
      {
        sort: [{ parameter: 'date', descending: true }],
        includes: [{ direction: 'forward', source: 'Observation', parameter: 'subject', iterate: false }],
      },
    );
    expect(parametersOf(query)).toEqual([
      { types: ['Provenance'], code: 'target' },
      { types: ['Provenance'], code: 'eyes' },
      { types: ['Observation'], code: 'date' },
      { types: ['Observation'], code: 'subject' },
    ]);
  });

  test('a condition on one is not met by what it was', async () => {
    await inUse();
    await put(one, OTHER);
    await rounds(one);
    const guards = [{ type: 'Patient', filter: GREEN, key: 'eyes=green', ids: [] }];
    const writes = [{ type: 'Patient', id: 'new', expected: 0, resource: patient('new', 'green') }];
    expect(await other.store.commit({ writes, guards })).toEqual({ ok: false, conflict: 'document', subject: 'search-parameter/eyes' });
    expect(other.live.searchable.searchParameter('Patient', 'eyes')).toBeUndefined();
    expect(await one.store.read('Patient', 'new')).toBeUndefined();
  });

  test('what a gateway writes that stood still while another looked through what is stored is found all the same', async () => {
    await put(one, EYES);
    await rounds(one);
    clock.now += 2 * EVERY;
    await rounds(one);
    await put(other, patient('late', 'green'));
    expect(await found(one)).toEqual(['late']);
    expect(await found(other)).toEqual(['late']);
  });
});
