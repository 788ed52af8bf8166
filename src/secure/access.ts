import { EVERYTHING, type Filter } from '../fhir/search-query.ts';
import { isAboutOne } from '../fhir/meets-filter.ts';
import { RIGHTS, type Right, type Scope } from './scope.ts';

/** Who asks, and what that may see and do. */
export interface Access {
  /** The client as it logged in; empty where nobody logs in. */
  readonly client: string;
  /** The user the token names, where that is another than the client. */
  readonly user?: string;
  /** Whose the jobs are that this caller begins: the client, its user and its patient together. */
  readonly owner: string;
  /** The id of the only patient a `patient/` scope is about. */
  readonly patient?: string;
  /** The id of the token, for the audit trail. */
  readonly token?: string;
  /** What the token said; undefined where nobody logs in. */
  readonly granted?: Granted;
  /** Whether the right is held for every type and every resource. */
  isUnrestricted(right: Right): boolean;
  /** What a resource of the type must meet for the right to hold; undefined: it never holds. */
  may(type: string, right: Right): Filter | undefined;
  /** Whether messages, metrics and whatever else is no FHIR may be seen: all rights on everything. */
  readonly isOperator: boolean;
}

/** Everything is allowed: what a gateway on loopback without a login gives to whoever reaches it. */
export const OPEN: Access = { client: '', owner: '', isUnrestricted: () => true, may: () => EVERYTHING, isOperator: true };

/** What a token says. */
export interface Granted {
  readonly client: string;
  readonly token?: string;
  readonly user?: string;
  readonly scopes: readonly Scope[];
  readonly patient?: string;
  /** Whether the token names the user that a `user/` scope is about. */
  readonly hasUser: boolean;
}

/** What scopes are read against. */
export interface ScopeReading {
  readonly resourceTypes: ReadonlySet<string>;
  readonly compartmentParameters: (compartment: string, type: string) => readonly string[];
  /** Criteria as a filter. Throws when they cannot be read. */
  readonly compile: (type: string, query: string) => Filter;
}

/** Types that are about nobody, which an app of one patient may read to understand its data. */
const DIRECTORY: ReadonlySet<string> = new Set(['Organization', 'Practitioner', 'PractitionerRole', 'Location', 'Medication']);

/**
 * What a token allows. A scope whose criteria cannot be compiled, or whose patient or user the token does not name, allows nothing.
 *
 * Source: SMART App Launch 2.2, Scopes and Launch Context; the union of scopes counts
 */
export function compileAccess(granted: Granted, reading: ScopeReading): Access {
  const known = new Map<string, Filter | undefined>();
  const may = (type: string, right: Right) => {
    const key = `${type} ${right}`;
    if (!known.has(key)) known.set(key, allowed(granted, type, right, reading));
    return known.get(key);
  };
  const isUnrestricted = (right: Right) =>
    granted.scopes.some(
      ({ context, type, rights, query }) =>
        rights.has(right) && type === '*' && query === undefined && (context === 'system' || (context === 'user' && granted.hasUser)),
    );
  const { client, patient, token, user } = granted;
  return {
    client,
    owner: user === undefined && patient === undefined ? client : JSON.stringify([client, user ?? '', patient ?? '']),
    ...(user === undefined ? {} : { user }),
    ...(patient === undefined ? {} : { patient }),
    ...(token === undefined ? {} : { token }),
    granted,
    isUnrestricted,
    may,
    isOperator: granted.scopes.some(
      ({ context, type, rights, query }) => context === 'system' && type === '*' && rights.size === RIGHTS.length && query === undefined,
    ),
  };
}

function allowed(granted: Granted, type: string, right: Right, reading: ScopeReading): Filter | undefined {
  if (!reading.resourceTypes.has(type)) return undefined;
  const filters: Filter[] = [];
  for (const scope of granted.scopes) {
    if (!scope.rights.has(right) || (scope.type !== '*' && scope.type !== type)) continue;
    const filter = filterOf(scope, granted, type, right, reading);
    if (filter === EVERYTHING) return EVERYTHING;
    if (filter !== undefined) filters.push(filter);
  }
  return filters.length > 1 ? { op: 'or', of: filters } : filters[0];
}

function filterOf(scope: Scope, granted: Granted, type: string, right: Right, reading: ScopeReading): Filter | undefined {
  const whose = scope.context === 'patient' ? ofPatient(granted.patient, type, right, reading) : EVERYTHING;
  if (whose === undefined || (scope.context === 'user' && !granted.hasUser)) return undefined;
  if (scope.query === undefined) return whose;
  try {
    const criteria = reading.compile(type, scope.query);
    if (!isAboutOne(criteria)) return undefined;
    return whose === EVERYTHING ? criteria : { op: 'and', of: [whose, criteria] };
  } catch {
    return undefined;
  }
}

function ofPatient(patient: string | undefined, type: string, right: Right, reading: ScopeReading): Filter | undefined {
  // an event says what was searched for, which may name others
  if (patient === undefined || type === 'AuditEvent') return undefined;
  if (type === 'Patient' || reading.compartmentParameters('Patient', type).length > 0)
    return { op: 'compartment', type: 'Patient', id: patient };
  return DIRECTORY.has(type) && (right === 'r' || right === 's') ? EVERYTHING : undefined;
}
