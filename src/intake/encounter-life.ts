import type { Encounter, EncounterStatusHistory, Period } from 'fhir/r4.js';
import { placesAfter } from './encounter-places.ts';

type Status = Encounter['status'];

/** Elements of a visit that follow from what is stored and what happened, so that no sender's list is laid over them. */
export const LIVED: readonly string[] = ['status', 'statusHistory', 'location', 'period'];

/** What an event makes of a visit whatever the fields say. Source: decisions on Encounter.status; events of HL7 v2.8 chapter 3 */
const STATUS_OF_EVENT: Readonly<Record<string, Status>> = {
  A03: 'finished',
  A11: 'cancelled',
  A13: 'in-progress',
  A21: 'onleave',
  A22: 'in-progress',
  A23: 'entered-in-error',
  A27: 'cancelled',
  A38: 'cancelled',
  A52: 'in-progress',
  A53: 'onleave',
};

/** Events that begin a stay or a plan of one: what the message says of the status is news. */
const OPENING = new Set(['A01', 'A02', 'A04', 'A05', 'A06', 'A07', 'A14']);

/** Events that take back a move or a plan, not the visit. */
const TAKING_BACK_A_MOVE = new Set(['A12', 'A25', 'A26']);

/** Events that take back a discharge or a leave: the status before goes on as if it had never ended. */
const TAKING_BACK_A_STATUS = new Set(['A13', 'A52', 'A53']);

/** How far a visit has come. An update never takes it back. */
const PROGRESS: readonly Status[] = [
  'unknown',
  'planned',
  'arrived',
  'triaged',
  'in-progress',
  'onleave',
  'finished',
  'cancelled',
  'entered-in-error',
];

const OVER: ReadonlySet<Status> = new Set(['finished', 'cancelled', 'entered-in-error']);

/** What a message tells of a visit beside the resource it makes. */
export interface VisitEvent {
  /** MSH-9.2. Shape: A02 */
  readonly event: string;
  /** The time of the event as a FHIR dateTime; undefined when it has no zone. */
  readonly at: string | undefined;
  /** Top-level elements the message takes something away from. */
  readonly cleared: readonly string[];
}

/**
 * What a message says of a visit, continued from what is stored: its status with the history of those before, its places with those left.
 *
 * Only ADT events move a patient or change how a visit stands: a result tells of the visit it belongs to, as its laboratory knew it.
 *
 * Shape: an A02 to bed 7 after an A01 to bed 3 gives location [bed 7 active from then on, bed 3 completed until then]
 */
export function continueEncounter(stored: Encounter | undefined, said: Encounter, happened: VisitEvent): Encounter {
  const { event, at, cleared } = happened;
  if (stored !== undefined && !movesPatients(event)) return asBackground(stored, said);
  const status = statusAfter(stored?.status, said.status, event);
  const { statusHistory: _history, location: _places, period: _period, ...rest } = said;
  const period = periodAfter(stored?.period, said.period, event, cleared.includes('period'));
  const since = stored === undefined || event === 'A01' ? (period?.start ?? at) : at;
  const until = event === 'A03' ? (period?.end ?? at) : event === 'A01' ? since : at;
  const statusHistory = stored === undefined ? [] : historyAfter(stored, status, event, until);
  const location = placesAfter(stored?.location ?? [], said.location ?? [], {
    since,
    until,
    takenBack: event === 'A12' ? 'move' : event === 'A13' ? 'leaving' : undefined,
    over: OVER.has(status),
    nowhere: cleared.includes('location'),
  });
  return {
    ...rest,
    status,
    ...(statusHistory.length > 0 ? { statusHistory } : {}),
    ...(location.length > 0 ? { location } : {}),
    ...(period === undefined ? {} : { period }),
  };
}

/** Whether an event tells of visits and where they are: an ADT event does. */
export function movesPatients(event: string): boolean {
  return /^A\d/.test(event);
}

/** What is not told of the visit itself adds what is lacking, and changes nothing. */
function asBackground(stored: Encounter, said: Encounter): Encounter {
  const { location, period, ...rest } = said;
  const places = stored.location ?? location;
  const span = stored.period ?? period;
  return {
    ...rest,
    status: stored.status,
    class: stored.class,
    ...(stored.statusHistory === undefined ? {} : { statusHistory: stored.statusHistory }),
    ...(places === undefined ? {} : { location: places }),
    ...(span === undefined ? {} : { period: span }),
  };
}

function statusAfter(stored: Status | undefined, said: Status, event: string): Status {
  const fixed = STATUS_OF_EVENT[event];
  if (fixed !== undefined) return fixed;
  if (stored === undefined) return said;
  if (TAKING_BACK_A_MOVE.has(event)) return stored;
  if (OPENING.has(event)) return said;
  return PROGRESS.indexOf(said) > PROGRESS.indexOf(stored) ? said : stored;
}

function historyAfter(stored: Encounter, status: Status, event: string, at: string | undefined): EncounterStatusHistory[] {
  const history = stored.statusHistory ?? [];
  if (stored.status === status) return history;
  if (TAKING_BACK_A_STATUS.has(event)) return history.at(-1)?.status === status ? history.slice(0, -1) : history;
  // A visit begins when the patient comes: since when it was planned no element says.
  const start = history.at(-1)?.period.end ?? (stored.status === 'planned' ? undefined : stored.period?.start);
  const period = { ...(start === undefined ? {} : { start }), ...(at === undefined ? {} : { end: at }) };
  return [...history, { status: stored.status, period }];
}

function periodAfter(stored: Period | undefined, said: Period | undefined, event: string, cleared: boolean): Period | undefined {
  const period = { ...stored, ...said };
  // An HL7 null in PV1-44 or PV1-45: the end that is not said any more goes, the beginning only when it is not said either.
  if (event === 'A13' || (cleared && said?.end === undefined)) delete period.end;
  return Object.keys(period).length === 0 ? undefined : period;
}
