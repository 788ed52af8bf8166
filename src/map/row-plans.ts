import { decideCondition } from './decide-condition.ts';
import type { Place } from './place.ts';
import type { Row } from './row.ts';
import type { Frame } from './run.ts';
import type { Value } from './value.ts';

/** As many fields as the bits of a number hold; rows of fields beyond them always run. */
const MOST_FIELDS = 52;
const BITS: readonly number[] = Array.from({ length: MOST_FIELDS + 1 }, (_, field) => 2 ** field);
const MOST_PLANS = 1000;

const has = (bits: number, field: number) => Math.floor(bits / (BITS[field] as number)) % 2 === 1;

/**
 * Which rows of a map have something to do. Most fields of a segment are empty, and the segments of a feed are valued alike: the rows that
 * remain, and those of their conditions that are still open, are found once for each way of being valued.
 */
export class RowPlans {
  readonly #rows: readonly Row[];
  readonly #owner: string;
  readonly #dataType: boolean;
  /** By the fields that repeat or hold a null, then by those that are not empty. */
  readonly #plans = new Map<number, Map<number, readonly Row[]>>();
  #count = 0;

  constructor(rows: readonly Row[], owner: string, dataType: boolean) {
    this.#rows = rows;
    this.#owner = owner;
    this.#dataType = dataType;
  }

  /** The rows to run, in their order. */
  rowsFor(frame: Frame): readonly Row[] {
    if (this.#dataType) {
      const { value } = frame;
      return value === undefined || value.subcomponent !== 0 ? this.#rows : this.#planOf(valuedParts(value), 0);
    }
    const { segment } = frame;
    let valued = 0;
    let doubtful = 0;
    const last = Math.min(segment.fieldCount, MOST_FIELDS);
    for (let field = 1; field <= last; field++) {
      const [only, another] = segment.field(field);
      if (only === undefined) continue;
      valued += BITS[field] as number;
      if (another !== undefined || only.raw === '' || only.isNull) doubtful += BITS[field] as number;
    }
    return this.#planOf(valued, doubtful);
  }

  #planOf(valued: number, doubtful: number): readonly Row[] {
    const known = this.#plans.get(doubtful)?.get(valued);
    if (known !== undefined) return known;
    if (this.#count >= MOST_PLANS) {
      this.#plans.clear();
      this.#count = 0;
    }
    const plan = this.#rows.flatMap((row) => this.#remains(row, valued, doubtful) ?? []);
    let plans = this.#plans.get(doubtful);
    if (plans === undefined) this.#plans.set(doubtful, (plans = new Map()));
    plans.set(valued, plan);
    this.#count++;
    return plan;
  }

  /** What is left of a row to do, where it is known what is valued; undefined when nothing is. */
  #remains(row: Row, valued: number, doubtful: number): Row | undefined {
    const { skipAt, when } = row;
    if (skipAt !== 0 && skipAt <= MOST_FIELDS && !has(valued, skipAt)) return undefined;
    if (when === undefined) return row;
    const decided = decideCondition(when, (place) => (place.owner === this.#owner ? isValued(place, valued, doubtful) : undefined));
    if (decided === undefined) return row;
    return decided ? { ...row, test: undefined } : undefined;
  }
}

/** Whether a place of the map's own segment, or of its value, is valued, as far as the bits tell. */
function isValued(place: Place, valued: number, doubtful: number): boolean | undefined {
  const { field, component, subcomponent, repetition } = place;
  const number = field === 0 ? component : field;
  if (number === 0 || number > MOST_FIELDS) return undefined;
  if (!has(valued, number)) return false;
  if (has(doubtful, number)) return undefined;
  if (repetition > 1) return false;
  return (field === 0 ? subcomponent : component) === 0 ? true : undefined;
}

/** A bit for each part that holds a value. */
function valuedParts({ source, component }: Value): number {
  let valued = 0;
  const last = Math.min(component === 0 ? source.componentCount : source.subcomponentCount(component), MOST_FIELDS);
  for (let part = 1; part <= last; part++) {
    const raw = component === 0 ? source.rawComponent(part) : source.component(component, part);
    if (raw !== '' && raw !== '""') valued += BITS[part] as number;
  }
  return valued;
}
