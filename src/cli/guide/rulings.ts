import type { Mappings } from '../../map/compile-mappings.ts';
import { isTreeMap, textOfTree, type Tree } from '../../map/mapping-source.ts';
import { plainTarget } from './path.ts';
import type { GuideRow } from './read-guide.ts';

/** What the mapping files say of rows of the guide that are not carried as the guide has them. */
export interface Ruling {
  /** Shape: PV1[Encounter] */
  readonly table: string;
  /** The address and the beginning of the target it is about; `all`: every row. Shape: 'PV1-11 location.extension' */
  readonly key: string;
  readonly leftOut: boolean;
  readonly why: string;
  /** Shape: mappings/guide.yaml:12 */
  readonly at: string;
}

/** The rulings of the mapping files, by table of the guide. */
export function readRulings(mappings: Mappings): ReadonlyMap<string, readonly Ruling[]> {
  const rulings = new Map<string, Ruling[]>();
  for (const source of mappings.sources.get('guide') ?? []) {
    const tables = isTreeMap(source.data) ? source.data['tables'] : undefined;
    if (!isTreeMap(tables)) continue;
    for (const [table, list] of Object.entries(tables)) {
      for (const [index, entry] of (Array.isArray(list) ? (list as readonly Tree[]) : []).entries()) {
        if (!isTreeMap(entry)) continue;
        for (const [keys, said] of Object.entries(entry)) {
          const why = isTreeMap(said) ? (textOfTree(said['left-out']) ?? '') : (textOfTree(said) ?? '');
          const at = `${source.path}:${source.lineAt('tables', table, index)}`;
          const all = keys.split(',').map((key) => ({ table, key: key.trim(), leftOut: isTreeMap(said), why, at }));
          rulings.set(table, [...(rulings.get(table) ?? []), ...all]);
        }
      }
    }
  }
  return rulings;
}

/** The first ruling about a row: the most exact one. */
export function rulingFor(rulings: readonly Ruling[], row: GuideRow): Ruling | undefined {
  return [...rulings].sort((a, b) => exactness(b) - exactness(a)).find((ruling) => isAbout(ruling, row));
}

/** Whether a ruling names a row. */
function isAbout({ key }: Ruling, row: GuideRow): boolean {
  if (key === 'all') return true;
  const [address = '', target] = key.split(' ');
  return address === row.address && (target === undefined || plainTarget(row.target).startsWith(target));
}

const exactness = ({ key }: Ruling) => (key === 'all' ? 0 : key.length);
