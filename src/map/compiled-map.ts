import type { Segment } from '../hl7v2/message.ts';
import type { IdentityRule } from './identity.ts';
import { type Row, runRow } from './row.ts';
import type { RowPlans } from './row-plans.ts';
import type { Frame } from './run.ts';
import type { Numbering } from './numbering.ts';

/** A compiled segment or data type map. */
export interface CompiledMap {
  /** Shape: PID to Patient */
  readonly name: string;
  /** The segment or the data type. */
  readonly owner: string;
  readonly dataType: boolean;
  readonly fhirType: string;
  /** Whether it gives a resource. */
  readonly isResource: boolean;
  readonly rows: readonly Row[];
  /** Which of them run, by what is valued. */
  readonly plans: RowPlans;
  readonly identity: IdentityRule | undefined;
  /** References to what other segments make, by the path of the element. */
  readonly needs: ReadonlyMap<string, Need>;
  readonly profile: string | undefined;
  /** Why a field, or component, is not mapped. Shape: PID-1 -> a position in the message */
  readonly notMapped: ReadonlyMap<string, string>;
  /** The fields the gateway itself reads. */
  readonly read: readonly number[];
  readonly follows: string | undefined;
  readonly path: string;
  /** The labels its rows, and the links of message maps, share. */
  readonly slots: Numbering;
  /** The other v2 types it serves. */
  readonly alsoFor: readonly string[];
}

/** A reference to what another segment makes. */
export interface Need {
  readonly name: string;
  readonly required: boolean;
  readonly line: number;
}

/** How the rows of a map ended. */
export interface RowsRun {
  readonly outcome: 'done' | 'missing' | 'failed';
  /** The row that ended it. */
  readonly row: Row | undefined;
  /** How many rows gave a value. */
  readonly used: number;
}

/** Runs the rows of a map from top to bottom; a missing required value or an error ends it. */
export function runRows(map: CompiledMap, frame: Frame): RowsRun {
  let used = 0;
  let failed: Row | undefined;
  for (const row of map.plans.rowsFor(frame)) {
    const outcome = runRow(row, frame);
    if (outcome === 'gave') used++;
    else if (outcome === 'missing') return { outcome, row, used };
    else if (outcome === 'failed') failed ??= row;
  }
  return { outcome: failed === undefined ? 'done' : 'failed', row: failed, used };
}

/** Marks what the gateway itself reads of a segment as used. */
export function markRead(map: CompiledMap, segment: Segment, frame: Frame): void {
  for (const field of map.read) {
    for (let index = 0; index < segment.field(field).length; index++) frame.run.usage.addPlace(segment, field, index + 1, 0, 0);
  }
}
