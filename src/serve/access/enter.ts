import { compileCompartments } from '../../fhir/compartments.ts';
import type { Definitions } from '../../fhir/definitions.ts';
import { compileExtractor } from '../../fhir/index-extraction.ts';
import { issue, type Issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { type Access, OPEN } from '../../secure/access.ts';
import { RIGHTS } from '../../secure/scope.ts';
import type { DocumentWrite, Store, StoredVersion, Write } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { simpleInputs } from '../operations/parameters.ts';
import type { Match } from '../route.ts';
import { authorisedJobs } from './authorised-jobs.ts';
import { AuthorisedStore } from './authorised-store.ts';
import type { Reading } from './judge.ts';
import { MATRIX, type MatrixRow } from './matrix.ts';

/** One request's way in: who asks, and what its entries share. */
export interface Visit {
  readonly access: Access;
  /** The store with nothing hidden: only the funnel touches it. */
  readonly store: Store;
  readonly unseen: Set<string>;
  readonly passed: (versions: readonly StoredVersion[]) => void;
  /** Whose data left in a file. */
  readonly named: (patients: readonly string[]) => void;
  /** What every change of this request carries for the audit trail. */
  readonly note?: (writes: readonly Write[]) => DocumentWrite | undefined;
  /** Before anybody looks for AuditEvents; what they are to be told. */
  readonly catchUp?: () => Promise<readonly Issue[]>;
}

/** A request and the context its interaction is handed: all of the store it will ever see. */
export interface Entered {
  readonly request: FhirRequest;
  readonly context: Context;
}

/** A visit by somebody. */
export function visitOf(access: Access, store: Store, rest: Partial<Visit> = {}): Visit {
  return { passed: () => undefined, named: () => undefined, ...rest, access, store, unseen: new Set() };
}

/**
 * The one funnel: every interaction, of a request or of an entry of a bundle, passes here before it runs.
 *
 * Fails: throws IssueError forbidden (no row in the matrix; a right that is not held; an AuditEvent that is to be written)
 */
export function enter({ route, target }: Match, request: FhirRequest, context: Context): Entered {
  const row = MATRIX.get(route.name);
  const visit = context.visit ?? visitOf(OPEN, context.store);
  const { access } = visit;
  if (row === undefined) throw forbidden(`${route.name} has no rule`);
  if (row.writes === true && target.type === 'AuditEvent') throw forbidden('audit events are written by the gateway alone');
  requireRight(row, target, access);
  // what it tells of goes out by another way than this one
  if (row.writes === true && target.type === 'Subscription' && !access.isUnrestricted('r'))
    throw forbidden('a subscription is for who may read everything');
  for (const type of simpleInputs(request, '_type').flatMap((value) => value.split(','))) {
    const isType = context.definitions.resourceTypes.has(type);
    if (isType && access.may(type, 'r') === undefined && access.may(type, 's') === undefined) throw forbidden(`no scope for ${type}`);
  }
  const guarded = new AuthorisedStore({
    ...visit,
    reading: () => readingOf(context),
    resourceTypes: context.definitions.resourceTypes,
    sees: row.sees,
  });
  const hidesAnswer = row.writes === true && target.type !== '' && access.may(target.type, 'r') === undefined;
  return {
    // who may write but not read is not shown what there is
    request: hidesAnswer ? { ...request, prefer: { ...request.prefer, return: 'minimal' } } : request,
    context: {
      ...context,
      store: guarded,
      ...(context.jobs === undefined ? {} : { jobs: authorisedJobs(context.jobs, access) }),
    },
  };
}

function requireRight({ needs, of }: MatrixRow, target: Match['target'], access: Access): void {
  if (needs === 'public') return;
  const type = of === undefined ? target.type : target.inside;
  if (needs === 'any' || type === '*') {
    if (!RIGHTS.some((right) => access.isUnrestricted(right)) && access.client === '') throw forbidden('there is no scope');
  } else if (access.may(type, needs) === undefined) throw forbidden(`the token has no scope for this with ${type}`);
}

function forbidden(reason: string): IssueError {
  return new IssueError(issue('forbidden', { reason }));
}

const readings = new WeakMap<Definitions, Map<string, Reading>>();

/** Compiled when somebody comes who may not see everything. */
function readingOf({ definitions, settings: { baseUrl } }: Context): Reading {
  const known = readings.get(definitions) ?? new Map<string, Reading>();
  readings.set(definitions, known);
  let reading = known.get(baseUrl);
  if (reading === undefined) {
    reading = { extract: compileExtractor(definitions, { baseUrl }), compartmentParameters: compileCompartments(definitions) };
    known.set(baseUrl, reading);
  }
  return reading;
}
