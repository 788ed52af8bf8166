import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditEvent, Bundle, OperationOutcome } from 'fhir/r4.js';
import { archiveTrail } from '../../src/audit/archive.ts';
import { keyOf, type Link } from '../../src/audit/chain.ts';
import { LINKS, START } from '../../src/audit/kept-trail.ts';
import { makeEvents } from '../../src/audit/make-events.ts';
import { createTrail } from '../../src/audit/trail.ts';
import { verifyArchive, verifyTrail } from '../../src/audit/verify-trail.ts';
import { readConfig } from '../../src/config.ts';
import { startGateway } from '../../src/main.ts';
import { EVERYTHING, searchOf } from '../../src/fhir/search-query.ts';
import { overStore } from '../../src/store/over-store.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from '../intake/harness.ts';
import { readRecord } from './read-record.ts';

let store: Store;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'archive-'));
  store = await openStore();
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});
const file = (name: string) => join(folder, name);
/** A link for each. */
const write = async (year: number, count: number) => {
  const trail = createTrail(store);
  for (let number = 0; number < count; number += 1) await trail.record(readRecord(randomUUID(), { time: `${year}-05-06T07:08:09.000Z` }));
};
const archive = (name: string, year: number, over = store) =>
  archiveTrail(over, { path: file(name), before: Date.UTC(year, 0, 1), now: new Date('2026-11-21T00:00:00Z'), newId: randomUUID });
const links = () => store.listDocuments(LINKS, '', 10_000);
const faultsOf = async () => (await verifyTrail(store)).faults;

test('what is old goes into a file, and both halves are whole and meet', async () => {
  await write(2019, 1_200);
  await write(2026, 3);
  const archived = await archive('a.ndjson', 2020);
  expect(archived).toMatchObject({ from: 1, to: 1_200 });
  expect(
    createHash('sha256')
      .update(readFileSync(file('a.ndjson')))
      .digest('hex'),
  ).toBe(archived?.sha256);
  const [rest, old] = [await verifyTrail(store), await verifyArchive(store, file('a.ndjson'))];
  expect([rest.faults, rest.links, rest.start]).toEqual([[], 4, { number: 1_200, hash: archived?.hash }]);
  expect([old.faults, old.links, old.events, old.hash]).toEqual([[], 1_200, 0, archived?.hash]);
  expect(await links()).toHaveLength(4);
  // nothing of what is in the archive is in the store, and all that is young is
  await makeEvents(store, 100);
  const { versions } = await store.history({ type: 'AuditEvent', count: 100 });
  expect(versions.map(({ json }) => (JSON.parse(json) as AuditEvent).recorded.slice(0, 4))).toEqual(['2026', '2026', '2026', '2026']);
  expect((await store.search(searchOf('AuditEvent', EVERYTHING, { total: 'accurate' }))) as object).toMatchObject({ value: { total: 4 } });
});

test('a second archive begins where the first ended', async () => {
  await write(2018, 2);
  await write(2019, 2);
  await write(2026, 1);
  await archive('a.ndjson', 2019);
  await archive('b.ndjson', 2020);
  const [first, second] = [await verifyArchive(store, file('a.ndjson')), await verifyArchive(store, file('b.ndjson'))];
  expect([first.hash, second.links, second.faults]).toEqual([second.start.hash, 2, []]);
  expect(await faultsOf()).toEqual([]);
});

test('an archive that was changed, cut or is none is told', async () => {
  await write(2019, 3);
  await write(2026, 1);
  await archive('a.ndjson', 2020);
  const lines = readFileSync(file('a.ndjson'), 'utf8').split('\n');
  const verified = async (text: string) => {
    writeFileSync(file('x'), text);
    return (await verifyArchive(store, file('x'))).faults.length;
  };
  expect(await verified(lines.join('\n').replace('"app"', '"apq"'))).toBeGreaterThan(0);
  expect(await verified(lines.toSpliced(2, 1).join('\n'))).toBeGreaterThan(0);
  for (const text of ['', 'nothing', '{}', lines.join('\n').slice(0, -20)])
    await expect(verified(text)).rejects.toMatchObject({ issues: [{ id: 'audit-faulty' }] });
});

