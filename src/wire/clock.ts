/** Time and names of what is made here, handed in so that a test can tell them. */
export interface Clock {
  /** UTC ms. */
  readonly now: () => number;
  /** A control id: unique, at most 20 characters. */
  readonly newControlId: () => string;
}
