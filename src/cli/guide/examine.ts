import type { Mappings } from '../../map/compile-mappings.ts';
import { isTreeMap, textOfTree } from '../../map/mapping-source.ts';
import { judgeCodes } from './judge-codes.ts';
import { judgeRows, type Standing, type Trial } from './judge.ts';
import { type Proof, Prover } from './prove.ts';
import { type Guide, plainName } from './read-guide.ts';
import { readRulings } from './rulings.ts';

/** One row of the guide and where it stands, as pages show it. */
export interface Line {
  /** The field, component or code. */
  readonly at: string;
  readonly target: string;
  readonly state: Standing['state'];
  readonly why: string;
  /** What shows it, where it is carried. */
  readonly proof?: Proof;
}

/** A table of the guide, examined. */
export interface Examined {
  readonly name: string;
  readonly kind: 'segment' | 'data type' | 'code table';
  /** Whether a message map of ADT, ORU or MDM applies it: those count for the figure. */
  readonly counts: boolean;
  readonly lines: readonly Line[];
}

/** The whole comparison. */
export interface Examination {
  readonly tables: readonly Examined[];
  /** Rulings about rows that are carried, or that the guide does not have. Shape: mappings/guide.yaml:12 PV1-99 */
  readonly stale: readonly string[];
}

/** Compares the guide with our maps, row by row. */
export function examine(guide: Guide, mappings: Mappings): Examination {
  const rulings = readRulings(mappings);
  const prover = new Prover(mappings, guide);
  const used = new Set<unknown>();
  const segments = guide.segments.map((map): Examined => {
    const trial: Trial = { prove: (row) => prover.prove(map, row), uses: (row) => prover.uses(map, row) };
    const standings = judgeRows(map, trial, rulings.get(map.name) ?? [], mappings);
    for (const { ruling } of standings) used.add(ruling);
    return { name: map.name, kind: 'segment', counts: guide.applied.has(map.name), lines: standings.map(lineOf) };
  });
  const dataTypes = guide.dataTypes.map((map): Examined => {
    const trial: Trial = { prove: (row) => prover.provePart(map, row), uses: (row) => prover.usesPart(map, row) };
    const standings = judgeRows(map, trial, rulings.get(map.name) ?? [], mappings);
    for (const { ruling } of standings) used.add(ruling);
    return { name: map.name, kind: 'data type', counts: false, lines: standings.map(lineOf) };
  });
  const names = tableNames(mappings);
  const tables = guide.tables.map((table): Examined => {
    const ours = mappings.base.library.table(names.get(plainName(table.name)) ?? '');
    const standings = judgeCodes(table, ours, rulings.get(table.name) ?? []);
    for (const { ruling } of standings) used.add(ruling);
    const lines = standings.map(({ code, state, why }) => ({ at: code.code, target: code.targetCode, state, why }));
    return { name: table.name, kind: 'code table', counts: false, lines };
  });
  const stale = [...rulings.values()].flat().filter((ruling) => !used.has(ruling));
  return { tables: [...segments, ...dataTypes, ...tables], stale: stale.map(({ at, key }) => `${at} ${key}`) };
}

function lineOf({ row, state, why, proof }: Standing): Line {
  const condition = row.condition === '' ? '' : ` (${row.condition})`;
  return { at: row.address, target: `${row.target}${condition}`, state, why, ...(proof === undefined ? {} : { proof }) };
}

function tableNames(mappings: Mappings): ReadonlyMap<string, string> {
  const names = (mappings.sources.get('table') ?? []).map(({ data }) => (isTreeMap(data) ? (textOfTree(data['table']) ?? '') : ''));
  return new Map(names.map((name) => [plainName(name), name]));
}

/** How many rows stand where. */
export interface Count {
  readonly carried: number;
  readonly deviated: number;
  readonly leftOut: number;
  readonly unexplained: number;
  readonly rows: number;
}

/** Counts lines. */
export function count(lines: readonly Line[]): Count {
  const of = (state: Line['state']) => lines.filter((line) => line.state === state).length;
  return { carried: of('carried'), deviated: of('deviated'), leftOut: of('left out'), unexplained: of('unexplained'), rows: lines.length };
}

/** The share that is carried or deviated by a ruling. Units: per cent, one decimal, cut */
export function share({ carried, deviated, rows }: Count): number {
  return rows === 0 ? 100 : Math.floor(((carried + deviated) / rows) * 1000) / 10;
}
