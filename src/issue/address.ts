/**
 * A place in a v2 message, counted from 1 as the standard counts.
 *
 * Shape: { segment: 'PID', occurrence: 1, field: 5, repetition: 2, component: 1 } is PID-5[2].1
 */
export interface Address {
  readonly segment: string;
  /** Which segment of this name in the message: 1 for the first OBX, 2 for the second. */
  readonly occurrence: number;
  readonly field?: number;
  readonly repetition?: number;
  readonly component?: number;
  readonly subcomponent?: number;
}

/**
 * The address as people write it; the occurrence and the repetition are left out when they are the first.
 *
 * Shape: PID-5.1, PID-3[2], OBX[3]-5.1, PV1
 */
export function formatAddress(address: Address): string {
  let text = address.segment;
  if (address.occurrence > 1) text += `[${address.occurrence}]`;
  if (address.field === undefined) return text;
  text += `-${address.field}`;
  if (address.repetition !== undefined && address.repetition > 1) text += `[${address.repetition}]`;
  if (address.component === undefined) return text;
  text += `.${address.component}`;
  return address.subcomponent === undefined ? text : `${text}.${address.subcomponent}`;
}

/**
 * The address as ERR-2 holds it: segment, sequence, field, repetition, component, subcomponent, trailing blanks dropped.
 *
 * Shape: ['PID', '1', '5', '1', '1']
 * Source: HL7 v2.5.1 chapter 2A, ERL
 */
export function errorLocation(address: Address): string[] {
  const parts = [
    address.segment,
    String(address.occurrence),
    address.field === undefined ? '' : String(address.field),
    address.field === undefined ? '' : String(address.repetition ?? 1),
    address.component === undefined ? '' : String(address.component),
    address.subcomponent === undefined ? '' : String(address.subcomponent),
  ];
  while (parts.at(-1) === '') parts.pop();
  return parts;
}
