import { expect, test } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { readWritten } from '../../src/fhir/written-number.ts';
import type { Facts } from '../../src/intake/facts.ts';
import { allFacts, factsKey, readFacts, writeFacts } from '../../src/intake/kept-facts.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from './harness.ts';

const { key } = factsKey('Observation', 'a', 'LAB|HOSP');
const told = readWritten('{"resourceType":"Observation","id":"a","status":"final","valueQuantity":{"value":1.50}}') as Resource;
const said: Facts = { at: 7, elements: { status: told['status'], valueQuantity: told['valueQuantity'] } };
const standing = (resource: Resource, version: number) => ({ type: 'Observation', id: 'a', version, resource });

async function withVersions(resources: readonly Resource[], look: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore();
  for (const resource of resources) await store.commit({ writes: [{ type: 'Observation', id: 'a', resource }] });
  await look(store);
  await store.close();
}

const written = (facts: Facts, resource: Resource, version: number) =>
  writeFacts(key, facts, standing(resource, version), undefined).json as string;

test('what a sender said in full is kept without its elements, and read back with its numbers as written', () =>
  withVersions([told], async (store) => {
    const text = written(said, told, 1);
    expect(JSON.parse(text)).toEqual({ at: 7, version: 1 });
    expect(await readFacts(text, standing(told, 1), store)).toStrictEqual(said);
  }));

test('what a sender said stays what it was when others have written the resource since', () =>
  withVersions([told, { ...told, status: 'amended', note: [{ text: 'by hand' }] }], async (store) => {
    const now = { ...told, status: 'amended' };
    expect(await readFacts(written(said, told, 1), standing(now, 2), store)).toStrictEqual(said);
  }));

test('what others said and what was put right by hand is no part of it', () =>
  withVersions([{ ...told, status: 'amended', note: [{ text: 'by hand' }] }], async (store) => {
    const resource = { ...told, status: 'amended', note: [{ text: 'by hand' }] };
    const text = written(said, resource, 1);
    expect(JSON.parse(text)).toEqual({ at: 7, version: 1, without: ['note'], elements: { status: 'final' } });
    expect(await readFacts(text, standing(resource, 1), store)).toStrictEqual(said);
  }));

test('a document that names no version holds all elements itself', () =>
  withVersions([told], async (store) => {
    const text = JSON.stringify({ at: 3, elements: { status: 'preliminary' } });
    expect(await readFacts(text, standing(told, 1), store)).toEqual({ at: 3, elements: { status: 'preliminary' } });
  }));

test('the senders of one resource are told from those of another whose id begins alike', () =>
  withVersions([told], async (store) => {
    const document = (id: string, sender: string) => ({ ...factsKey('Observation', id, sender), json: written(said, told, 1) });
    await store.commit({ documents: [document('a', 'LAB'), document('a', 'HIS'), document('ab', 'LAB')] });
    expect((await allFacts(standing(told, 1), store)).map((one) => one.key)).toEqual(['Observation/a|HIS', 'Observation/a|LAB']);
  }));
