import type { IncomingMessage } from 'node:http';
import type { Issue } from '../issue/issue.ts';
import type { Access, Granted } from '../secure/access.ts';
import type { DocumentWrite } from '../store/store.ts';

/** One access to the FHIR API, as the audit trail is told of it. */
export interface Accessed {
  /** Unique. */
  readonly id: string;
  /** The name of the route. Shape: read, search-type, $everything */
  readonly interaction: string;
  readonly method: string;
  /** Undefined when the login failed. */
  readonly access: Access | undefined;
  /** The client's address. */
  readonly peer: string;
  /** The address it was asked at. */
  readonly server?: string;
  /** Shape: { type: 'Patient', id: '7f3c' }; empty where the address names none */
  readonly target: { readonly type: string; readonly id: string };
  /** What was searched for. Shape: Observation?patient=7f3c */
  readonly query?: string;
  readonly status: number;
  /** Ids of the patients whose data was handed out or written. */
  readonly patients: readonly string[];
}

/** Who may come in, and what is kept of it. Handed in by main. */
export interface Gate {
  /** Fails: throws IssueError login-needed, too-many-requests */
  readonly authenticate?: (request: IncomingMessage) => Promise<Access>;
  /** What a token allows that was shown earlier; undefined where nobody logs in. */
  readonly restore?: (granted: Granted) => Access;
  /** Resolves when it is kept for good; the answer waits for it. Throws when it cannot be kept: nothing is answered then. */
  readonly record?: (accessed: Accessed, isNoted: boolean) => Promise<void>;
  /** What a write carries in its own change, so that it is never there without its trace. */
  readonly note?: (accessed: Accessed) => DocumentWrite;
  /** Before anybody looks for AuditEvents; what they are to be told of those they will not find. Fails: throws IssueError store-busy */
  readonly catchUp?: () => Promise<readonly Issue[]>;
}

/** Told of a visit that is no FHIR. */
export type Told = (request: IncomingMessage, access: Access | undefined, isAllowed: boolean) => Promise<void>;
