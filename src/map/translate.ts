import { formatAddress } from '../issue/address.ts';
import { issue } from '../issue/issue.ts';
import { addressOf, type Message, type Segment } from '../hl7v2/message.ts';
import type { MapSet, Mappings } from './compile-mappings.ts';
import { type GroupNode, groupSegments } from './groups.ts';
import { JoinedSegment } from './joined-segment.ts';
import { joinLines } from './join-lines.ts';
import { linkResources } from './link-resources.ts';
import { type Making, makeResource } from './make-resource.ts';
import type { Make, MessageMap } from './message-map.ts';
import { namespaceOf, senderOf, type TranslateOptions, zonesOf } from './message-sender.ts';
import { Frame, Run } from './run.ts';
import type { Translation } from './translation.ts';
import { whyUnused } from './why-unused.ts';
import { zoneRule } from './zone-rule.ts';

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
    for (const segment of joinLines(make, segments, probeAt)) {
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
