import type { Repetition } from '../hl7v2/message.ts';
import type { KeyText } from './key-text.ts';
import { localUrn } from './local-names.ts';
import type { Place } from './place.ts';
import { segmentOf, type Test } from './read-place.ts';
import type { Frame } from './run.ts';
import { Value } from './value.ts';

/** How a map's resources are found again; see docs/mappings.md, Identity. */
export interface IdentityRule {
  readonly shared: boolean;
  /** What the message map calls the resource that is part of the key: the first of these that is there. */
  readonly within: readonly string[];
  readonly lines: readonly IdentityLine[];
}

/** One line of keys: it counts when it gives one. */
export interface IdentityLine {
  readonly first: PlaceTerm;
  readonly rest: readonly IdentityTerm[];
  readonly test: Test | undefined;
  readonly weak: boolean;
  readonly text: string;
}

/** A part of a key: a place, or the position among those otherwise equal. */
export type IdentityTerm = 'position' | PlaceTerm;

/** The value of a place as part of a key. */
export interface PlaceTerm {
  readonly place: Place;
  readonly key: KeyText;
  /** Whether it says whose it is. */
  readonly typed: boolean;
}

/** The keys of a resource whose rows ran. */
export interface FoundKeys {
  readonly keys: readonly string[];
  /** The line that gave them, when it is a weak one. */
  readonly weak: IdentityLine | undefined;
}

/** The keys of a map's resource. `kind` keeps the positions of different things apart. */
export function keysOf(rule: IdentityRule, frame: Frame, kind: string): FoundKeys {
  for (const line of rule.lines) {
    const keys = keysOfLine(line, rule, frame, kind);
    if (keys.length > 0) return { keys, weak: line.weak ? line : undefined };
  }
  return { keys: [], weak: undefined };
}

function keysOfLine(line: IdentityLine, rule: IdentityRule, frame: Frame, kind: string): string[] {
  const keys = valuesAt(line.first.place, frame).map((value) => {
    frame.own = value;
    const text = line.test === undefined || line.test(frame) ? line.first.key(value, frame) : '';
    return text === '' ? '' : complete(text, line, rule, frame, kind);
  });
  frame.own = undefined;
  return keys.includes('') ? keys.filter((key) => key !== '') : keys;
}

function complete(text: string, { first, rest }: IdentityLine, rule: IdentityRule, frame: Frame, kind: string): string {
  let key = rule.shared && !first.typed ? `${localUrn(frame.run.namespace)}|${text}` : text;
  for (const term of rest) {
    if (term === 'position') {
      key += `+${frame.run.count(kind, key)}`;
      continue;
    }
    const [value] = valuesAt(term.place, frame);
    key += value === undefined ? '+' : `+${term.key(value, frame)}`;
  }
  return key;
}

function valuesAt(place: Place, frame: Frame): readonly Value[] {
  if (place.field === 0) {
    const value = frame.value;
    if (value === undefined) return [];
    return [place.component === 0 ? value : value.child(place.component, place.subcomponent)];
  }
  const segment = segmentOf(place.owner, frame);
  if (segment === undefined) return NO_VALUES;
  const repetitions = segment.field(place.field);
  if (repetitions.length === 0) return NO_VALUES;
  const valueOf = (source: Repetition, index: number) =>
    new Value(segment, place.field, index + 1, source, place.component, place.subcomponent);
  const [only] = repetitions;
  if (repetitions.length === 1 && only !== undefined && place.repetition <= 1) return only.isNull ? NO_VALUES : [valueOf(only, 0)];
  return repetitions.map(valueOf).filter(({ source, repetition }) => !source.isNull && (place.repetition || repetition) === repetition);
}

const NO_VALUES: readonly Value[] = [];
