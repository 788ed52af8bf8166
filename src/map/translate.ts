import { formatAddress } from '../issue/address.ts';
import { issue } from '../issue/issue.ts';
import { addressOf, type Message, type Segment } from '../hl7v2/message.ts';
import { type CompiledSender, type MapSet, type Mappings } from './compile-mappings.ts';
import { chooseSender } from './compile-sender.ts';
import { type GroupNode, groupSegments } from './groups.ts';
import { JoinedSegment } from './joined-segment.ts';
import { linkResources } from './link-resources.ts';
import { type Making, makeResource } from './make-resource.ts';
import type { LinesRule, Make, MessageMap } from './message-map.ts';
import { Frame, Run } from './run.ts';
import { type Sender, UNKNOWN_SENDER } from './sender.ts';
import type { Translation } from './translation.ts';
import { Value } from './value.ts';
import { whyUnused } from './why-unused.ts';
import { readTime } from './converters/times.ts';
import { type ZoneRule, type ZoneSources, zoneRule } from './zone-rule.ts';

/** What a translation depends on beside the message and the mappings. */
export interface TranslateOptions {
  /** The IANA zone of times without an offset, where neither the sender's file nor MSH-7 tells one. */
  readonly defaultTimeZone?: string | undefined;
}

/** The sender of a message as its file says; the settings for everybody where it has none. */
export function senderOf(mappings: Mappings, application: string, facility: string): CompiledSender {
  return (
    chooseSender(mappings.senders, application, facility) ?? {
      application: undefined,
      facility: undefined,
      settings: UNKNOWN_SENDER,
      maps: mappings.base,
    }
  );
}

/** The owner of a sender's local codes and identifiers: what its file says, else MSH-4, else MSH-3. */
function namespaceOf(sender: Sender, application: string, facility: string): string {
  return sender.namespace ?? (facility || application);
}

/** What a message's times without an offset mean. */
function zonesOf(header: Segment, settings: Sender, options: TranslateOptions): ZoneSources {
  return {
    senderZone: settings.timeZone,
    messageOffset: settings.takesMessageOffset ? /[+-]\d{4}$/.exec(header.value(7))?.[0] : undefined,
    defaultZone: options.defaultTimeZone,
  };
}

/**
 * When a message was told, and when its event happened. EVN-2, else MSH-7, tells which of two messages is the newer; the event itself
 * happened at EVN-6 where that is valued. Without a known zone there is no dateTime; among one sender's messages its clock still tells
 * which is the newer.
 *
 * Units: ms since 1970, of UTC or of the sender's own clock; 0 when the message tells no time
 */
export function eventTime(
  message: Message,
  mappings: Mappings,
  options: TranslateOptions = {},
): { readonly ms: number; readonly dateTime: string | undefined } {
  const { header } = message;
  const { settings } = senderOf(mappings, header.value(3), header.value(4));
  const zone = zoneRule(zonesOf(header, settings, options));
  const event = message.segments.find(({ name }) => name === 'EVN');
  const told = momentOf(event?.value(2) || header.value(7), zone);
  const happened = momentOf(event?.value(6) ?? '', zone) ?? told;
  return { ms: told?.ms ?? 0, dateTime: happened?.dateTime };
}

function momentOf(text: string, zone: ZoneRule): { readonly ms: number; readonly dateTime: string | undefined } | undefined {
  const time = readTime(text.trim());
  if (time === undefined) return undefined;
  const [year = 0, month = 1, day = 1] = time.date.split('-').map(Number);
  const clock = { year, month, day, hour: Number(time.hour ?? 0), minute: Number(time.minute ?? 0) };
  const offset = time.offset ?? zone(clock);
  const seconds = `${time.second ?? '00'}${time.fraction.slice(0, 4)}`;
  const wall = Date.parse(
    `${new Date(Date.UTC(year, month - 1, day, clock.hour, clock.minute)).toISOString().slice(0, 17)}${seconds}${offset ?? 'Z'}`,
  );
  const dateTime =
    time.hour === undefined
      ? time.date
      : time.minute === undefined || offset === undefined
        ? undefined
        : `${time.date}T${time.hour}:${time.minute}:${seconds}${offset}`;
  return { ms: wall, dateTime };
}

