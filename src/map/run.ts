import { issue, type Issue } from '../issue/issue.ts';
import type { IssueId } from '../issue/catalogue.ts';
import type { Message, Segment } from '../hl7v2/message.ts';
import type { ZoneRule } from './zone-rule.ts';
import type { GroupNode } from './groups.ts';
import type { CompiledMap } from './compiled-map.ts';
import type { CodeSystemNames } from './local-names.ts';
import { addOnce, type MadeSoFar } from './made-so-far.ts';
import type { Sender } from './sender.ts';
import { addMissing, type Node } from './node.ts';
import type { Slots } from './target.ts';
import type { Identity, TraceLine } from './translation.ts';
import { urnOf } from './identity-urn.ts';
import { Usage } from './usage.ts';
import type { Value } from './value.ts';
import { ValueMemory } from './value-memory.ts';

/** What a row is, for those who convert its values and report on them. */
export interface RowFacts {
  /** Shape: mappings/segments/pid-to-patient.yaml:14 */
  readonly row: string;
  /** The element it fills. Shape: Patient.gender */
  readonly element: string;
  /** Whether R4, or the row, asks for the element. */
  readonly required: boolean;
  /** The number of the field's HL7 table. Shape: 0001 */
  readonly v2Table?: string;
}

/** One translation while it goes on. */
export class Run {
  readonly message: Message;
  readonly sender: Sender;
  /** The owner of local codes and identifiers. */
  readonly namespace: string;
  readonly names: CodeSystemNames;
  readonly zone: ZoneRule;
  readonly issues: Issue[] = [];
  readonly usage: Usage;
  readonly made: MadeSoFar[] = [];
  /** What became of each row of the message map so far. */
  readonly trace: TraceLine[] = [];
  readonly memory: ValueMemory;
  /** The timestamps of the message as they were sent, and as FHIR writes them: most are the same. */
  readonly dateTimes = new Map<string, string>();
  /** What values of data type maps led to, by map and by the value as it was sent, with the parts of it that were used. */
  readonly referred = new Map<CompiledMap, Map<string, { readonly made: MadeSoFar; readonly used: readonly number[] }>>();
  /** How many errors were reported: a row that adds one has failed. */
  errors = 0;
  /** By what they stand within, then by type, then by key. */
  readonly #byKey = new Map<string, Map<string, Map<string, MadeSoFar>>>();
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #madeCounts = new Map<string, number>();

  constructor(message: Message, sender: Sender, namespace: string, names: CodeSystemNames, zone: ZoneRule, memory = new ValueMemory()) {
    this.message = message;
    this.usage = new Usage(message);
    this.memory = memory;
    this.sender = sender;
    this.namespace = namespace;
    this.names = names;
    this.zone = zone;
  }

  /** Reports on a value; at most once for the same place, issue and row. */
  report(id: IssueId, value: Value, facts: RowFacts, details: Readonly<Record<string, unknown>> = {}): void {
    const item = issue(id, { at: value.address, row: facts.row, value: value.text.slice(0, 200), ...details });
    this.issues.push(item);
    if (item.severity === 'error') this.errors++;
  }

  /** The next number of a key among those of its kind: what keeps equal ones apart. */
  count(kind: string, key: string): number {
    const counts = within(this.#counts, kind);
    const next = (counts.get(key) ?? 0) + 1;
    counts.set(key, next);
    return next;
  }

  /**
   * Takes a filled resource into the translation. Where the message already made one with one of its keys the two are one: what the new
   * one knows more is added to the old, which is given back.
   */
  register(made: MadeSoFar, identity: Identity, parentUrl: string): MadeSoFar {
    const type = made.resource.resourceType;
    const known = within(within(this.#byKey, parentUrl), type);
    let standing: MadeSoFar | undefined;
    for (const key of identity.keys) standing ??= known.get(key);
    if (standing !== undefined) {
      addMissing(standing.resource, made.resource);
      for (const element of made.spoken) addOnce(standing.spoken, element);
      for (const element of made.cleared) addOnce(standing.cleared, element);
      for (const place of made.nulled) addOnce(standing.nulled, place);
      return standing;
    }
    const number = (this.#madeCounts.get(made.called) ?? 0) + 1;
    this.#madeCounts.set(made.called, number);
    made.name = number === 1 ? made.called : `${made.called}[${number}]`;
    made.identity = identity;
    const key = identity.keys[0] ?? `${this.message.header.raw} ${made.name}`;
    made.fullUrl = urnOf(`${this.namespace}\u001f${type}\u001f${parentUrl}\u001f${key}`);
    for (const key of identity.keys) known.set(key, made);
    this.made.push(made);
    return made;
  }
}

function within<Value>(all: Map<string, Map<string, Value>>, name: string): Map<string, Value> {
  let inner = all.get(name);
  if (inner === undefined) all.set(name, (inner = new Map()));
  return inner;
}

/** Where the rows of one map run: over a segment, or over one value of a data type. */
export class Frame {
  readonly run: Run;
  segment: Segment;
  group: GroupNode;
  /** The value a data type map reads; undefined in a segment map. */
  readonly value: Value | undefined;
  /** What is filled. */
  readonly node: Node;
  readonly slots: Slots = [];
  /** Of a segment map: whose rows these are. */
  readonly made: MadeSoFar | undefined;
  /** The repetition at hand, for conditions. */
  own: Value | undefined;
  /** The value by which a branch was chosen, where it can be the name of a type. */
  branch = '';
  /** What a map to a primitive type gives. */
  result: unknown;

  constructor(run: Run, segment: Segment, group: GroupNode, node: Node, made: MadeSoFar | undefined, value?: Value) {
    this.run = run;
    this.segment = segment;
    this.group = group;
    this.node = node;
    this.made = made;
    this.value = value;
  }

  /** Where conditions of rows of a message map look, which fill nothing: the same frame for one segment after the other. */
  at(segment: Segment, group: GroupNode): this {
    this.segment = segment;
    this.group = group;
    return this;
  }
}

/** Turns a v2 value into a FHIR one; undefined when it gives none. `beside` is the field of `with:`. */
export type Convert = (value: Value, frame: Frame, facts: RowFacts, beside?: Value) => unknown;

/** How a value is converted, and which part of it that uses. */
export interface Conversion {
  /** Shape: CX to Identifier, DTM to dateTime */
  readonly name: string;
  readonly convert: Convert;
  /** The part of a value it uses when it gives something: its first component, all of it, or what it marks itself. */
  readonly uses: 'first' | 'all' | 'itself';
}
