import type { CodeTable, Otherwise, TargetCode } from './code-table.ts';
import { localUrn } from './local-names.ts';
import type { Conversion, Frame, RowFacts } from './run.ts';
import { Extended, type Node } from './node.ts';
import type { Value } from './value.ts';

/** How a looked-up code becomes a value of the element's type. */
export type CodeShape = 'plain' | 'boolean' | 'Coding' | 'CodeableConcept';

/** How a row looks codes up. */
export interface LookUp {
  readonly table: CodeTable;
  readonly otherwise: Otherwise;
  readonly shape: CodeShape;
  /** What makes a Coding or CodeableConcept of the code as it was sent, for types that carry more than a code. */
  readonly asSent: Conversion | undefined;
}

const HL7_TABLE = 'http://terminology.hl7.org/CodeSystem/v2-';

/**
 * A coded value by its table.
 *
 * Fails: table-value-not-found (a warning where the element can be left out and the sender is not strict); code-kept-as-text (a warning)
 */
export function lookUp(rule: LookUp, value: Value, frame: Frame, facts: RowFacts): unknown {
  const { table, shape } = rule;
  const code = codeOf(value);
  if (code === '') return shape === 'CodeableConcept' || shape === 'Coding' ? sent(rule, value, frame, facts) : undefined;
  if (table.keepsAll) return shape === 'plain' || shape === 'boolean' ? code : sent(rule, value, frame, facts);
  if (isOfAnotherSystem(rule, value, frame)) return sent(rule, value, frame, facts);
  const target = table.find(code);
  if (target === null) return shape === 'CodeableConcept' || shape === 'Coding' ? sent(rule, value, frame, facts) : undefined;
  if (target !== undefined) return shaped(target, rule, value, frame, facts);
  return notFound(rule, value, frame, facts);
}

/** Whether the sender says that the code is of a well-known system: a table of HL7 codes says nothing of it, even where it has the same letters. */
function isOfAnotherSystem({ table, shape, asSent }: LookUp, value: Value, { run }: Frame): boolean {
  if (asSent === undefined || shape === 'plain' || shape === 'boolean') return false;
  const name = value.part(3).trim();
  const system = run.sender.systems.has(name) ? undefined : run.names.names.get(name.toUpperCase());
  return system !== undefined && system !== table.system && system !== `${HL7_TABLE}${table.v2Table}`;
}

/** What an empty field gives, where the table says so. */
export function emptyCode(rule: LookUp): unknown {
  const { empty } = rule.table;
  if (empty === undefined) return undefined;
  if (rule.shape === 'Coding') return coding(empty);
  if (rule.shape === 'CodeableConcept') return { coding: [coding(empty)] };
  return rule.shape === 'boolean' ? empty.code === 'true' : empty.code;
}

function codeOf(value: Value): string {
  return (value.first || value.part(4)).trim();
}

function coding(target: TargetCode): Node {
  return {
    ...(target.system === undefined ? {} : { system: target.system }),
    code: target.code,
    ...(target.display === undefined ? {} : { display: target.display }),
  };
}

function shaped(target: TargetCode, rule: LookUp, value: Value, frame: Frame, facts: RowFacts): unknown {
  if (rule.shape === 'plain' || rule.shape === 'boolean') {
    frame.run.usage.addCode(value);
    return rule.shape === 'boolean' ? target.code === 'true' : target.code;
  }
  const own = coding(target);
  if (rule.shape === 'Coding') {
    const display = value.part(2).trim();
    frame.run.usage.addCode(value);
    if (own['display'] === undefined && display !== '' && isSameCode(value, target)) {
      own['display'] = display;
      frame.run.usage.addPart(value, 2);
    }
    return own;
  }
  const concept = sent(rule, value, frame, facts) as Node | undefined;
  const codings = (concept?.['coding'] ?? []) as Node[];
  const same = codings.find((other) => other['code'] === own['code'] && (other['system'] ?? own['system']) === own['system']);
  const rest = codings.filter((other) => other !== same);
  return { ...concept, coding: [{ ...same, ...own }, ...rest] };
}

const isSameCode = (value: Value, target: TargetCode) => value.first.trim() === target.code;

/** The code as it was sent; without a system it gets that of its HL7 table where that has it, else a urn: of the sender. */
function sent(rule: LookUp, value: Value, frame: Frame, facts: RowFacts): unknown {
  const { table, shape, asSent } = rule;
  const number = table.v2Table ?? facts.v2Table;
  const code = codeOf(value);
  const missing = () => {
    if (number === undefined) return undefined;
    const known = table.listed.has(code) || table.inV2Table(code) || table.keepsAll;
    return known ? HL7_TABLE + number : localUrn(frame.run.namespace, `HL7${number}`);
  };
  if (asSent === undefined) {
    if (code === '') return undefined;
    frame.run.usage.addCode(value);
    const system = missing();
    const own = { ...(system === undefined ? {} : { system }), code };
    return shape === 'Coding' ? own : { coding: [own] };
  }
  const made = asSent.convert(value, frame, facts) as Node | undefined;
  if (made !== undefined && asSent.uses !== 'itself') frame.run.usage.addCode(value);
  const [first] = shape === 'Coding' ? [made] : ((made?.['coding'] ?? []) as Node[]);
  if (first?.['code'] !== undefined && first['system'] === undefined) {
    const system = missing();
    if (system !== undefined) first['system'] = system;
  }
  return made;
}

function notFound(rule: LookUp, value: Value, frame: Frame, facts: RowFacts): unknown {
  const { table, shape, otherwise } = rule;
  const { run } = frame;
  const strict = run.sender.strict && otherwise !== 'skip';
  if (otherwise === 'skip') return undefined;
  const concept = shape === 'CodeableConcept' || shape === 'Coding';
  if (typeof otherwise === 'object') {
    const id = concept ? 'code-kept-as-text' : 'table-value-not-found';
    run.report(id, value, facts, { table: table.name, severity: 'warning' });
    const mark = run.usage.mark;
    const given = shaped(otherwise, rule, value, frame, facts);
    // A plain code that stands for any other does not say which it was: the place stays unused.
    if (!concept) run.usage.takeBack(mark);
    return given;
  }
  if (otherwise === 'keep' && concept && !strict) {
    run.report('code-kept-as-text', value, facts, { table: table.name });
    return sent(rule, value, frame, facts);
  }
  const legal = facts.required && !strict ? emptyCode(rule) : undefined;
  const grave = strict || (facts.required && legal === undefined);
  run.report('table-value-not-found', value, facts, { table: table.name, ...(grave ? {} : { severity: 'warning' }) });
  // The code stays readable beside the one that stands for it.
  if (legal !== undefined && shape === 'plain') return withSent(legal, value, frame);
  return legal;
}

function withSent(legal: unknown, value: Value, frame: Frame): Extended {
  frame.run.usage.add(value);
  return new Extended(legal, [{ url: 'http://hl7.org/fhir/StructureDefinition/originalText', valueString: value.text }]);
}
