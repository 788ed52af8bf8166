import type { Encounter, EncounterLocation, EncounterStatusHistory } from 'fhir/r4.js';

type Status = Encounter['status'];

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

/**
 * What a message says of a visit, continued from what is stored: its status with the history of those before, its locations with those left.
 *
 * Shape: an A02 to bed 7 after an A01 to bed 3 gives location [bed 7 active from then on, bed 3 completed until then]
 * Units: `at` is the time of the event as a FHIR dateTime
 */
export function continueEncounter(stored: Encounter | undefined, said: Encounter, event: string, at: string | undefined): Encounter {
  const status = statusAfter(stored?.status, said.status, event);
  const next: Encounter = { ...said, status };
  if (stored === undefined) {
    if (said.location !== undefined) next.location = said.location.map((place) => begun(place, said.period?.start ?? at));
    return next;
  }
  const statusHistory = historyAfter(stored, status, at);
  if (statusHistory.length > 0) next.statusHistory = statusHistory;
  const location =
    event === 'A12' ? movedBack(stored.location ?? [], said.location ?? []) : moved(stored.location ?? [], said.location ?? [], at, status);
  if (location.length > 0) next.location = location;
  if (said.period !== undefined || stored.period !== undefined) {
    const period = { ...stored.period, ...said.period };
    if (event === 'A13') delete period.end;
    if (Object.keys(period).length > 0) next.period = period;
  }
  return next;
}

function statusAfter(stored: Status | undefined, said: Status, event: string): Status {
  const fixed = STATUS_OF_EVENT[event];
  if (fixed !== undefined) return fixed;
  if (stored === undefined) return said;
  if (TAKING_BACK_A_MOVE.has(event)) return stored;
  if (OPENING.has(event)) return said;
  return PROGRESS.indexOf(said) > PROGRESS.indexOf(stored) ? said : stored;
}

function historyAfter(stored: Encounter, status: Status, at: string | undefined): EncounterStatusHistory[] {
  const history = stored.statusHistory ?? [];
  if (stored.status === status) return history;
  const start = history.at(-1)?.period.end ?? stored.period?.start;
  const period = { ...(start === undefined ? {} : { start }), ...(at === undefined ? {} : { end: at }) };
  return [...history, { status: stored.status, period }];
}

const placeOf = (entry: EncounterLocation) => entry.location.reference ?? JSON.stringify(entry.location);

function begun(entry: EncounterLocation, at: string | undefined): EncounterLocation {
  return at === undefined || entry.status !== 'active' || entry.period !== undefined ? entry : { ...entry, period: { start: at } };
}

function left(entry: EncounterLocation, at: string | undefined): EncounterLocation {
  if (entry.status !== 'active') return entry;
  return { ...entry, status: 'completed', ...(at === undefined ? {} : { period: { ...entry.period, end: at } }) };
}

/** The places after a message: those it names now, then those left before, the latest first. */
function moved(
  stored: readonly EncounterLocation[],
  said: readonly EncounterLocation[],
  at: string | undefined,
  status: Status,
): EncounterLocation[] {
  const active = said.filter((entry) => entry.status !== 'completed');
  const over = status === 'finished' || status === 'cancelled' || status === 'entered-in-error';
  const stay = (entry: EncounterLocation) =>
    active.some((now) => placeOf(now) === placeOf(entry) && now.physicalType?.text === entry.physicalType?.text);
  const kept = active.map((now) => {
    const before = stored.find((entry) => placeOf(entry) === placeOf(now) && entry.status === now.status);
    const entry = before === undefined ? begun(now, at) : { ...now, ...(before.period === undefined ? {} : { period: before.period }) };
    return over ? left(entry, at) : entry;
  });
  if (over && kept.every((entry) => stored.some((before) => placeOf(before) === placeOf(entry) && before.status === entry.status)))
    return [...stored];
  const gone = stored
    .filter((entry) => !(entry.status === 'active' || entry.status === 'planned') || !stay(entry))
    .map((entry) => (active.length > 0 || over ? left(entry, at) : entry));
  const prior = said.filter((entry) => entry.status === 'completed' && !gone.some((before) => placeOf(before) === placeOf(entry)));
  return [...kept, ...gone, ...prior];
}

/** A cancelled move: the place left last is the place again, the one moved to never was. */
function movedBack(stored: readonly EncounterLocation[], said: readonly EncounterLocation[]): EncounterLocation[] {
  const current = stored.findIndex((entry) => entry.status === 'active');
  const to = said.find((entry) => entry.status === 'active');
  const previous = stored.findIndex((entry) => entry.status === 'completed' && (to === undefined || placeOf(entry) === placeOf(to)));
  if (previous < 0) return to === undefined ? [...stored] : [to, ...stored.filter((entry) => entry.status !== 'active')];
  return stored.flatMap((entry, index) => {
    if (index === current) return [];
    if (index !== previous) return [entry];
    const { period, ...rest } = entry;
    const { end: _, ...open } = period ?? {};
    return [{ ...rest, status: 'active' as const, ...(Object.keys(open).length === 0 ? {} : { period: open }) }];
  });
}
