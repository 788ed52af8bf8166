import type { Walk } from './walk.ts';
import type { PrimitiveVerdict } from '../fhir/primitives.ts';
import type { Binding } from './binding.ts';

/** What R4 says of one type, or of one element with children of its own, ready to be walked. */
export interface Shape {
  /** Shape: Patient, HumanName, Patient.contact */
  readonly path: string;
  readonly isResource: boolean;
  /** By JSON name; a primitive is here twice, as `birthDate` and as `_birthDate`. */
  readonly slots: ReadonlyMap<string, Slot>;
  /** What must be there: one bit of `requiredBits` each. */
  readonly required: readonly RequiredElement[];
  readonly requiredBits: number;
  readonly invariants: readonly Invariant[];
}

/** Where a JSON name leads. */
export interface Slot {
  readonly element: ElementShape;
  /** Whether the name is the `_name` beside a primitive. */
  readonly isSibling: boolean;
}

/** An element that must be there. */
export interface RequiredElement {
  readonly bit: number;
  readonly label: string;
  readonly min: number;
}

/** One element as JSON has it: for a choice, one of its types. */
export interface ElementShape {
  /** Shape: valueQuantity */
  readonly name: string;
  /** The name in FHIRPath. Shape: value */
  readonly label: string;
  readonly isList: boolean;
  readonly type: string;
  /** The bit of the required element or of the choice it belongs to; 0 when neither. */
  readonly bit: number;
  readonly isChoice: boolean;
  /** For a primitive type. */
  readonly primitive: ((value: unknown) => PrimitiveVerdict) | undefined;
  /** For a type with children; undefined for a primitive and for a resource of any type. */
  shape(): Shape | undefined;
  readonly isResource: boolean;
  /** Whether a value beginning with # names something inside the resource. */
  readonly isAddress: boolean;
  /** For a Reference: the types it may point to; undefined for any. */
  readonly targets: ReadonlySet<string> | undefined;
  readonly binding: Binding | undefined;
  /** Rules of this use of the type, beside those of the type itself. */
  readonly invariants: readonly Invariant[];
}

/** A constraint of a definition. */
export interface Invariant {
  readonly key: string;
  readonly rule: string;
  readonly severity: 'error' | 'warning';
  /** Whether the object meets it; undefined when that cannot be told. Never throws. */
  readonly holds: (value: Readonly<Record<string, unknown>>, walk: Walk) => boolean | undefined;
}
