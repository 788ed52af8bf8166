import type { IssueId } from '../issue/catalogue.ts';
import type { Repetition, Segment } from '../hl7v2/message.ts';
import type { Condition } from './condition.ts';
import { JoinedSegment, joinRepetitions, sourceOf } from './joined-segment.ts';
import { emptyCode, type LookUp } from './look-up.ts';
import { addOnce } from './made-so-far.ts';
import type { Place } from './place.ts';
import { type ReadPlace, segmentOf, type Test } from './read-place.ts';
import type { Conversion, Frame, RowFacts } from './run.ts';
import { addMissing, type Node } from './node.ts';
import { NOWHERE, type Target } from './target.ts';
import { Value } from './value.ts';

/** What came of a row: nothing, a value, a value that was required and missing, an error. */
export type RowOutcome = 'nothing' | 'gave' | 'missing' | 'failed';

/** A row of a map, checked and ready to run: where it reads, what it makes of it, and what it fills. */
export interface Row {
  readonly facts: RowFacts;
  readonly line: number;
  readonly dataType: boolean;
  /** undefined for `always`. */
  readonly place: Place | undefined;
  readonly when: Condition | undefined;
  /** The same compiled; undefined too where it is known to hold. */
  readonly test: Test | undefined;
  /** undefined for `this`, and for a row that only fails. */
  readonly target: Target | undefined;
  readonly conversion: Conversion | undefined;
  readonly lookUp: LookUp | undefined;
  /** Makes the fixed value anew for each use. */
  readonly constant: (() => unknown) | undefined;
  readonly sets: readonly { readonly target: Target; readonly constant: () => unknown }[];
  /** Other fields, copied into the entry of each value. */
  readonly copies: readonly { readonly target: Target; readonly place: Place; readonly conversion: Conversion }[];
  readonly beside: Place | undefined;
  readonly take: 'first' | 'last' | 'lines' | undefined;
  readonly required: boolean;
  readonly fail: IssueId | undefined;
  readonly by: Branches | undefined;
  /** The field of the map's own segment, or the component of its value, without which the row does nothing; 0: it always runs. */
  readonly skipAt: number;
}

/** The rows one of which runs, by the value of another field. */
export interface Branches {
  readonly place: Place;
  readonly read: ReadPlace;
  readonly rows: ReadonlyMap<string, Row>;
  readonly otherwise: Row | undefined;
  readonly empty: Row | undefined;
}

/** Runs a row on the segment or value of a frame; what it gave is in the frame, what went wrong in the run. */
export function runRow(row: Row, frame: Frame): RowOutcome {
  if (row.by !== undefined) return runBranch(row, row.by, frame);
  const { place } = row;
  if (place === undefined) return runAlways(row, frame);
  const before = frame.run.errors;
  const gave = row.dataType ? runOnPart(row, place, frame) : runOnField(row, place, frame);
  frame.own = undefined;
  if (frame.run.errors > before) return 'failed';
  if (gave) return 'gave';
  return row.required && (row.test === undefined || row.test(frame)) ? 'missing' : 'nothing';
}

function runBranch(row: Row, by: Branches, frame: Frame): RowOutcome {
  if (row.test !== undefined && !row.test(frame)) return 'nothing';
  const key = by.read(frame);
  const branch = key === '' ? (by.empty ?? by.otherwise) : (by.rows.get(key) ?? by.otherwise);
  frame.branch = key;
  // A value no branch is for is not passed over in silence, even where the row has no `otherwise`.
  if (branch === undefined) return runRow({ ...row, by: undefined, fail: 'value-type-unsupported' }, frame);
  const outcome = runRow(branch, frame);
  if (outcome === 'gave' && key !== '') {
    const { owner, field, component, subcomponent } = by.place;
    const segment = row.dataType ? undefined : segmentOf(owner, frame);
    if (segment !== undefined) frame.run.usage.addPlace(segment, field, 1, component || 1, subcomponent);
    else if (frame.value !== undefined) frame.run.usage.addPart(frame.value, component || 1, subcomponent);
  }
  return outcome === 'nothing' && row.required ? 'missing' : outcome;
}

function runAlways(row: Row, frame: Frame): RowOutcome {
  if (row.test !== undefined && !row.test(frame)) return 'nothing';
  const { target, constant } = row;
  if (target === undefined || constant === undefined || target.occupied(frame.node, frame.slots)) return 'nothing';
  put(row, target, frame, 0, constant());
  if (frame.made !== undefined) addOnce(frame.made.spoken, target.top);
  return 'gave';
}

function runOnPart(row: Row, place: Place, frame: Frame): boolean {
  const whole = frame.value as Value;
  const value = place.component === 0 ? whole : whole.child(place.component, place.subcomponent);
  if (!value.valued) return giveEmpty(row, frame);
  if (row.test !== undefined && !row.test(frame)) return false;
  return give(row, frame, value, 0);
}

function runOnField(row: Row, place: Place, frame: Frame): boolean {
  const segment = segmentOf(place.owner, frame);
  const repetitions = segment?.field(place.field) ?? [];
  if (segment === undefined || repetitions.length === 0) return giveEmpty(row, frame);
  if (row.take === 'lines') return giveLines(row, frame, segment, place.field, repetitions);
  const { target } = row;
  const single = target !== undefined && !target.last.repeats && !target.topRepeats;
  let given = 0;
  for (let index = 0; index < repetitions.length; index++) {
    const at = row.take === 'last' ? repetitions.length - 1 - index : index;
    if (place.repetition !== 0 && at !== place.repetition - 1) continue;
    const value = valueAt(segment, place.field, at, place.component, place.subcomponent, repetitions);
    frame.own = value;
    if (!value.source.isNull && !value.valued) continue;
    if (row.test !== undefined && !row.test(frame)) continue;
    if (value.source.isNull) {
      clear(row, frame);
      continue;
    }
    if (given > 0 && single) {
      if (row.take === undefined) frame.run.report('repetition-dropped', value, row.facts, { target: row.facts.element });
      break;
    }
    if (give(row, frame, value, given)) given++;
  }
  return given > 0 || giveEmpty(row, frame);
}

