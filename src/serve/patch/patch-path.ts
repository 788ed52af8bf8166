import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Definitions } from '../../fhir/definitions.ts';

/** An element of a resource, and where it hangs. */
export interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
  /** The type of the parent. */
  readonly type: string;
  readonly value: unknown;
  /** The type of the value: whose children it may have. */
  readonly valueType: string;
  /** The list it is an item of, and which. */
  readonly list?: unknown[];
  readonly index?: number;
}

type Step =
  | { readonly kind: 'child'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'last' }
  /** Shape: where(use = 'official'), where(system='urn:x' and value='1') */
  | { readonly kind: 'where'; readonly equal: readonly (readonly [name: string, value: string])[] };

/**
 * The elements a path leads to. Paths are the simple ones a patch may have: names, [index], first(), last(), where(name = value and ...),
 * extension('url').
 *
 * Shape: Patient.identifier.where(system = 'urn:x').value
 * Fails: patch-invalid (another expression)
 */
export function locate(resource: Record<string, unknown>, path: string, definitions: Definitions, number: number): Place[] {
  const type = String(resource['resourceType']);
  const steps = parsePath(path, number);
  const [first, ...rest] = steps;
  const isRooted = first?.kind === 'child' && (first.name === type || first.name === 'Resource' || first.name === 'DomainResource');
  const root: Place = { parent: { root: resource }, key: 'root', type: '', value: resource, valueType: type };
  let places: Place[] = [root];
  for (const step of isRooted ? rest : steps) places = places.length === 0 ? [] : follow(places, step, definitions);
  return places;
}

function follow(places: readonly Place[], step: Step, definitions: Definitions): Place[] {
  switch (step.kind) {
    case 'child':
      return places.flatMap((place) => childrenOf(place, step.name, definitions));
    case 'index':
      return places.slice(step.index, step.index + 1);
    case 'last':
      return places.slice(-1);
    case 'where':
      return places.filter(({ value }) =>
        step.equal.every(
          ([name, expected]) =>
            typeof value === 'object' && value !== null && String((value as Record<string, unknown>)[name]) === expected,
        ),
      );
  }
}

function childrenOf({ value, valueType }: Place, name: string, definitions: Definitions): Place[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const parent = value as Record<string, unknown>;
  // a choice is named without its type: value is valueQuantity
  const key = Object.hasOwn(parent, name)
    ? name
    : definitions.children(valueType).find((info) => info.path.endsWith(`.${name}[x]`) && Object.hasOwn(parent, info.name))?.name;
  if (key === undefined) return [];
  const child = parent[key];
  const childType = definitions.child(valueType, key)?.type ?? '';
  if (!Array.isArray(child)) return [{ parent, key, type: valueType, value: child, valueType: childType }];
  return child.map((item: unknown, index) => ({
    parent,
    key,
    type: valueType,
    value: item,
    valueType: childType,
    list: child as unknown[],
    index,
  }));
}

const STEP = /^\.?(?:([A-Za-z_][A-Za-z0-9_]*)(?!\w*\()|\[(\d{1,6})\]|(first|last)\(\)|where\(([^()]*)\)|extension\('([^'()]*)'\))/;
const EQUAL = /^\s*([A-Za-z]\w*)\s*=\s*(?:'([^']*)'|(true|false|-?\d[\d.]*))\s*$/;

function parsePath(path: string, number: number): Step[] {
  const steps: Step[] = [];
  let rest = path.trim();
  while (rest !== '') {
    const found = STEP.exec(rest);
    if (found === null || steps.length > 64) throw invalid(number);
    const [whole, name, index, end, criteria, url] = found;
    if (name !== undefined) steps.push({ kind: 'child', name });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (end !== undefined) steps.push(end === 'first' ? { kind: 'index', index: 0 } : { kind: 'last' });
    else if (url !== undefined) steps.push({ kind: 'child', name: 'extension' }, { kind: 'where', equal: [['url', url]] });
    else steps.push({ kind: 'where', equal: parseCriteria(criteria ?? '', number) });
    rest = rest.slice(whole.length);
  }
  if (steps.length === 0) throw invalid(number);
  return steps;
}

function parseCriteria(text: string, number: number): [string, string][] {
  return text.split(/\s+and\s+/).map((part) => {
    const found = EQUAL.exec(part);
    if (found === null) throw invalid(number);
    return [found[1] as string, (found[2] ?? found[3]) as string];
  });
}

function invalid(number: number): IssueError {
  return new IssueError(issue('patch-invalid', { number, reason: 'its path is not a simple one' }));
}
