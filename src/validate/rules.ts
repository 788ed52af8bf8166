import type { Binding } from './binding.ts';
import type { Invariant } from './shape.ts';
import type { Walk } from './walk.ts';

/** What a profile asks of one element beyond base R4. Where it asks nothing there are no rules, so a walk visits only what can fail. */
export interface Rules {
  /** The canonical address of the profile. */
  readonly profile: string;
  readonly label: string;
  /** For a choice: its types by the ends of their JSON names. Shape: Quantity -> Quantity, String -> string */
  readonly choices: ReadonlyMap<string, string> | undefined;
  readonly min: number;
  /** Infinity for no limit beyond the base. */
  readonly max: number;
  readonly types: ReadonlySet<string> | undefined;
  /** For a Reference: the profiles its target must meet one of. */
  readonly targets: readonly string[] | undefined;
  /** The profiles the value must meet one of. */
  readonly profiles: readonly string[];
  readonly fixed: unknown;
  readonly pattern: unknown;
  readonly minValue: unknown;
  readonly maxValue: unknown;
  readonly maxLength: number | undefined;
  readonly binding: Binding | undefined;
  readonly invariants: readonly Invariant[];
  /** Whether the invariants are written for the object that holds the element: primitives and choices. */
  readonly invariantsOnParent: boolean;
  readonly children: readonly Rules[];
  readonly slicing: Slicing | undefined;
}

/** How an element is divided into slices. */
export interface Slicing {
  readonly rules: 'open' | 'closed' | 'openAtEnd';
  readonly ordered: boolean;
  readonly slices: readonly Slice[];
}

/** One slice: what belongs to it, and what it asks of that. */
export interface Slice {
  readonly name: string;
  readonly matches: (instance: Instance, walk: Walk) => boolean;
  readonly rules: Rules;
}

/** One value of an element as it stands in the JSON. */
export interface Instance {
  readonly value: unknown;
  /** What stands beside a primitive under `_name`. */
  readonly sibling: Readonly<Record<string, unknown>> | undefined;
  /** -1 where the element does not repeat. */
  readonly index: number;
  /** The type of a choice. */
  readonly type: string | undefined;
}

/** Holds values against profiles by address. */
export interface ProfileCheck {
  /** Whether a value meets a profile, without a word; undefined when the profile is not loaded. */
  meets(profile: string, value: unknown, walk: Walk): boolean | undefined;
  /** Notes what in a value does not meet a profile. False when the profile is not loaded. */
  check(profile: string, value: unknown, walk: Walk): boolean;
  /** The type a profile is on; undefined when it is not loaded. */
  typeOf(profile: string): string | undefined;
}
