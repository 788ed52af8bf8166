import { isDeepStrictEqual } from 'node:util';
import type { Meta, Resource } from '../fhir/resource.ts';

/**
 * What one sender has said of one resource so far, element by element. Kept beside the resource, because a v2 message is no
 * statement about the whole: what it does not mention it leaves alone, and what it takes back is only what that sender gave.
 */
export interface Facts {
  /** The time of the newest message they come from. UTC ms; 0 when no message told a time. */
  readonly at: number;
  readonly elements: Readonly<Record<string, unknown>>;
  /** Of a list: where each entry came from. Shape: { identifier: ['PID-3', 'PID-19'] } */
  readonly sources?: Readonly<Record<string, readonly string[]>>;
}

/** What a message says of a resource. */
export interface Statement {
  readonly at: number;
  readonly resource: Resource;
  /** Top-level elements it speaks of: those it gives and those it takes away. */
  readonly spoken: readonly string[];
  /** It says all there is to say: what the sender said before and does not say now is taken back. */
  readonly whole?: boolean;
  /** Of a list: where each entry came from; without it the statement gives the sender's whole list. */
  readonly sources?: Readonly<Record<string, readonly string[]>>;
  /** Places it speaks of, valued or nulled: entries the sender gave from any other place stay. */
  readonly present?: ReadonlySet<string>;
  /** Elements already continued from what is stored: they are as the statement has them. */
  readonly lived?: readonly string[];
}

/** A resource and its sender's facts after a statement. */
export interface Merged {
  readonly resource: Resource;
  readonly facts: Facts;
  /** Elements the statement spoke of that newer facts of the same sender overruled. */
  readonly overruled: readonly string[];
  /** Elements somebody put right by hand, which the statement does not overwrite. */
  readonly kept: readonly string[];
  /** What others said decides, and they were not given: ask again with them. */
  readonly asks: boolean;
}

const OWN = new Set(['resourceType', 'id', 'meta']);

/** What comes from other segments than the resource itself: where these are silent, it stays, even of what is stated whole. */
const FROM_ELSEWHERE = new Set(['specimen', 'encounter', 'basedOn', 'hasMember', 'focus', 'related', 'context']);

/** Elements whose parts are fields of their own: one that is absent stays. */
const PARTED = new Set(['hospitalization', 'period']);

/**
 * A statement laid over what is stored.
 *
 * An element absent from the statement stays; one it takes away goes, if it is still as this sender gave it; in a list the entries this
 * sender gave before from the same place are replaced and everybody else's stay; an element that says what the same sender said before is
 * left as it is now, so that a correction made by hand is not undone by a repetition, and a new value does not overwrite one that no
 * sender gave. A statement older than the sender's facts adds only what they lack.
 *
 * `others`: the facts of the other senders, which are asked for only where they decide.
 */
export function layOver(stored: Resource | undefined, facts: Facts | undefined, statement: Statement, others?: readonly Facts[]): Merged {
  if (stored === undefined && facts === undefined) return firstSaid(statement);
  const resource: Resource = stored === undefined ? { resourceType: statement.resource.resourceType } : { ...stored };
  const elements: Record<string, unknown> = { ...facts?.elements };
  const sources: Record<string, readonly string[]> = { ...facts?.sources };
  const older = facts !== undefined && statement.at < facts.at;
  const overruled: string[] = [];
  const kept: string[] = [];
  let asks = false;
  const saidByOthers = (name: string, matches: (value: unknown) => boolean, unasked = false): boolean => {
    if (others === undefined) asks = true;
    return others === undefined ? unasked : others.some((other) => matches(other.elements[name]));
  };
  for (const name of withChoiceSiblings(statement, elements)) {
    const before = elements[name];
    const lived = statement.lived?.includes(name) === true;
    const now = said(name, before, sources[name], statement);
    if (isDeepStrictEqual(now.value, before) && (!lived || isDeepStrictEqual(now.value, resource[name]))) continue;
    if (older && lived && isDeepStrictEqual(now.value, resource[name])) continue;
    if (older && (before !== undefined || statement.whole === true)) {
      overruled.push(name);
      continue;
    }
    const standing = resource[name];
    let next: unknown;
    // A value no sender gave is left to whoever put it there; lists keep what is not the sender's own.
    if (lived) next = now.value;
    else if (Array.isArray(standing) && (now.value === undefined || Array.isArray(now.value)))
      next = listAfter(standing, before, now.value ?? [], (entry) =>
        saidByOthers(name, (value) => Array.isArray(value) && value.some((one) => isDeepStrictEqual(one, entry))),
      );
    else if (standing === undefined || isDeepStrictEqual(standing, before) || isDeepStrictEqual(standing, now.value)) {
      const shared = now.value === undefined && standing !== undefined && saidByOthers(name, (value) => isDeepStrictEqual(value, standing));
      next = shared ? standing : now.value;
    } else if (now.value === undefined) next = standing;
    else if (PARTED.has(name) || saidByOthers(name, (value) => isDeepStrictEqual(value, standing), true)) next = now.value;
    else {
      next = standing;
      kept.push(name);
    }
    if (next === undefined) delete resource[name];
    else resource[name] = next;
    if (now.value === undefined) delete elements[name];
    else elements[name] = now.value;
    if (now.sources === undefined) delete sources[name];
    else sources[name] = now.sources;
  }
  const meta = metaAfter(stored?.meta, statement.resource.meta);
  if (meta !== undefined) resource.meta = meta;
  const after = { at: Math.max(facts?.at ?? 0, statement.at), elements };
  return {
    resource,
    facts: Object.keys(sources).length === 0 ? after : { ...after, sources },
    overruled,
    kept,
    asks: asks && stored !== undefined,
  };
}

