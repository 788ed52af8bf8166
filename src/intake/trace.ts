import { formatAddress } from '../issue/address.ts';
import type { Issue } from '../issue/issue.ts';
import type { NotMadeReason, TraceLine, Translation } from '../map/translation.ts';
import type { Effect } from './apply.ts';
import type { Reading } from './read.ts';

/** Why a message became what it became: what `explain` prints and /messages/{id}/trace gives. It names places, never values. */
export interface MessageTrace {
  readonly controlId: string;
  /** Shape: ADT^A01^ADT_A01 */
  readonly type: string;
  readonly version: string;
  readonly sender: string;
  /** The segments in their order; none when it could not be parsed. */
  readonly segments: readonly string[];
  /** The message map's file; empty when there is none. */
  readonly map: string;
  readonly rows: readonly TraceRow[];
  readonly unused: readonly string[];
  readonly resources: readonly { readonly reference: string; readonly action: 'created' | 'updated' | 'unchanged' }[];
  /** What was validated, whether or not it was stored in the end. */
  readonly validation: readonly TracedValidation[];
  readonly answer: 'AA' | 'AE' | 'AR';
}

/** What validation found of one resource. */
export interface TracedValidation {
  /** Shape: Patient/7f3c */
  readonly reference: string;
  /** The profiles it claims, all of them met. */
  readonly profiles: readonly string[];
  readonly issues: readonly {
    readonly id: string;
    readonly severity: Issue['severity'];
    readonly expression: string;
    /** The v2 field it came from. Shape: PID-8 */
    readonly at: string;
    /** The profile it misses. */
    readonly profile?: string;
  }[];
}

/** One row of the message map. */
export interface TraceRow {
  readonly line: number;
  readonly segment: string;
  readonly type: string;
  readonly outcome: 'made' | 'not-made';
  readonly reason?: NotMadeReason;
  readonly detail?: string;
  readonly rowsUsed: number;
  readonly rows: number;
}

/** A row that made something says no more than that, and most do. */
function rowOf({ line, segment, type, outcome, reason, detail, rowsUsed, rows }: TraceLine): TraceRow {
  const at = formatAddress(segment);
  if (reason === undefined) return { line, segment: at, type, outcome, rowsUsed, rows };
  return { line, segment: at, type, outcome, reason, ...(detail === undefined ? {} : { detail }), rowsUsed, rows };
}

/** The trace of a message as far as it came. */
export function traceOf(
  reading: Reading,
  translation: Translation | undefined,
  effects: readonly Effect[] | undefined,
  answer: 'AA' | 'AE' | 'AR',
  found: ReadonlyMap<string, readonly Issue[]> = new Map(),
): MessageTrace {
  const { header } = reading;
  const made = new Map((effects ?? []).map((effect) => [`${effect.resource.resourceType}/${effect.resource.id}`, effect]));
  return {
    controlId: header.controlId,
    type: [header.messageCode, header.event, header.structure].filter((part) => part !== '').join('^'),
    version: header.version,
    sender: header.sender,
    segments: reading.message?.segments.map((segment) => segment.name) ?? [],
    map: translation?.file ?? '',
    rows: (translation?.trace ?? []).map(rowOf),
    unused: translation?.unused ?? [],
    resources: [...made].map(([reference, { action }]) => ({ reference, action })),
    validation: [...found].map(([reference, issues]) => ({
      reference,
      profiles: made.get(reference)?.resource.meta?.profile ?? [],
      issues: issues.map(({ id, severity, expression, at, parameters }) => ({
        id,
        severity,
        expression: expression ?? '',
        at: at === undefined ? '' : formatAddress(at),
        ...(parameters['profile'] === undefined ? {} : { profile: parameters['profile'] }),
      })),
    })),
    answer,
  };
}