/**
 * What a message says, in FHIR.
 *
 * Fails: message-type-unsupported, event-unsupported, and what the rows of the maps report; all in `issues`
 */
export function translate(message: Message, mappings: Mappings, options: TranslateOptions = {}): Translation {
  const { header } = message;
  const application = header.value(3);
  const facility = header.value(4);
  const { settings, maps } = senderOf(mappings, application, facility);
  const map = chooseMap(header, maps);
  if (!('makes' in map)) {
    const unused = message.segments.filter((segment) => segment !== header).map((segment) => formatAddress(addressOf(segment)));
    return { messageMap: '', file: '', made: [], trace: [], unused, issues: [map] };
  }
  const zones = zonesOf(header, settings, options);
  const namespace = namespaceOf(settings, application, facility);
  const { names, memories } = maps.library;
  const { senderZone, messageOffset, defaultZone } = zones;
  const memory = memories.of(
    [settings.file, namespace, senderZone, messageOffset, defaultZone, header.rawField(2), header.rawField(1)].join('\u001f'),
  );
  const run = new Run(message, settings, namespace, names, zoneRule(zones), memory);
  return translateBy(map, run);
}

/** Translates by one message map. */
function translateBy(map: MessageMap, run: Run): Translation {
  const { message } = run;
  const { of } = groupSegments(message, map.groups);
  const byName = segmentsByName(message);
  const makings: Making[] = [];
  /** Whether a segment was met, by its position. */
  const met: boolean[] = message.segments.map(() => false);
  const groupOf = (segment: Segment) => of[segment.position] as GroupNode;
  const probe = new Frame(run, message.header, groupOf(message.header), {}, undefined);
  const probeAt = (segment: Segment) => probe.at(segment, groupOf(segment));
  for (const make of map.makes) {
    const named = byName.get(make.segment) ?? NO_SEGMENTS;
    const segments = make.within === undefined ? named : named.filter((segment) => standsIn(make, groupOf(segment)));
    if (segments.length === 0) {
      reportMissing(make, byName, run, map);
      run.trace.push(make.absent);
    }
    for (const segment of joined(make, segments, probeAt)) {
      const making = makeResource(make, segment, groupOf(segment), run, probeAt(segment));
      if (making !== undefined) makings.push(making);
      met[segment.position] = true;
      if (segment instanceof JoinedSegment) meetAll(segment, make, making, of, met, run);
    }
  }
  linkResources(makings, map);
  reportUnmapped(map, message, met, run);
  const unused = run.usage.unused();
  return {
    messageMap: map.name,
    file: map.path,
    made: run.made.map((made) => made.toMade()),
    trace: run.trace,
    unused,
    why: whyUnused(unused, map),
    issues: run.issues,
  };
}

/** Every segment of a joined one is met, and what was made of it stands in the group of each. */
function meetAll(joined: JoinedSegment, make: Make, making: Making | undefined, of: readonly GroupNode[], met: boolean[], run: Run): void {
  for (const part of joined.all) {
    met[part.position] = true;
    if (part === joined.first || making === undefined) continue;
    (of[part.position] as GroupNode).addMade(make.called, making.made);
    run.usage.alias(joined.first, part);
  }
}

