import type { SearchParameter } from 'fhir/r4.js';

/** How far a search parameter made at run time is, a document under the id of its SearchParameter: what is stored is looked through for its values, then it is searched by. It survives a restart. */
export interface ParameterState {
  /** What its values depend on: another expression begins anew. */
  readonly fingerprint: string;
  readonly state: 'indexing' | 'active';
  /** When it was met first: every process must know it before what is stored is looked through. UTC ms. */
  readonly since: number;
  /** The commit up to which what is stored has been looked through. */
  readonly after: number;
  /** Resources looked through. */
  readonly done: number;
  /** Resources that were looked at again at the end: all were found by it, or by nothing where they have no value. */
  readonly recounted: number;
  /** How often the recount found a difference, and it began anew. */
  readonly differed: number;
  /** Who looks through, and until when others leave it alone. UTC ms. */
  readonly holder: string;
  readonly until: number;
}

/** What the values of a parameter depend on. */
export function fingerprintOf({ code, base, type, expression, component, target }: SearchParameter): string {
  return JSON.stringify([code, base, type, expression, component, target]);
}

/** A state that begins. */
export function begun(fingerprint: string, now: number): ParameterState {
  return { fingerprint, state: 'indexing', since: now, after: 0, done: 0, recounted: 0, differed: 0, holder: '', until: 0 };
}

/** A state as it is kept. */
export function readParameterState(json: string): ParameterState {
  return JSON.parse(json) as ParameterState;
}