function valueAt(segment: Segment, field: number, index: number, component: number, part: number, all: readonly Repetition[]): Value {
  if (!(segment instanceof JoinedSegment)) return new Value(segment, field, index + 1, all[index] as Repetition, component, part);
  const { segment: from, repetition } = sourceOf(segment, field, index);
  return new Value(from, field, repetition, all[index] as Repetition, component, part);
}

function clear(row: Row, frame: Frame): void {
  if (row.target === undefined || frame.made === undefined) return;
  addOnce(frame.made.cleared, row.target.top);
  if (row.place !== undefined) addOnce(frame.made.nulled, `${row.place.owner}-${row.place.field}`);
  addOnce(frame.made.spoken, row.target.top);
}

/** All repetitions as lines of one text. */
function giveLines(row: Row, frame: Frame, segment: Segment, field: number, repetitions: readonly Repetition[]): boolean {
  if (row.test !== undefined && !row.test(frame)) return false;
  const values = repetitions.map((_, index) => valueAt(segment, field, index, 0, 0, repetitions));
  const [first] = values;
  if (first === undefined) return false;
  if (values.length === 1 && first.source.isNull) {
    clear(row, frame);
    return false;
  }
  const joined = new Value(first.segment, field, first.repetition, joinRepetitions(repetitions));
  const gave = give(row, frame, joined, 0);
  if (gave) for (const value of values) frame.run.usage.add(value);
  return gave;
}

/** What an empty field gives, where its table says so. */
function giveEmpty(row: Row, frame: Frame): boolean {
  const { target, lookUp } = row;
  if (lookUp?.table.empty === undefined || target === undefined || target.occupied(frame.node, frame.slots)) return false;
  if (row.test !== undefined && !row.test(frame)) return false;
  put(row, target, frame, 0, emptyCode(lookUp));
  if (frame.made !== undefined) addOnce(frame.made.spoken, target.top);
  return true;
}

function give(row: Row, frame: Frame, value: Value, nth: number): boolean {
  const { target, facts } = row;
  const { run } = frame;
  if (row.fail !== undefined) {
    run.report(row.fail, value, facts, { type: typeName(frame.branch), target: facts.element });
    return false;
  }
  if (target !== undefined) {
    if (frame.made !== undefined) addOnce(frame.made.spoken, target.top);
    if (target.occupied(frame.node, frame.slots)) return false;
  } else if (frame.result !== undefined) return false;
  const beside = row.beside === undefined ? undefined : besideOf(row.beside, frame);
  const given = row.constant === undefined ? row.conversion?.convert(value, frame, facts, beside) : row.constant();
  if (given === undefined) return false;
  markUsed(row, value, frame);
  if (target === undefined) {
    if (typeof given === 'object' && frame.result === undefined) addMissing(frame.node, given as Node);
    else frame.result ??= given;
    return true;
  }
  put(row, target, frame, nth, given);
  if (frame.made !== undefined) remember(frame, target, value);
  return true;
}

/** Parameters of an issue hold no value of a message: only what can be the name of a type. */
const typeName = (text: string) => (/^[A-Z]{2,3}$/.test(text) ? text : '');

function besideOf(place: Place, frame: Frame): Value | undefined {
  if (place.field === 0) return frame.value?.child(place.component, place.subcomponent);
  const segment = segmentOf(place.owner, frame);
  const source = segment?.field(place.field)[0];
  if (segment === undefined || source === undefined || source.isNull) return undefined;
  return new Value(segment, place.field, 1, source, place.component, place.subcomponent);
}

function markUsed(row: Row, value: Value, frame: Frame): void {
  const { usage } = frame.run;
  // Of what a fixed value stands for it tells the code, not all that was said with it.
  const uses = row.constant === undefined ? row.conversion?.uses : 'first';
  if (uses === 'all') usage.add(value);
  else if (uses === 'first' && isDivided(value)) usage.addPart(value, 1);
  else if (uses === 'first') usage.addCode(value);
}

const isDivided = (value: Value) =>
  value.component !== 0 && value.subcomponent === 0 && value.source.subcomponentCount(value.component) > 1;

function put(row: Row, target: Target, frame: Frame, nth: number, given: unknown): void {
  if (row.sets.length === 0 && row.copies.length === 0 && target.rest === '') {
    target.put(frame.node, frame.slots, NOWHERE, nth, given);
    return;
  }
  const here: (Node | undefined)[] = [];
  target.put(frame.node, frame.slots, here, nth, given);
  for (const set of row.sets) {
    set.target.putMissing(frame.node, frame.slots, here, nth, set.constant());
    if (frame.made !== undefined) addOnce(frame.made.spoken, set.target.top);
  }
  for (const copy of row.copies) {
    const value = besideOf(copy.place, frame);
    const given = value === undefined ? undefined : copy.conversion.convert(value, frame, row.facts);
    if (given !== undefined) copy.target.putMissing(frame.node, frame.slots, here, nth, given);
  }
}

function remember(frame: Frame, target: Target, value: Value): void {
  const list = target.topRepeats ? (frame.node[target.top] as readonly unknown[] | undefined) : undefined;
  frame.made?.came(target, list === undefined ? -1 : list.length - 1, value);
}
