import type { Mappings } from '../../map/compile-mappings.ts';
import { readMapName } from '../../map/compile-map.ts';
import { isTreeMap, textOfTree } from '../../map/mapping-source.ts';
import type { GuideMap, GuideRow } from './read-guide.ts';
import { rulingFor, type Ruling } from './rulings.ts';
import type { Proof } from './prove.ts';

/** Where a row of the guide stands. */
export interface Standing {
  readonly row: GuideRow;
  /** Carried: a message shows the value at the guide's path. Deviated: carried otherwise, by a ruling. Unexplained: a fault. */
  readonly state: 'carried' | 'deviated' | 'left out' | 'unexplained';
  /** Empty where it is carried. */
  readonly why: string;
  readonly proof?: Proof;
  readonly ruling?: Ruling;
}

/** How a row of a table is tried. */
export interface Trial {
  /** The message that shows it, where one does. */
  prove(row: GuideRow): Proof | undefined;
  /** Whether a message that holds its field uses it at all. */
  uses(row: GuideRow): boolean;
}

const NOT_SO = 'a ruling says that it is carried otherwise, and every message that holds it reports it as unused';

/** Judges each row of a table: by its proof, then by a ruling, then by what the maps say is not mapped. */
export function judgeRows(map: GuideMap, trial: Trial, rulings: readonly Ruling[], mappings: Mappings): Standing[] {
  const reasons = notMapped(mappings, map);
  return map.rows.map((row): Standing => {
    const ruling = rulingFor(rulings, row);
    const proof = ruling?.key === 'all' ? undefined : trial.prove(row);
    if (proof !== undefined) return { row, state: 'carried', why: '', proof };
    if (ruling?.leftOut === false && !trial.uses(row)) return { row, state: 'unexplained', why: NOT_SO, ruling };
    if (ruling !== undefined) return { row, state: ruling.leftOut ? 'left out' : 'deviated', why: ruling.why, ruling };
    const why = reasons.get(row.address);
    return why === undefined ? { row, state: 'unexplained', why: '' } : { row, state: 'left out', why };
  });
}

const POINTER = /; [A-Z][A-Z0-9]{1,2} to [A-Z]/;

/** Why fields are not mapped: only where no map of the segment or type maps them. */
function notMapped(mappings: Mappings, { owner, name: table, to }: GuideMap): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  const mapped = new Set<string>();
  for (const source of mappings.sources.get('map') ?? []) {
    const { data } = source;
    const name = isTreeMap(data) ? (textOfTree(data['map']) ?? '') : '';
    if (readMapName(name)?.owner !== owner) continue;
    const follows = isTreeMap(data) ? (textOfTree(data['follows']) ?? '') : '';
    // Components mean something else in each map of a type: only the map of this table speaks for it.
    if (source.path.includes('datatypes/') && name !== `${owner} to ${to.split('-')[0] ?? ''}` && !follows.includes(table)) continue;
    const compiled = mappings.base.segments.get(name) ?? mappings.base.library.map(name);
    for (const [address, why] of compiled?.notMapped ?? []) {
      // A reason that only points to another map says less than that map's own.
      if (!reasons.has(address) || !POINTER.test(why)) reasons.set(address, why);
    }
    for (const row of compiled?.rows ?? []) if (row.place !== undefined) mapped.add(row.place.text.split('.')[0] ?? '');
  }
  for (const address of mapped) if (address.includes('-')) reasons.delete(address);
  return reasons;
}
