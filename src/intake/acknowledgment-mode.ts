import type { Header } from '../hl7v2/header.ts';

/** Who is to be answered what: by MSH-15 and MSH-16. Source: HL7 v2.5.1 chapter 2, 2.9.2 and table 0155 */
export interface AcknowledgmentMode {
  /** Either field is valued: an accept acknowledgment comes before, or instead of, the application's. */
  readonly enhanced: boolean;
  /** Whether an accept acknowledgment is wanted for a message that was, or was not, taken. */
  accept(taken: boolean): boolean;
  /** Whether an application acknowledgment is wanted for a message that did, or did not, succeed. */
  application(succeeded: boolean): boolean;
}

/**
 * The mode a message asks for. With both fields empty it is the original mode: one application acknowledgment, always.
 *
 * `alwaysAnswers`: the sender's file has it that one who asks for no answer at all is answered in the original mode.
 */
export function modeOf(
  header: Pick<Header, 'acceptAcknowledgment' | 'applicationAcknowledgment'>,
  alwaysAnswers = false,
): AcknowledgmentMode {
  const { acceptAcknowledgment: accept, applicationAcknowledgment: application } = header;
  const never = ![accept, application].some((condition) => wanted(condition, true) || wanted(condition, false));
  const enhanced = (accept !== '' || application !== '') && !(never && alwaysAnswers);
  return {
    enhanced,
    accept: (taken) => enhanced && wanted(accept, taken),
    application: (succeeded) => !enhanced || wanted(application, succeeded),
  };
}

function wanted(condition: string, good: boolean): boolean {
  return condition === 'AL' || (condition === 'SU' && good) || (condition === 'ER' && !good);
}
