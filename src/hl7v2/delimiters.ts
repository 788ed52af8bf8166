/**
 * The characters that divide a message, as its MSH-1 and MSH-2 declare them.
 *
 * Source: HL7 v2.5.1 chapter 2, 2.5.4; an encoding character that is not declared is an empty string and divides nothing
 */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
  /** The truncation character of v2.7. */
  readonly truncation: string;
}

/** What most messages use. */
export const STANDARD_DELIMITERS: Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
  truncation: '',
};