test('a chain whose front is gone without an archive, or whose start was moved, is told', async () => {
  await write(2019, 5);
  await write(2026, 1);
  await archive('a.ndjson', 2019);
  await store.commit({ documents: [{ kind: LINKS, key: keyOf(1) }] });
  expect((await faultsOf()).length).toBeGreaterThan(0);
  const [text = '{}'] = await store.documents([{ kind: LINKS, key: keyOf(3) }]);
  const { number, hash } = JSON.parse(text) as Link;
  await store.commit({
    documents: [
      { kind: LINKS, key: keyOf(2) },
      { kind: LINKS, key: keyOf(3) },
      { ...START, json: JSON.stringify({ number, hash }) },
    ],
  });
  expect(await faultsOf()).toEqual([`the chain begins after link 3, and no record says where those before it went`]);
});

test.each([1, 2, 3])(
  'a stop in the middle of deleting (after %d steps) leaves a trail that is whole, and is gone on from',
  async (steps) => {
    await write(2019, 450);
    await write(2026, 1);
    let left = steps;
    const stopping = overStore(store, {
      commit: (change) =>
        change.erase === undefined && change.documents?.some(({ json }) => json === undefined) !== true
          ? store.commit(change)
          : (left -= 1) < 0
            ? Promise.reject(new Error('stopped'))
            : store.commit(change),
    });
    await expect(archive('a.ndjson', 2020, stopping)).rejects.toThrow('stopped');
    expect(await faultsOf()).toEqual([]);
    expect((await verifyArchive(store, file('a.ndjson'))).faults).toEqual([]);
    expect(await archive('b.ndjson', 2020)).toBeUndefined();
    expect([await faultsOf(), (await links()).length]).toEqual([[], 2]);
  },
  60_000,
);

test('whoever looks for AuditEvents is told of those that are in an archive, and nobody else is', async () => {
  await store.close();
  store = await openStore(file('kept.db'));
  await write(2019, 2);
  await write(2026, 1);
  await archive('old.ndjson', 2020);
  await store.close();
  const config = readConfig({ PORT: '0', MLLP_PORT: 'off', LOG_LEVEL: 'silent', DATABASE_URL: `sqlite:${file('kept.db')}` });
  const gateway = await startGateway((config as Extract<typeof config, { ok: true }>).value);
  const search = async (query: string) => (await (await fetch(`${gateway.fhirBase}/${query}`)).json()) as Bundle;
  const { entry = [] } = await search('AuditEvent?patient=Patient/p1');
  expect(entry.filter(({ search: how }) => how?.mode === 'match')).toHaveLength(1);
  const told = entry.find(({ search: how }) => how?.mode === 'outcome')?.resource as OperationOutcome;
  expect(told.issue).toMatchObject([{ severity: 'information', details: { coding: [{ code: 'audit-archived' }] } }]);
  expect(told.issue[0]?.details?.text).toMatch(/2019-05-06T07:08:09.000Z.*old\.ndjson/);
  expect(JSON.stringify(await search('Patient'))).not.toContain('audit-archived');
  await gateway.close();
  store = await openStore();
});

test('nothing is written over, a trail that is not whole is not archived, and what is young stays', async () => {
  await write(2019, 3);
  await write(2026, 1);
  expect(await archive('none.ndjson', 2018)).toBeUndefined();
  expect(existsSync(file('none.ndjson'))).toBe(false);
  writeFileSync(file('a.ndjson'), 'mine');
  await expect(archive('a.ndjson', 2020)).rejects.toMatchObject({ issues: [{ id: 'target-not-empty' }] });
  const [text = '{}'] = await store.documents([{ kind: LINKS, key: keyOf(2) }]);
  await store.commit({ documents: [{ kind: LINKS, key: keyOf(2), json: text.replace('"app"', '"apq"') }] });
  await expect(archive('b.ndjson', 2020)).rejects.toMatchObject({ issues: [{ id: 'audit-faulty' }] });
  expect(await links()).toHaveLength(4);
});
