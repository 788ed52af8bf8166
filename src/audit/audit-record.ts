/** One line of the trail as it is kept: what AuditEvents are made from, and what the chain of hashes is over. */
export interface AuditRecord {
  /** Unique. */
  readonly id: string;
  /** Shape: 2026-01-02T09:30:00.000Z */
  readonly time: string;
  /** What was done: an interaction of the API, `token` for a token that was asked for, `message` for an HL7 message that was taken. */
  readonly what: string;
  /** HTTP's method; empty where it was not HTTP. */
  readonly method: string;
  /** The client as it logged in, or the sender as its message says; empty: nobody logged in. */
  readonly client: string;
  /** The user the token names. */
  readonly user?: string;
  /** The id of the token. */
  readonly token?: string;
  /** Where it came from. */
  readonly peer: string;
  /** Where it was asked, by the connection; left out of what came over none, and of records from before this was kept. */
  readonly server?: string;
  /** The listener it came by; left out of the FHIR API's, and of records from before this was kept. Shape: http, mllp, lab */
  readonly listener?: string;
  /** Shape: Patient/7f3c, Observation */
  readonly target?: string;
  readonly query?: string;
  readonly outcome: 'success' | 'refused' | 'failed';
  /** Ids of the patients whose data it was. */
  readonly patients: readonly string[];
}
