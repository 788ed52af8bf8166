import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../fhir/resource.ts';
import { formatJson, readWritten } from '../fhir/written-number.ts';
import { Bug } from '../issue/issue-error.ts';
import type { DocumentKey, DocumentWrite, Store } from '../store/store.ts';
import { storedResource } from './as-stored.ts';
import type { Facts } from './facts.ts';

/** The kind of the documents that keep what each sender said. */
const FACTS = 'facts';

/**
 * Facts as a document holds them: as the difference from a version of their resource. Mostly one sender said all there is, and then nothing
 * is kept twice. Versions are never taken away, so what is written by others later makes no difference to what was said.
 */
interface KeptFacts {
  readonly at: number;
  /** The version; without it `elements` are all of them. */
  readonly version?: number;
  /** Elements of the version that this sender did not say. */
  readonly without?: readonly string[];
  /** Elements that are not as the version has them. */
  readonly elements?: Readonly<Record<string, unknown>>;
  readonly sources?: Facts['sources'];
}

/** What is said of a version, and not of its subject. */
const OF_THE_VERSION: ReadonlySet<string> = new Set(['resourceType', 'id', 'meta']);

/** A resource as it stands. */
export interface Standing {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly resource: Resource;
}

/** The name of the document with what a sender said of a resource. */
export function factsKey(type: string, id: string, sender: string): DocumentKey {
  return { kind: FACTS, key: `${type}/${id}|${sender}` };
}

/** What a document says. Fails: throws Bug (the version it is kept by is gone) */
export async function readFacts(text: string, standing: Standing, store: Store): Promise<Facts> {
  const { at, version, without = [], elements = {}, sources } = readWritten(text) as KeptFacts;
  const said = version === undefined ? {} : elementsOf(await resourceAt(version, standing, store));
  for (const name of without) delete said[name];
  return { at, elements: { ...said, ...elements }, ...(sources === undefined ? {} : { sources }) };
}

/** What senders have said of a resource, each with its document. */
export async function allFacts(standing: Standing, store: Store): Promise<{ key: string; text: string; facts: Facts }[]> {
  const prefix = `${standing.type}/${standing.id}|`;
  const all: { key: string; text: string; facts: Facts }[] = [];
  for (let after: string | undefined = prefix; after !== undefined; ) {
    const page: { key: string; json: string }[] = await store.listDocuments(FACTS, after, 50, prefix);
    after = page.at(-1)?.key;
    for (const { key, json } of page) all.push({ key, text: json, facts: await readFacts(json, standing, store) });
  }
  return all;
}

/** The document that keeps facts, by the version they are closest to. */
export function writeFacts(key: string, facts: Facts, standing: Standing, expected: string | undefined): DocumentWrite {
  const there = standing.resource;
  const elements: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts.elements)) if (!isSame(value, there[name])) elements[name] = value;
  const without = Object.keys(there).filter((name) => !OF_THE_VERSION.has(name) && facts.elements[name] === undefined);
  const kept: KeptFacts = {
    at: facts.at,
    version: standing.version,
    ...(without.length === 0 ? {} : { without }),
    ...(Object.keys(elements).length === 0 ? {} : { elements }),
    ...(facts.sources === undefined ? {} : { sources: facts.sources }),
  };
  return { kind: FACTS, key, json: formatJson(kept), expected: expected ?? null };
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || isDeepStrictEqual(one, other);
}

function elementsOf(resource: Resource): Record<string, unknown> {
  const { resourceType: _type, id: _id, meta: _meta, ...elements } = resource;
  return elements;
}

async function resourceAt(version: number, { type, id, version: current, resource }: Standing, store: Store): Promise<Resource> {
  if (version === current) return resource;
  const stored = await store.readVersion(type, id, version);
  if (stored === undefined || stored.deleted) throw new Bug(`facts are kept by ${type}/${id} version ${version}, which there is not`);
  return storedResource(stored.json);
}
