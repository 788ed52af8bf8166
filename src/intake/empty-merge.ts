import { addressOf, type Message, type Segment } from '../hl7v2/message.ts';
import { issue, type Issue } from '../issue/issue.ts';

/** The events whose MRG-1 must be another number than those of the PID before it: merges of patients, moves, and a change of the number. */
const EVENTS: ReadonlySet<string> = new Set(['A18', 'A30', 'A34', 'A36', 'A39', 'A40', 'A43', 'A44', 'A45', 'A47']);

/**
 * Merges and moves from a patient to itself: nothing comes of them, and whoever sent them meant something else.
 *
 * Fails: as a warning merge-empty
 * Source: HL7 v2.5.1 chapter 3, 3.3.40 (A40), 3.3.43 to 3.3.45, 3.3.47
 */
export function emptyMergeIssues({ segments }: Message, event: string): Issue[] {
  if (!EVENTS.has(event)) return [];
  let patient: readonly string[] = [];
  return segments.flatMap((segment) => {
    if (segment.name === 'PID') patient = numbersIn(segment, 3);
    if (segment.name !== 'MRG') return [];
    const before = numbersIn(segment, 1);
    const isItself = before.length > 0 && before.every((number) => patient.includes(number));
    return isItself ? [issue('merge-empty', { at: addressOf(segment, 1) })] : [];
  });
}

/** Numbers with who gave them. Shape: M1|GENHOSP */
function numbersIn(segment: Segment, field: number): string[] {
  return segment.field(field).flatMap((one) => (one.component(1) === '' ? [] : [`${one.component(1)}|${one.rawComponent(4)}`]));
}