function chooseMap(header: Segment, maps: MapSet): MessageMap | ReturnType<typeof issue> {
  const type = header.value(9);
  const structure = header.value(9, 1, 3);
  const event = header.value(9, 1, 2) || structure.slice(4);
  const map = maps.messages.get(`${type}^${event}`);
  if (map !== undefined) return map;
  const at = addressOf(header, 9);
  const known = [...maps.messages.keys()];
  const events = known.filter((key) => key.startsWith(`${type}^`)).map((key) => key.slice(4));
  if (events.length > 0)
    return issue('event-unsupported', { at: { ...at, component: 2 }, event: plain(event), supported: events.join(' ') });
  const types = [...new Set(known.map((key) => key.slice(0, 3)))];
  return issue('message-type-unsupported', { at: { ...at, component: 1 }, type: plain(type), supported: types.join(' ') });
}

/** Only what can be a code goes into the text of an issue. */
const plain = (code: string) => (/^[A-Z0-9]{1,8}$/.test(code) ? code : '');

function segmentsByName(message: Message): ReadonlyMap<string, Segment[]> {
  const byName = new Map<string, Segment[]>();
  for (const segment of message.segments) {
    const standing = byName.get(segment.name);
    if (standing === undefined) byName.set(segment.name, [segment]);
    else standing.push(segment);
  }
  return byName;
}

const NO_SEGMENTS: readonly Segment[] = [];

function standsIn(make: Make, group: GroupNode): boolean {
  return make.within === undefined || make.within.has(group.kind === '' ? 'message' : group.kind);
}

/** Tells of a row of the message map that met no segment, where one was to be expected. */
function reportMissing(make: Make, byName: ReadonlyMap<string, unknown>, run: Run, map: MessageMap): void {
  const at = make.absent.segment;
  if (make.required) {
    run.issues.push(issue('segment-sequence', { at, structure: map.name, reason: 'it is required and missing' }));
    run.errors++;
  } else if (make.expected && !byName.has(make.segment)) {
    run.issues.push(issue('segment-expected', { at, segment: make.segment, map: map.name }));
  }
}

/** Joins consecutive segments that are lines of one text. */
function joined(make: Make, segments: readonly Segment[], probeAt: (segment: Segment) => Frame): readonly Segment[] {
  const { lines } = make;
  if (lines === undefined) return segments;
  const found: Segment[] = [];
  let open: [Segment, ...Segment[]] | undefined;
  let openKey: string | undefined;
  const close = () => {
    if (open !== undefined) found.push(open.length === 1 ? open[0] : new JoinedSegment(open, lines.field));
    open = undefined;
  };
  for (const segment of segments) {
    const key = lineKey(lines, segment, probeAt(segment));
    if (open !== undefined && key === openKey && open.at(-1)?.position === segment.position - 1) {
      open.push(segment);
      continue;
    }
    close();
    if (key === undefined) found.push(segment);
    else open = [segment];
    openKey = key;
  }
  close();
  return found;
}

/** What must be equal for two segments to be one; undefined when the segment stands alone. */
function lineKey(lines: LinesRule, segment: Segment, frame: Frame): string | undefined {
  if (lines.test !== undefined && !lines.test(frame)) return undefined;
  return lines.same
    .map(({ place, key }) => {
      const source = segment.field(place.field)[0];
      return source === undefined ? '' : key(new Value(segment, place.field, 1, source, place.component, place.subcomponent), frame);
    })
    .join('\u001f');
}

/** A segment no row met is told, with a warning where the map does not know it. */
function reportUnmapped(map: MessageMap, message: Message, met: readonly boolean[], run: Run): void {
  const told = new Set<string>();
  for (const segment of message.segments) {
    if (met[segment.position] === true) continue;
    const reason = map.notMapped.get(segment.name);
    const at = addressOf(segment);
    const detail = reason === undefined ? {} : { detail: reason };
    run.trace.push({ segment: at, type: '', line: 0, outcome: 'not-made', reason: 'not-in-message-map', ...detail, rowsUsed: 0, rows: 0 });
    if (reason !== undefined || told.has(segment.name)) continue;
    told.add(segment.name);
    run.issues.push(issue('segment-not-mapped', { at, segment: segment.name, map: map.name }));
  }
}
