import type { Convert, Frame, RowFacts } from './run.ts';
import type { Node } from './node.ts';
import type { Value } from './value.ts';

/** What a conversion gave for a value: a pattern to copy, and the parts of the value it used. */
interface Known {
  readonly given: unknown;
  readonly used: readonly number[];
  /** Whether it is remembered. */
  readonly kept: boolean;
}

const MOST_VALUES = 1000;
const MOST_SENDERS = 100;
const LONGEST = 200;
const NO_ROW: RowFacts = { row: '', element: '', required: false };

/** Codes, units and reference ranges come again and again in a feed; names and numbers of people do not, and are not kept beyond their message. */
const KEPT_TYPES: ReadonlySet<string> = new Set(['CodeableConcept', 'Coding']);

/** Whether values of a FHIR type are remembered. */
export function isRemembered(fhirType: string): boolean {
  return KEPT_TYPES.has(fhirType);
}

/** What conversions gave for the coded values of one sender: the same value gives the same again, without converting it. */
export class ValueMemory {
  readonly #byConversion = new Map<Convert, Map<string, Known>>();

  /**
   * What a conversion gives for a value, remembered where it can be. The conversion depends on nothing but the value, the sender, and the
   * field beside it where it reads one; then it marks what it uses of that one alone.
   * Issues keep a value from being remembered: they have places of their own.
   */
  give(convert: Convert, value: Value, frame: Frame, facts: RowFacts, beside?: Value): unknown {
    const { given, kept } = this.#known(convert, value, frame, facts, beside);
    return kept ? copyOf(given) : given;
  }

  /** The same, not copied: for a reader that changes nothing, and reports nothing of its row. */
  share(read: (value: Value, frame: Frame) => unknown, value: Value, frame: Frame): unknown {
    return this.#known(read, value, frame, NO_ROW).given;
  }

  #known(convert: Convert, value: Value, frame: Frame, facts: RowFacts, beside?: Value): Known {
    const { run } = frame;
    const { delimiters } = run.message;
    // No field holds the separator of fields: the two together are as unlike as each of them.
    const raw = beside === undefined ? value.source.raw : value.source.raw + delimiters.field + beside.source.raw;
    const whole = value.component === 0 && (beside === undefined || beside.component === 0);
    if (!whole || raw.length > LONGEST) return { given: convert(value, frame, facts, beside), used: [], kept: false };
    let values = this.#byConversion.get(convert);
    if (values === undefined) this.#byConversion.set(convert, (values = new Map()));
    const known = values.get(raw);
    if (known !== undefined) {
      run.usage.addParts(beside ?? value, known.used);
      return known;
    }
    const { mark } = run.usage;
    const issues = run.issues.length;
    const given = convert(value, frame, facts, beside);
    const kept = run.issues.length === issues && isPlain(given) && !raw.includes(delimiters.escape || '\\');
    const made: Known = { given, used: run.usage.partsSince(mark, beside ?? value), kept };
    if (!kept) return made;
    if (values.size >= MOST_VALUES) values.clear();
    values.set(raw, made);
    return made;
  }
}

/** A conversion that remembers what it gave. */
export function remembering(convert: Convert): Convert {
  return (value, frame, facts) => frame.run.memory.give(convert, value, frame, facts);
}

/** The memories of senders. What a value means depends on all that is part of the name. */
export class ValueMemories {
  readonly #byName = new Map<string, ValueMemory>();

  of(name: string): ValueMemory {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#byName.size >= MOST_SENDERS) this.#byName.clear();
    const memory = new ValueMemory();
    this.#byName.set(name, memory);
    return memory;
  }
}

/** Plain objects and lists without numbers, whose digits a list's copy would lose: a copy is then the same in every respect. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => typeof item !== 'number' && isPlain(item));
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.length === 1 ? [copyOf(value[0])] : value.map(copyOf);
  const copy: Node = { ...value };
  for (const name in copy) {
    const part = copy[name];
    if (typeof part === 'object') copy[name] = copyOf(part);
  }
  return copy;
}
