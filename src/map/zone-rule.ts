/** The wall clock of a v2 time: what its offset depends on. */
export interface WallClock {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** The offset of a time that has none; undefined when nothing tells it. Shape: +05:30, Z is never used */
export type ZoneRule = (clock: WallClock) => string | undefined;

/** What a message and its surroundings tell of its zone. */
export interface ZoneSources {
  /** Of the sender file: an IANA zone. */
  readonly senderZone?: string | undefined;
  /** Of MSH-7: an offset as v2 writes it. Shape: -0500 */
  readonly messageOffset?: string | undefined;
  /** Of the settings: an IANA zone. */
  readonly defaultZone?: string | undefined;
}

/**
 * The rule for times without an offset: the sender's zone, else the offset of MSH-7, else the default zone; never the zone of the process.
 *
 * Source: HL7 v2.5.1 chapter 2, MSH-7; decisions: a time without an offset
 */
export function zoneRule(sources: ZoneSources): ZoneRule {
  const { senderZone, messageOffset, defaultZone } = sources;
  if (senderZone !== undefined) return (clock) => offsetInZone(clock, senderZone);
  const fixed = messageOffset === undefined ? undefined : readOffset(messageOffset);
  if (fixed !== undefined) return () => fixed;
  if (defaultZone !== undefined) return (clock) => offsetInZone(clock, defaultZone);
  return () => undefined;
}

/** A v2 offset as FHIR writes it; undefined when it is none. Shape: -0500 -> -05:00 */
export function readOffset(text: string): string | undefined {
  const match = /^([+-])(\d{2})(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', hours = '', minutes = ''] = match;
  const total = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && total <= 14 * 60 ? `${sign}${hours}:${minutes}` : undefined;
}

/** Whether a name is an IANA zone this process knows. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const MAX_REMEMBERED = 20_000;
const formatters = new Map<string, Intl.DateTimeFormat>();
const remembered = new Map<string, string>();

/** Asking Intl takes microseconds and the times of a message are near each other: the answer for an hour is kept. */
function offsetInZone(clock: WallClock, zone: string): string {
  const quarter = Math.trunc(clock.minute / 15);
  const key = `${zone} ${clock.year}-${clock.month}-${clock.day}T${clock.hour}.${quarter}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  const offset = computeOffset({ ...clock, minute: quarter * 15 }, zone);
  remembered.set(key, offset);
  return offset;
}

/** Of a time that a clock change makes double the first is meant; one that it leaves out is read with the offset before the change. */
function computeOffset(clock: WallClock, zone: string): string {
  const asUtc = Date.UTC(clock.year, clock.month - 1, clock.day, clock.hour, clock.minute);
  const before = offsetAt(asUtc - 24 * HOUR_MS, zone);
  const after = offsetAt(asUtc + 24 * HOUR_MS, zone);
  const fits = (minutes: number) => offsetAt(asUtc - minutes * MINUTE_MS, zone) === minutes;
  return formatOffset(fits(before) || !fits(after) ? before : after);
}

function offsetAt(instantMs: number, zone: string): number {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    formatters.set(zone, formatter);
  }
  const match = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(formatter.format(instantMs));
  const minutes = Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0);
  return match?.[1] === '-' ? -minutes : minutes;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}
