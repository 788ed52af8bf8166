import type { Segment } from '../hl7v2/message.ts';
import { JoinedSegment } from './joined-segment.ts';
import type { Row } from './row.ts';
import type { Frame } from './run.ts';
import type { Value } from './value.ts';

/** As many fields as the bits of a number hold; rows of fields beyond them always run. */
const MOST_FIELDS = 52;
const BITS: readonly number[] = Array.from({ length: MOST_FIELDS + 1 }, (_, field) => 2 ** field);
const MOST_PLANS = 200;

/**
 * Which rows of a map have something to run on. Most fields of a segment are empty, and the segments of a feed are valued alike: the rows
 * that remain are found once for each way of being valued.
 */
export class RowPlans {
  readonly #rows: readonly Row[];
  readonly #plans = new Map<number, readonly Row[]>();

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  /** The rows to run, in their order. */
  rowsFor(dataType: boolean, frame: Frame): readonly Row[] {
    const valued = dataType ? valuedParts(frame.value as Value) : valuedFields(frame.segment);
    if (valued === -1) return this.#rows;
    const known = this.#plans.get(valued);
    if (known !== undefined) return known;
    const isValued = (field: number) => Math.floor(valued / (BITS[field] as number)) % 2 === 1;
    const plan = this.#rows.filter(({ skipAt }) => skipAt === 0 || skipAt > MOST_FIELDS || isValued(skipAt));
    if (this.#plans.size < MOST_PLANS) this.#plans.set(valued, plan);
    return plan;
  }
}

/** A bit for each field that is not empty. */
function valuedFields(segment: Segment): number {
  let valued = 0;
  const last = Math.min(segment.fieldCount, MOST_FIELDS);
  for (let field = 1; field <= last; field++) if (segment.rawField(field) !== '') valued += BITS[field] as number;
  // The first of the joined segments may be the one without a line.
  if (segment instanceof JoinedSegment && segment.rawField(segment.joinedField) === '') valued += BITS[segment.joinedField] as number;
  return valued;
}

/** A bit for each part that is not empty; -1 for a subcomponent, which has none. */
function valuedParts(value: Value): number {
  const { source, component } = value;
  if (value.subcomponent !== 0) return -1;
  let valued = 0;
  const last = Math.min(component === 0 ? source.componentCount : source.subcomponentCount(component), MOST_FIELDS);
  for (let part = 1; part <= last; part++) {
    if ((component === 0 ? source.rawComponent(part) : source.component(component, part)) !== '') valued += BITS[part] as number;
  }
  return valued;
}
