import type { Filter } from '../../fhir/search-query.ts';
import { normaliseString } from '../../fhir/index-values.ts';
import { beginning, type Condition, numberCondition, spanCondition } from './comparison.ts';
import { partName } from './index-document.ts';
import {
  exactTerm,
  firstPartParameter,
  ofTypeTerm,
  presentTerm,
  referenceIdentifierTerm,
  referencePrefix,
  referenceTerm,
  stringTerm,
  textParameter,
  tokenTerm,
  uriParameter,
  uriTerm,
  urlTerm,
} from './terms.ts';

/** A filter inside a filter, answered by a search of its own. */
export interface SubSearch {
  /** The types searched; all that are kept when the search names none. */
  types(): Promise<readonly string[]>;
  /** Type/id of the resources of these types (none: any) that meet the filter. */
  targets(types: readonly string[], filter: Filter): Promise<readonly string[]>;
  /** Type/id of what resources of the type that meet the filter refer to by the parameter. */
  referred(type: string, parameter: string, filter: Filter): Promise<readonly string[]>;
  /** What is in a compartment, on a list or in a group: one of the conditions holds. */
  compartment(type: string, id: string): Promise<readonly Condition[]>;
}

const NOTHING: Condition = { _id: '' };

/**
 * A filter as MongoDB evaluates it. Values from outside enter only as parts of strings and as numbers, so none can become an operator.
 *
 * Shape: { 'ix.t': 'gender␟cfemale' }
 */
export async function compileFilter(filter: Filter, sub: SubSearch): Promise<Condition> {
  switch (filter.op) {
    case 'and':
      return conjunction(await Promise.all(filter.of.map((part) => compileFilter(part, sub))));
    case 'or':
      return disjunction(await Promise.all(filter.of.map((part) => compileFilter(part, sub))));
    case 'not':
      return { $nor: [await compileFilter(filter.of, sub)] };
    case 'id':
      return { _id: { $in: (await sub.types()).flatMap((type) => filter.ids.map((id) => `${type}/${id}`)) } };
    case 'lastUpdated':
      return {
        lu: {
          ...(filter.from === undefined ? {} : { $gte: filter.from }),
          ...(filter.to === undefined ? { $exists: true } : { $lt: filter.to }),
        },
      };
    case 'chain': {
      const targets = await sub.targets(filter.types, filter.filter);
      return { 'ix.r': { $in: targets.map((target) => referenceTerm(filter.parameter, ...split(target))) } };
    }
    case 'has':
      return { _id: { $in: [...(await sub.referred(filter.type, filter.parameter, filter.filter))] } };
    case 'compartment':
      return { $or: [...(await sub.compartment(filter.type, filter.id))] };
    default:
      return leaf(filter, 'ix.');
  }
}

type Leaf = Exclude<Filter, { op: 'and' | 'or' | 'not' | 'id' | 'lastUpdated' | 'chain' | 'has' | 'compartment' }>;

/** A condition on the index values under a path: `ix.` for the resource's own, `a.` for those of a composite's first part. */
function leaf(filter: Leaf, path: string): Condition {
  const { parameter } = filter;
  switch (filter.op) {
    case 'missing': {
      const present = { [`${path}t`]: presentTerm(parameter) };
      return filter.missing ? { $nor: [present] } : present;
    }
    case 'token':
      return { [`${path}t`]: tokenTerm(parameter, filter.system, filter.code) };
    case 'ofType':
      return { [`${path}t`]: ofTypeTerm(parameter, filter.system, filter.code, filter.value) };
    case 'tokenText':
      return { [`${path}s`]: beginning(stringTerm(textParameter(parameter), normaliseString(filter.value))) };
    case 'string':
      if (filter.match === 'exact') return { [`${path}x`]: exactTerm(parameter, filter.value) };
      if (filter.match === 'starts') return { [`${path}s`]: beginning(stringTerm(parameter, normaliseString(filter.value))) };
      return { [`${path}s`]: holding(stringTerm(parameter, ''), normaliseString(filter.value)) };
    case 'date':
      return { [`${path}d`]: { $elemMatch: { p: parameter, ...spanCondition(filter.prefix, filter.low, filter.high) } } };
    case 'number':
      return { [`${path}n`]: { $elemMatch: { p: parameter, ...numberCondition(filter.prefix, filter.value, filter.low, filter.high) } } };
    case 'quantity': {
      const number = numberCondition(filter.prefix, filter.value, filter.low, filter.high);
      return { [`${path}q`]: { $elemMatch: conjunction([{ p: parameter }, number, unitCondition(filter.system, filter.code)]) } };
    }
    case 'reference':
      return disjunction([
        ...(filter.url === undefined ? [] : [{ [`${path}r`]: urlTerm(parameter, filter.url) }]),
        ...(filter.url !== undefined && filter.id === undefined ? [] : [{ [`${path}r`]: literal(parameter, filter.type, filter.id) }]),
      ]);
    case 'referenceIdentifier':
      return { [`${path}r`]: referenceIdentifierTerm(parameter, filter.system, filter.value) };
    case 'uri':
      if (filter.match === 'exact') return { [`${path}t`]: uriTerm(parameter, filter.value) };
      if (filter.match === 'above') return { [`${path}t`]: { $in: ancestors(filter.value).map((value) => uriTerm(parameter, value)) } };
      return disjunction([
        { [`${path}t`]: uriTerm(parameter, filter.value) },
        { [`${path}s`]: beginning(stringTerm(uriParameter(parameter), filter.value.replace(/\/?$/, '/'))) },
      ]);
    case 'composite': {
      const parts = filter.parts.map((part, index) => partCondition(part, partName(index)));
      const within = { [`${path}c`]: { $elemMatch: conjunction([{ p: parameter }, ...parts]) } };
      const terms = firstTerms(filter);
      return terms === undefined ? within : conjunction([disjunction(terms.map((term) => ({ [`${path}t`]: term }))), within]);
    }
  }
}

