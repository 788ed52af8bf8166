import type { CompiledMap, Need } from './compiled-map.ts';
import type { GroupKind } from './groups.ts';
import type { KeyText } from './key-text.ts';
import type { Place } from './place.ts';
import type { ReadPlace, Test } from './read-place.ts';
import type { Target } from './target.ts';
import type { TraceLine } from './translation.ts';

/** A compiled message map: which segments make which resources. */
export interface MessageMap {
  /** Shape: ADT_A01 */
  readonly name: string;
  /** MSH-9.1. */
  readonly type: string;
  /** MSH-9.2, each. */
  readonly events: readonly string[];
  readonly path: string;
  readonly groups: readonly GroupKind[];
  readonly makes: readonly Make[];
  readonly joins: readonly Join[];
  /** Segments nothing is made of, with the reason. */
  readonly notMapped: ReadonlyMap<string, string>;
}

/** One row of `makes`. */
export interface Make {
  /** What became of it in a message without the segment. */
  readonly absent: TraceLine;
  readonly line: number;
  readonly file: string;
  readonly segment: string;
  readonly map: CompiledMap;
  /** What other rows call what it makes. */
  readonly called: string;
  /** The resource it adds to, instead of making one. */
  readonly into: string | undefined;
  readonly when: { readonly test: Test; readonly text: string } | undefined;
  /** The groups the segment must stand in; `message` is none. */
  readonly within: ReadonlySet<string> | undefined;
  readonly required: boolean;
  /** Its absence is worth a warning. */
  readonly expected: boolean;
  /** With `into`: the keys of the map find the resource too. */
  readonly finds: boolean;
  /** The name of what goes on in its place: a merge. */
  readonly becomes: string | undefined;
  /** The name of what it stood within before: a move. */
  readonly movedFrom: string | undefined;
  readonly links: readonly Link[];
  readonly lines: LinesRule | undefined;
}

/** A reference of a made resource to others. */
export interface Link extends Need {
  readonly target: Target;
}

/** Which consecutive segments are one. */
export interface LinesRule {
  readonly field: number;
  readonly same: readonly { readonly place: Place; readonly key: KeyText }[];
  readonly test: Test | undefined;
}

/** References found by equal values, across groups. */
export interface Join {
  readonly from: string;
  readonly find: string;
  readonly target: Target;
  readonly line: number;
  /** The places that must be equal, seen from each side. */
  readonly fromPlaces: readonly ReadPlace[];
  readonly findPlaces: readonly ReadPlace[];
}
