/** What becomes of a resource that misses a profile: refused with its message, stored with a warning, or not held against profiles at all. */
export type ValidationMode = 'off' | 'warn' | 'reject';

/** What is different for one sending system, as far as translating its messages goes. */
export interface Sender {
  /** The owner of its local codes and identifiers, where the sender file names one. */
  readonly namespace?: string;
  /** The IANA zone of a time without an offset. */
  readonly timeZone?: string;
  /** Whether the offset of MSH-7 counts for times without one. */
  readonly takesMessageOffset: boolean;
  /** A code that is not in its table is an error. */
  readonly strict: boolean;
  /** The FHIR system of an assigning authority (HD.1) or a coding system name (CWE.3). */
  readonly systems: ReadonlyMap<string, string>;
  /** The character set where MSH-18 is empty. */
  readonly charset?: string;
  /** By MSH field, the first components that are taken; a message with another is filtered. */
  readonly accept: ReadonlyMap<string, ReadonlySet<string>>;
  /** An acknowledgment is sent even where MSH-15 and MSH-16 say never. */
  readonly alwaysAnswers: boolean;
  /** What becomes of what misses a profile. */
  readonly validation: ValidationMode;
  /** The sender file; empty for the settings of a sender that has none. */
  readonly file: string;
}

/** The settings of a sender that has no file. */
export const UNKNOWN_SENDER: Sender = {
  takesMessageOffset: true,
  strict: false,
  systems: new Map(),
  accept: new Map(),
  alwaysAnswers: false,
  validation: 'warn',
  file: '',
};