/** The tokens a composite asks for first, as the index of tokens has them: by the name of the part, or apart. Undefined where it asks for none. */
function firstTerms({ parameter, parts }: Extract<Filter, { op: 'composite' }>): string[] | undefined {
  const [first] = parts;
  const asked = first?.op === 'or' ? first.of : first === undefined ? [] : [first];
  const tokens = asked.filter((one) => one.op === 'token');
  if (tokens.length === 0 || tokens.length < asked.length) return undefined;
  return tokens.flatMap(({ parameter: own, system, code }) =>
    [own, firstPartParameter(parameter)].map((name) => tokenTerm(name, system, code)),
  );
}

/** A part of a composite is a leaf, or leaves joined; its values stand under its name and carry it as their parameter. */
function partCondition(filter: Filter, name: string): Condition {
  switch (filter.op) {
    case 'and':
      return conjunction(filter.of.map((part) => partCondition(part, name)));
    case 'or':
      return disjunction(filter.of.map((part) => partCondition(part, name)));
    case 'not':
      return { $nor: [partCondition(filter.of, name)] };
    case 'id':
    case 'lastUpdated':
    case 'chain':
    case 'has':
    case 'compartment':
      return NOTHING;
    default:
      return leaf({ ...filter, parameter: name }, `${name}.`);
  }
}

function unitCondition(system: string | undefined, code: string | undefined): Condition {
  const coded = code === undefined ? {} : { c: code };
  if (system !== undefined && system !== '') return { s: system, ...coded };
  return code === undefined ? {} : { $or: [{ c: code }, { u: code }] };
}

/** A reference to one resource or, without an id, to any of the type. */
function literal(parameter: string, type: string | undefined, id: string | undefined): string | Condition {
  return id === undefined ? beginning(referencePrefix(parameter, type)) : referenceTerm(parameter, type, id);
}

/** Strings of one parameter that hold a text: the parameter bounds the index, the text is looked for in what it gives. */
function holding(prefix: string, text: string): Condition {
  return { $elemMatch: { $regex: `^${escape(prefix)}[\\s\\S]*${escape(text)}` } };
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replaceAll('\0', '\\x00');
}

/** The uri itself and every path above it, with and without its last slash. */
function ancestors(uri: string): string[] {
  const all = new Set([uri]);
  for (let at = uri.indexOf('/'); at !== -1; at = uri.indexOf('/', at + 1)) all.add(uri.slice(0, at)).add(uri.slice(0, at + 1));
  return [...all];
}

function split(target: string): [type: string, id: string] {
  const at = target.indexOf('/');
  return [target.slice(0, at), target.slice(at + 1)];
}

/** All of them, in one flat condition where no field is named twice: the plainest form is the one every planner understands. */
export function conjunction(conditions: readonly Condition[]): Condition {
  const flat: Condition = {};
  const rest: Condition[] = [];
  for (const condition of conditions) {
    const fields = Object.keys(condition);
    if (fields.some((field) => field in flat)) rest.push(condition);
    else Object.assign(flat, condition);
  }
  return rest.length === 0 ? flat : { ...flat, $and: [...((flat['$and'] as Condition[] | undefined) ?? []), ...rest] };
}

/** Any of them. Those that ask one field for a text are one list, which every planner looks up in the index of the field. */
function disjunction(conditions: readonly Condition[]): Condition {
  const texts = new Map<string, string[]>();
  const rest: Condition[] = [];
  for (const condition of conditions) {
    const [[field, text] = ['', undefined], ...others] = Object.entries(condition);
    const list = texts.get(field);
    if (typeof text !== 'string' || others.length > 0) rest.push(condition);
    else if (list === undefined) texts.set(field, [text]);
    else list.push(text);
  }
  const ways = [...Array.from(texts, ([field, list]): Condition => ({ [field]: list.length === 1 ? list[0] : { $in: list } })), ...rest];
  const [only, ...others] = ways;
  if (only === undefined) return NOTHING;
  return others.length === 0 ? only : { $or: ways };
}