/** The first that is heard of a resource stands as it was said. */
function firstSaid({ at, resource: given, spoken, lived = [], sources: from = {} }: Statement): Merged {
  const resource: Resource = { resourceType: given.resourceType };
  const elements: Record<string, unknown> = {};
  const sources: Record<string, readonly string[]> = {};
  for (const name of [...spoken, ...lived]) {
    const value = given[name];
    if (value === undefined || name in elements || OWN.has(name)) continue;
    resource[name] = value;
    elements[name] = value;
    if (from[name] !== undefined) sources[name] = from[name];
  }
  const meta = metaAfter(undefined, given.meta);
  if (meta !== undefined) resource.meta = meta;
  const facts = Object.keys(sources).length === 0 ? { at, elements } : { at, elements, sources };
  return { resource, facts, overruled: [], kept: [], asks: false };
}

/** What the sender says of an element once the message is counted in: of a list, also what it said before from places the message is silent about. */
function said(
  name: string,
  before: unknown,
  from: readonly string[] | undefined,
  statement: Statement,
): { value: unknown; sources?: readonly string[] } {
  const value = statement.resource[name];
  const sources = statement.sources?.[name];
  if (statement.lived?.includes(name) === true) {
    const places = statement.sources?.[name];
    return { value, ...(places === undefined ? {} : { sources: places }) };
  }
  if (isParts(value) && isParts(before) && PARTED.has(name)) return { value: { ...before, ...value } };
  if (!Array.isArray(before) || from?.length !== before.length || (value !== undefined && sources === undefined)) {
    return { value, ...(sources === undefined ? {} : { sources }) };
  }
  const given = (value ?? []) as readonly unknown[];
  const silent = before
    .map((entry: unknown, index) => ({ entry, source: from[index] as string }))
    .filter(({ entry, source }) => source !== '' && statement.present?.has(source) !== true && !given.some((one) => isSame(one, entry)));
  const list = [...given, ...silent.map(({ entry }) => entry)];
  const all = [...(sources ?? []), ...silent.map(({ source }) => source)];
  if (list.length === 0) return { value: undefined };
  // The same entries in another order say nothing new.
  const same = list.length === before.length && list.every((entry) => before.some((one) => isDeepStrictEqual(one, entry)));
  return same ? { value: before, sources: from } : { value: list, sources: all };
}

/** The same entry, or the same number in another use. */
function isSame(one: unknown, other: unknown): boolean {
  if (isDeepStrictEqual(one, other)) return true;
  const [a, b] = [one, other] as { system?: unknown; value?: unknown }[];
  return (
    isParts(one) && isParts(other) && a?.value !== undefined && a.value === b?.value && a.system !== undefined && a.system === b.system
  );
}

const isParts = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function listAfter(
  stored: readonly unknown[],
  before: unknown,
  given: readonly unknown[],
  isOfOthers: (entry: unknown) => boolean,
): unknown[] | undefined {
  const mine: readonly unknown[] = Array.isArray(before) ? before : [];
  const isIn = (list: readonly unknown[], entry: unknown) => list.some((one) => isDeepStrictEqual(one, entry));
  const stays = stored.filter((entry) => !isIn(given, entry) && (!isIn(mine, entry) || isOfOthers(entry)));
  const list = [...given, ...stays];
  return list.length === 0 ? undefined : list;
}

/** Labels, tags and profiles add up: a restriction one message names does not end with the next one's silence. */
function metaAfter(stored: Meta | undefined, said: Meta | undefined): Meta | undefined {
  if (said === undefined) return stored;
  const meta: Record<string, unknown> = { ...stored };
  for (const name of ['profile', 'security', 'tag'] as const) {
    const list: unknown[] = [...(stored?.[name] ?? [])];
    for (const entry of said[name] ?? []) if (!list.some((one) => isDeepStrictEqual(one, entry))) list.push(entry);
    if (list.length > 0) meta[name] = list;
  }
  return Object.keys(meta).length === 0 ? undefined : meta;
}

/** A choice of types is one element: saying valueString takes back the valueQuantity said before. */
function withChoiceSiblings(statement: Statement, before: Readonly<Record<string, unknown>>): Set<string> {
  const spoken =
    statement.whole === true ? [...statement.spoken, ...Object.keys(before).filter((name) => !FROM_ELSEWHERE.has(name))] : statement.spoken;
  const names = new Set([...spoken, ...(statement.lived ?? [])].filter((name) => !OWN.has(name)));
  for (const name of names) {
    const stem = choiceStem(name);
    if (stem === undefined) continue;
    for (const other of Object.keys(before)) if (choiceStem(other) === stem) names.add(other);
  }
  return names;
}

const CHOICES = [
  'value',
  'effective',
  'deceased',
  'multipleBirth',
  'onset',
  'abatement',
  'performed',
  'occurrence',
  'collected',
  'serviced',
];

function choiceStem(name: string): string | undefined {
  return CHOICES.find((stem) => name.startsWith(stem) && /^[A-Z]/.test(name.slice(stem.length)));
}
