import type { CompiledMap } from './compiled-map.ts';
import type { MapSet } from './compile-mappings.ts';
import type { Row } from './row.ts';

/** One row of a map with everything looked up: what `chartbridge mapping show` prints, and what coverage compares with the guide. */
export interface ShownRow {
  /** Shape: PID-3, CX.4.1, always */
  readonly address: string;
  /** Shape: identifier, participant.individual, this; empty for a row that only fails */
  readonly element: string;
  /** The FHIR type of the element; empty where the converter decides. */
  readonly type: string;
  /** What converts it: a data type map, a converter, a table; `value` for a fixed one. */
  readonly by: string;
  /** In a branch: the values it is for. Shape: OBX-2 = NM */
  readonly branch: string;
  /** Elements set beside it. */
  readonly sets: readonly string[];
  readonly required: boolean;
  readonly line: number;
}

/** The rows of a segment or data type map, branches one by one; undefined when there is no such map. */
export function showMap(name: string, maps: MapSet): readonly ShownRow[] | undefined {
  const map = maps.segments.get(name) ?? maps.library.map(name);
  return map?.rows.flatMap((row) => shown(row, map, ''));
}

function shown(row: Row, map: CompiledMap, branch: string): ShownRow[] {
  const { by } = row;
  if (by !== undefined) {
    const named = [...by.rows].map(([key, one]) => shown(one, map, `${by.place.text} = ${key}`));
    const rest = [
      ['otherwise', by.otherwise],
      ['empty', by.empty],
    ] as const;
    return [...named, ...rest.map(([key, one]) => (one === undefined ? [] : shown(one, map, `${by.place.text}: ${key}`)))].flat();
  }
  return [
    {
      address: row.place?.text ?? 'always',
      element: row.target?.text ?? (row.fail === undefined ? 'this' : ''),
      type: row.target?.last.type ?? (row.fail === undefined ? map.fhirType : ''),
      by: row.fail ?? (row.constant === undefined ? (row.conversion?.name ?? '') : 'value'),
      branch,
      sets: [...row.sets, ...row.copies].map(({ target }) => target.text),
      required: row.required,
      line: row.line,
    },
  ];
}
