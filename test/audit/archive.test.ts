import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { archiveTrail } from '../../src/audit/archive.ts';
import { keyOf, type Link } from '../../src/audit/chain.ts';
import { LINKS, START } from '../../src/audit/kept-trail.ts';
import { createTrail } from '../../src/audit/trail.ts';
import { verifyArchive, verifyTrail } from '../../src/audit/verify-trail.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from '../intake/harness.ts';

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
  for (let number = 0; number < count; number += 1)
    await trail.record({
      id: randomUUID(),
      time: `${year}-05-06T07:08:09.000Z`,
      what: 'read',
      method: 'GET',
      client: 'app',
      peer: '127.0.0.1',
      target: 'Patient/p1',
      outcome: 'success',
      patients: ['p1'],
    });
};
const archive = (name: string, year: number) =>
  archiveTrail(store, { path: file(name), before: Date.UTC(year, 0, 1), now: new Date('2026-11-21T00:00:00Z'), newId: randomUUID });
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
  expect([old.faults, old.links, old.events, old.hash]).toEqual([[], 1_200, 1_200, archived?.hash]);
  expect(await links()).toHaveLength(4);
}, 60_000);

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

test('a stop while links were deleted is gone on from', async () => {
  await write(2019, 4);
  await write(2026, 1);
  await archive('a.ndjson', 2020);
  // as if only the first two had gone
  const kept = readFileSync(file('a.ndjson'), 'utf8')
    .split('\n')
    .slice(3, 5)
    .map((line) => JSON.parse(line) as Link);
  const [second] = readFileSync(file('a.ndjson'), 'utf8')
    .split('\n')
    .slice(2, 3)
    .map((line) => JSON.parse(line) as Link);
  await store.commit({
    documents: [
      ...kept.map((link) => ({ kind: LINKS, key: keyOf(link.number), json: JSON.stringify(link) })),
      { ...START, json: JSON.stringify({ number: second?.number, hash: second?.hash }) },
    ],
  });
  expect(await faultsOf()).toEqual([]);
  expect(await archive('b.ndjson', 2020)).toMatchObject({ from: 3, to: 4 });
  expect(await faultsOf()).toEqual([]);
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
