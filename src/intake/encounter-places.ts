import type { EncounterLocation } from 'fhir/r4.js';

/** What a message does with the places of a visit. */
export interface PlacesEvent {
  /** When a place it names was entered, and one it no longer names was left. FHIR dateTimes; undefined when no time with a zone is told. */
  readonly since: string | undefined;
  readonly until: string | undefined;
  /** A cancelled transfer, or a cancelled discharge. */
  readonly takenBack: 'move' | 'leaving' | undefined;
  /** The visit has ended: nobody is anywhere any more. */
  readonly over: boolean;
  /** An HL7 null where the place stands. */
  readonly nowhere: boolean;
}

const placeOf = (entry: EncounterLocation) => entry.location.reference ?? JSON.stringify(entry.location);
const has = (list: readonly EncounterLocation[], entry: EncounterLocation) => list.some((other) => placeOf(other) === placeOf(entry));
const isAhead = (entry: EncounterLocation) => entry.status === 'planned' || entry.status === 'reserved';
const isActive = (entry: EncounterLocation) => entry.status === 'active';
const isPast = (entry: EncounterLocation) => !isAhead(entry) && !isActive(entry);

/**
 * The places of a visit after a message: those it names now, those ahead, then those left before, the latest first.
 *
 * A place the message names again keeps the time it was entered; one it no longer names was left when the message's event happened. A
 * cancelled move leaves no trace of the place moved to. A plan is over once the patient is somewhere, a reservation once the visit is.
 */
export function placesAfter(
  stored: readonly EncounterLocation[],
  said: readonly EncounterLocation[],
  event: PlacesEvent,
): EncounterLocation[] {
  if (event.takenBack === 'move') return movedBack(stored, said);
  if (event.takenBack === 'leaving') return enteredAgain(stored, said);
  const { since, until, over, nowhere } = event;
  const active = stored.filter(isActive);
  const past = stored.filter(isPast);
  if (over) {
    const left = active.map((entry) => leave(entry, until));
    const unheard = said.filter((entry) => !isAhead(entry) && !has([...left, ...past], entry));
    const plans = [...left, ...past, ...unheard].length > 0 ? [] : [...stored.filter(isAhead), ...said.filter((one) => !has(stored, one))];
    return [...unheard.map((entry) => (isActive(entry) ? leave(entered(entry, since), until) : entry)), ...plans, ...left, ...past];
  }
  const here = said.filter(isActive).map((entry) => entered(active.find((other) => placeOf(other) === placeOf(entry)) ?? entry, since));
  const others = active.filter((entry) => !has(here, entry));
  const left = here.length > 0 || nowhere ? others.map((entry) => leave(entry, until)) : others;
  const somewhere = [...here, ...left, ...past].length > 0;
  const ahead = said.filter(isAhead);
  const plans = [...ahead, ...stored.filter((entry) => isAhead(entry) && !has(ahead, entry))].filter(
    (entry) => !has(here, entry) && !(somewhere && entry.status === 'planned'),
  );
  const list = [...here, ...plans, ...left, ...past];
  return [...list, ...said.filter((entry) => isPast(entry) && !has(list, entry))];
}

function entered(entry: EncounterLocation, at: string | undefined): EncounterLocation {
  return at === undefined || entry.period !== undefined ? entry : { ...entry, period: { start: at } };
}

function leave(entry: EncounterLocation, at: string | undefined): EncounterLocation {
  return { ...entry, status: 'completed', ...(at === undefined ? {} : { period: { ...entry.period, end: at } }) };
}

function reopen(entry: EncounterLocation): EncounterLocation {
  const { end: _, ...open } = entry.period ?? {};
  const { period: _period, ...rest } = entry;
  return { ...rest, status: 'active', ...(Object.keys(open).length === 0 ? {} : { period: open }) };
}

/** A cancelled move: the place left last is the place again, the one moved to never was. */
function movedBack(stored: readonly EncounterLocation[], said: readonly EncounterLocation[]): EncounterLocation[] {
  const to = said.find((entry) => entry.status === 'active');
  const current = stored.findIndex((entry) => entry.status === 'active');
  if (current < 0) return to === undefined ? [...stored] : [to, ...stored];
  if (to !== undefined && placeOf(stored[current] as EncounterLocation) === placeOf(to)) return [...stored];
  const previous = stored.findIndex((entry) => entry.status === 'completed' && (to === undefined || placeOf(entry) === placeOf(to)));
  if (previous < 0) return to === undefined ? [...stored] : [to, ...stored.filter((_, index) => index !== current)];
  return stored.flatMap((entry, index) => (index === current ? [] : [index === previous ? reopen(entry) : entry]));
}

/** A cancelled discharge: the patient is where the visit ended, since when it was there. */
function enteredAgain(stored: readonly EncounterLocation[], said: readonly EncounterLocation[]): EncounterLocation[] {
  if (stored.some((entry) => entry.status === 'active')) return [...stored];
  const to = said.find((entry) => entry.status === 'active') ?? said[0];
  const last = stored.findIndex((entry) => entry.status === 'completed' && (to === undefined || placeOf(entry) === placeOf(to)));
  if (last < 0) return to === undefined ? [...stored] : [{ ...to, status: 'active' }, ...stored];
  return stored.map((entry, index) => (index === last ? reopen(entry) : entry));
}
