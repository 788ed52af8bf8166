import type { DefinitionKind, DefinitionKinds } from './definitions.ts';

/** A definition of any kind. */
export type Definition = DefinitionKinds[DefinitionKind];

/** What is known of a definition before it is parsed. */
export interface ShelfRow {
  readonly kind: DefinitionKind;
  readonly url: string;
  readonly version?: string;
  /** For the structure of a type itself, and not of a profile: the type. */
  readonly type?: string;
  /** Whether it is the structure of a concrete resource type. */
  readonly resource?: boolean;
}

/** Definitions side by side, each parsed when first taken. */
export interface Shelf {
  readonly rows: readonly ShelfRow[];
  /** By canonical address, with or without |version. */
  find<K extends DefinitionKind>(kind: K, canonical: string): DefinitionKinds[K] | undefined;
}

function shelfOf(rows: readonly ShelfRow[], take: (index: number) => Definition): Shelf {
  const places = new Map<string, number>();
  rows.forEach((row, index) => {
    places.set(`${row.kind} ${row.url}`, index);
    if (row.version !== undefined) places.set(`${row.kind} ${row.url}|${row.version}`, index);
  });
  return {
    rows,
    find<K extends DefinitionKind>(kind: K, canonical: string) {
      const place = places.get(`${kind} ${canonical}`);
      return place === undefined ? undefined : (take(place) as DefinitionKinds[K]);
    },
  };
}

/** Definitions that are kept elsewhere: which there are, and the JSON of each, read when it is asked for. */
export interface KeptDefinitions {
  readonly rows: readonly ShelfRow[];
  /** By the place of its row. */
  textOf(place: number): string;
}

/** Definitions kept elsewhere, each read once. */
export function shelfFromKept(kept: KeptDefinitions): Shelf {
  const parsed: Definition[] = [];
  return shelfOf(kept.rows, (place) => (parsed[place] ??= JSON.parse(kept.textOf(place)) as Definition));
}

/** Definitions that are already in memory, out of a package or a request. Of two with one address the later counts. */
export function shelfFromResources(resources: readonly Definition[]): Shelf {
  const rows = resources.flatMap((resource): ShelfRow[] => {
    const { resourceType: kind, url, version } = resource;
    if (url === undefined) return [];
    const row = { kind, url, ...(version === undefined ? {} : { version }) };
    if (resource.resourceType !== 'StructureDefinition' || resource.derivation === 'constraint') return [row];
    return [{ ...row, type: resource.type, resource: resource.kind === 'resource' && !resource.abstract }];
  });
  const kept = resources.filter((resource) => resource.url !== undefined);
  return shelfOf(rows, (place) => kept[place] as Definition);
}
