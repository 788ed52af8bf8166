import { COMPONENTS, FIELDS } from './field-table.ts';
import { COMPONENTS_BY_HAND, FIELDS_BY_HAND, SEGMENTS_BY_HAND } from './field-table-by-hand.ts';

/** What the standard says of a field. */
export interface FieldFacts {
  /** The data type, by its newest name: CWE for CE, DTM for TS; `varies` for OBX-5. */
  readonly type: string;
  readonly repeats: boolean;
  /** The number of its HL7 table. Shape: 0001 */
  readonly table?: string;
}

const SEGMENT_FACTS: ReadonlyMap<string, readonly FieldFacts[]> = new Map(
  Object.entries({ ...FIELDS, ...SEGMENTS_BY_HAND }).map(([segment, fields]) => [
    segment,
    fields.split(' ').map((field, index) => readFacts(FIELDS_BY_HAND[`${segment}-${index + 1}`] ?? field)),
  ]),
);

const TYPE_COMPONENTS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({ ...COMPONENTS, ...COMPONENTS_BY_HAND }).map(([type, components]) => [type, components.split(' ')]),
);

function readFacts(written: string): FieldFacts {
  const [type = '', table] = written.split('/');
  const repeats = type.endsWith('*');
  return {
    type: repeats ? type.slice(0, -1) : type,
    repeats,
    ...(table === undefined ? {} : { table: table.padStart(4, '0') }),
  };
}

/**
 * What a field is; undefined when the standard has no such field (a Z segment, a position past the last).
 *
 * Shape: fieldOf('PID', 3) -> { type: 'CX', repeats: true }
 * Source: the mapping tables of the v2-to-FHIR guide 1.0.0, HL7 v2.1 to v2.7.1; by hand what field-table-by-hand.ts names
 */
export function fieldOf(segment: string, field: number): FieldFacts | undefined {
  return SEGMENT_FACTS.get(segment)?.[field - 1];
}

/** How many fields the standard knows in a segment; 0 for a segment it does not know. */
export function fieldCountOf(segment: string): number {
  return SEGMENT_FACTS.get(segment)?.length ?? 0;
}

/**
 * The types of a data type's components in order; none for a type that is one text, and for one that is not known.
 *
 * Shape: componentsOf('CX') -> ['ST', 'ST', 'ID', 'HD', ...]
 */
export function componentsOf(dataType: string): readonly string[] {
  return TYPE_COMPONENTS.get(dataType) ?? [];
}
