import type { Message } from '../hl7v2/message.ts';
import { parseMessage } from '../hl7v2/parse-message.ts';
import type { Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { issue } from '../issue/issue.ts';
import { traceAbsent } from './compile-message.ts';
import type { CompiledMap } from './compiled-map.ts';
import type { MapSet } from './compile-mappings.ts';
import { GroupNode } from './groups.ts';
import { JoinedSegment } from './joined-segment.ts';
import { makeResource } from './make-resource.ts';
import { isTreeMap, type MappingSource, textOfTree, type Tree, type TreeMap } from './mapping-source.ts';
import { Frame, Run } from './run.ts';
import { type Sender, UNKNOWN_SENDER } from './sender.ts';
import { Value } from './value.ts';
import { zoneRule } from './zone-rule.ts';

/** An example of a mapping file. */
export interface MapExample {
  readonly name: string;
  readonly line: number;
  /** Segments, or one value of a data type. */
  readonly given: string;
  readonly gives: Tree | undefined;
  readonly lacks: readonly string[];
  readonly warns: readonly ExpectedIssue[];
  readonly fails: readonly ExpectedIssue[];
  readonly unused: readonly string[];
  readonly sender: TreeMap;
}

/** An issue an example expects. */
export interface ExpectedIssue {
  readonly id: string;
  /** Shape: PID-8; undefined: anywhere */
  readonly at: string | undefined;
}

/** What a map made of an example. */
export interface ExampleResult {
  /** The resource or value; undefined when there is none. */
  readonly made: unknown;
  readonly issues: readonly Issue[];
  readonly unused: readonly string[];
}

/** The header examples get: the sender is GENHOSP and says its offset. */
const HEADER = String.raw`MSH|^~\&|EXAMPLE|GENHOSP|||20260102120000-0500||ACK|1|P|2.5.1`;

/** The examples of a mapping file. */
export function examplesOf(source: MappingSource): MapExample[] {
  const list = isTreeMap(source.data) ? source.data['examples'] : undefined;
  if (!Array.isArray(list)) return [];
  return (list as readonly Tree[]).flatMap((said, index): MapExample[] => {
    if (!isTreeMap(said)) return [];
    const texts = (tree: Tree | undefined) =>
      Array.isArray(tree) ? (tree as readonly Tree[]).flatMap((item) => textOfTree(item) ?? []) : [];
    return [
      {
        name: textOfTree(said['name']) ?? '',
        line: source.lineAt('examples', index),
        given: textOfTree(said['given']) ?? '',
        gives: said['gives'],
        lacks: texts(said['lacks']),
        warns: expected(said['warns']),
        fails: expected(said['fails']),
        unused: texts(said['unused']),
        sender: isTreeMap(said['sender']) ? said['sender'] : {},
      },
    ];
  });
}

function expected(tree: Tree | undefined): ExpectedIssue[] {
  const list = Array.isArray(tree) ? (tree as readonly Tree[]) : tree === undefined ? [] : [tree];
  return list.flatMap((item) => (isTreeMap(item) ? [{ id: textOfTree(item['issue']) ?? '', at: textOfTree(item['at']) }] : []));
}

/**
 * Runs one map on an example.
 *
 * Fails: what a message fails with that cannot be parsed
 */
export function runExample(example: MapExample, name: string, maps: MapSet): Result<ExampleResult> {
  const map = maps.segments.get(name) ?? maps.library.map(name);
  if (map === undefined) return failure(issue('mapping-faulty', { file: name, reason: 'there is no such map' }));
  const lines = map.dataType ? [`ZZZ|${example.given}`] : example.given.split('\n').filter((line) => line !== '');
  const text = [...(lines[0]?.startsWith('MSH') ? [] : [HEADER]), ...lines].join('\r');
  const parsed = parseMessage(text);
  if (!parsed.ok) return parsed;
  const run = runOf(parsed.value, example.sender, maps);
  const group = new GroupNode('', undefined);
  for (const segment of parsed.value.segments) group.segments.add(segment.name, segment);
  const made = map.dataType ? convertExample(map, run, group, maps) : makeExample(map, run, group);
  const unused = run.usage.unused().filter((place) => !place.startsWith('MSH') || map.owner === 'MSH');
  return success({ made, issues: run.issues, unused });
}

function runOf(message: Message, said: TreeMap, maps: MapSet): Run {
  const systems = isTreeMap(said['systems']) ? Object.entries(said['systems']) : [];
  const sender: Sender = {
    ...UNKNOWN_SENDER,
    strict: said['strict'] === 'true',
    takesMessageOffset: said['message-offset'] !== 'ignore',
    systems: new Map(systems.map(([key, uri]) => [key, textOfTree(uri) ?? ''])),
  };
  const messageOffset = sender.takesMessageOffset ? /[+-]\d{4}$/.exec(message.header.value(7))?.[0] : undefined;
  const zone = zoneRule({ senderZone: textOfTree(said['timezone']), messageOffset });
  return new Run(message, sender, message.header.value(4), maps.library.names, zone);
}

function convertExample(map: CompiledMap, run: Run, group: GroupNode, maps: MapSet): unknown {
  const segment = run.message.segments.find((one) => one.name === 'ZZZ');
  const source = segment?.field(1)[0];
  if (segment === undefined || source === undefined) return undefined;
  const facts = { row: map.path, element: map.fhirType, required: false };
  const frame = new Frame(run, segment, group, {}, undefined);
  const given = maps.library.named(map.name)?.convert(new Value(segment, 1, 1, source), frame, facts);
  return map.isResource ? run.made.at(-1)?.resource : given;
}

function makeExample(map: CompiledMap, run: Run, group: GroupNode): unknown {
  const all = run.message.segments.filter((segment) => segment.name === map.owner);
  const last = all.at(-1);
  if (last === undefined) return undefined;
  const lines = map.rows.find((row) => row.take === 'lines')?.place?.field;
  const [first, ...rest] = all;
  const segment = lines !== undefined && first !== undefined && rest.length > 0 ? new JoinedSegment([first, ...rest], lines) : last;
  const make = {
    absent: traceAbsent(map.owner, map, 0),
    line: 0,
    file: map.path,
    segment: map.owner,
    map,
    called: 'example',
    into: undefined,
    when: undefined,
    within: undefined,
    required: false,
    expected: false,
    finds: false,
    becomes: undefined,
    movedFrom: undefined,
    links: [],
    lines: undefined,
  };
  const probe = new Frame(run, segment, group, {}, undefined);
  return makeResource({ ...make, map: { ...map, identity: undefined } }, segment, group, run, probe)?.made.resource;
}
