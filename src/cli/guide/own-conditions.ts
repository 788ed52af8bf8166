import type { Mappings } from '../../map/compile-mappings.ts';
import { type Condition, parseCondition, placesOf } from '../../map/condition.ts';
import { isTreeMap, textOfTree, type Tree } from '../../map/mapping-source.ts';

/** The conditions our own maps add: what a probe must meet beside the guide's. */
export interface OwnConditions {
  /** Of rows, by field. Shape: 'DG1-21' */
  readonly byField: ReadonlyMap<string, readonly Condition[]>;
  /** Of the rows of message maps, by segment. */
  readonly bySegment: ReadonlyMap<string, readonly Condition[]>;
}

/** Collects them from the mapping files. */
export function ownConditions(mappings: Mappings): OwnConditions {
  const byField = new Map<string, Condition[]>();
  const bySegment = new Map<string, Condition[]>();
  const seen = new Set<string>();
  const add = (to: Map<string, Condition[]>, key: string, said: Tree) => {
    const when = isTreeMap(said) ? textOfTree(said['when']) : undefined;
    if (when === undefined || seen.has(`${key} ${when}`)) return;
    seen.add(`${key} ${when}`);
    const parsed = parseCondition(when);
    if ('condition' in parsed) to.set(key, [...(to.get(key) ?? []), parsed.condition]);
  };
  for (const [kind, word, to] of [
    ['map', 'rules', byField],
    ['message', 'makes', bySegment],
  ] as const) {
    for (const { data } of mappings.sources.get(kind) ?? []) {
      const rows = isTreeMap(data) ? data[word] : undefined;
      for (const row of Array.isArray(rows) ? (rows as readonly Tree[]) : []) {
        if (!isTreeMap(row)) continue;
        for (const [key, said] of Object.entries(row)) add(to, key.split('.')[0] ?? key, said);
      }
    }
  }
  return { byField, bySegment };
}

/** The codes a field is compared with anywhere in our maps. */
export function codesComparedWith(own: OwnConditions, owner: string, field: number): string[] {
  const codes = new Set<string>();
  const visit = (condition: Condition): void => {
    if ('of' in condition) for (const part of Array.isArray(condition.of) ? condition.of : [condition.of]) visit(part as Condition);
    else if (condition.op === 'in' && condition.measure === 'text' && condition.place.owner === owner && condition.place.field === field)
      for (const value of condition.values) codes.add(value);
  };
  for (const all of [own.byField, own.bySegment]) {
    for (const conditions of all.values()) {
      for (const condition of conditions) if (placesOf(condition).some((place) => place.owner === owner)) visit(condition);
    }
  }
  return [...codes];
}
