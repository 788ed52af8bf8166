import type { CodeSystemConceptProperty, ValueSet, ValueSetComposeInclude, ValueSetComposeIncludeFilter } from 'fhir/r4.js';
import { codeGrammars } from './code-grammar.ts';
import { CodeTable } from './code-table.ts';
import type { ConceptTree } from './concept-tree.ts';
import type { Expansion } from './definitions.ts';

/** What an expansion draws on. */
export interface Terminology {
  valueSet(canonical: string): ValueSet | undefined;
  tree(system: string, version: string | undefined): ConceptTree | undefined;
}

interface Work {
  readonly terminology: Terminology;
  readonly missing: Set<string>;
  /** The value sets being expanded, against a value set that includes itself. */
  readonly open: ReadonlySet<string>;
}

function propertyValue(property: CodeSystemConceptProperty): string {
  const { valueCode, valueString, valueBoolean, valueInteger, valueDecimal, valueDateTime, valueCoding } = property;
  return String(valueCode ?? valueString ?? valueBoolean ?? valueInteger ?? valueDecimal ?? valueDateTime ?? valueCoding?.code ?? '');
}

/** The values a concept has of a property; its parents and children count as such. */
function valuesOf(tree: ConceptTree, code: string, property: string): readonly string[] {
  if (property === 'concept' || property === 'code') return [code];
  if (property === 'display') return [tree.concepts.get(code)?.display ?? ''];
  if (property === 'parent') return [...tree.parentsOf(code)];
  if (property === 'child') return [...tree.childrenOf(code)];
  return (tree.concepts.get(code)?.property ?? []).filter((one) => one.code === property).map(propertyValue);
}

function readRegex(text: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${text})$`, 'u');
  } catch {
    return undefined;
  }
}

/** Whether a code meets a filter; undefined when the filter is none we know. Source: FHIR R4 ValueSet, filter-operator */
function filterTest(tree: ConceptTree, { property, op, value }: ValueSetComposeIncludeFilter): ((code: string) => boolean) | undefined {
  const listed = new Set(value.split(',').map((one) => one.trim()));
  const under = tree.under(value);
  switch (op) {
    case 'is-a':
      return (code) => under.has(code);
    case 'descendent-of':
      return (code) => under.has(code) && code !== value;
    case 'is-not-a':
      return (code) => !under.has(code);
    case 'generalizes':
      return (code) => tree.under(code).has(value);
    case '=':
      return (code) => valuesOf(tree, code, property).includes(value);
    case 'in':
      return (code) => valuesOf(tree, code, property).some((one) => listed.has(one));
    case 'not-in':
      return (code) => !valuesOf(tree, code, property).some((one) => listed.has(one));
    case 'exists':
      return (code) => valuesOf(tree, code, property).length > 0 === (value === 'true');
    case 'regex': {
      const pattern = readRegex(value);
      return pattern === undefined ? undefined : (code) => valuesOf(tree, code, property).some((one) => pattern.test(one));
    }
    default:
      return undefined;
  }
}

function systemCodes(include: ValueSetComposeInclude, system: string, work: Work): CodeTable {
  const table = new CodeTable();
  const tree = work.terminology.tree(system, include.version);
  if (include.concept !== undefined) {
    for (const { code, display } of include.concept) table.add(system, code, display ?? tree?.find(code)?.display);
    return table;
  }
  const grammar = codeGrammars.get(system);
  if (grammar !== undefined && include.filter === undefined) {
    table.allow(system, grammar);
    return table;
  }
  if (tree === undefined || !tree.complete) {
    work.missing.add(system);
    if (tree === undefined) return table;
  }
  const tests = (include.filter ?? []).map((filter) => filterTest(tree, filter));
  if (tests.includes(undefined)) {
    work.missing.add(system);
    return table;
  }
  for (const [code, concept] of tree.concepts) {
    if (tests.every((test) => test?.(code) === true)) table.add(system, code, concept.display);
  }
  return table;
}

/** What one include or exclude names: the codes of its system that are also in every value set it names. */
function includedCodes(include: ValueSetComposeInclude, work: Work): CodeTable {
  const own = include.system === undefined ? [] : [systemCodes(include, include.system, work)];
  const nested = (include.valueSet ?? []).map((canonical) => expandWithin(canonical, work));
  return CodeTable.intersection([...own, ...nested]);
}

function expandWithin(canonical: string, work: Work): CodeTable {
  const valueSet = work.terminology.valueSet(canonical);
  if (valueSet === undefined || work.open.has(canonical)) {
    work.missing.add(canonical);
    return new CodeTable();
  }
  const missing = new Set<string>();
  const inner = { ...work, missing, open: new Set([...work.open, canonical]) };
  const table = composed(valueSet, inner);
  if (missing.size > 0) {
    const delivered = deliveredExpansion(valueSet);
    if (delivered !== undefined) return delivered;
  }
  for (const one of missing) work.missing.add(one);
  return table;
}

function composed({ url = '', compose }: ValueSet, work: Work): CodeTable {
  const table = new CodeTable();
  if (compose === undefined) work.missing.add(url);
  for (const include of compose?.include ?? []) table.addAll(includedCodes(include, work));
  for (const exclude of compose?.exclude ?? []) table.removeAll(includedCodes(exclude, work));
  return table;
}

/** The expansion a package brings with its value set, where it is whole: it serves when what the set draws on is not loaded. */
function deliveredExpansion({ expansion }: ValueSet): CodeTable | undefined {
  if (expansion?.contains === undefined) return undefined;
  const table = new CodeTable();
  addExpansion(table, expansion.contains);
  return expansion.total === undefined || expansion.total === table.size ? table : undefined;
}

function addExpansion(table: CodeTable, contains: NonNullable<NonNullable<ValueSet['expansion']>['contains']>): void {
  for (const one of contains) {
    if (one.code !== undefined && one.abstract !== true) table.add(one.system ?? '', one.code, one.display);
    addExpansion(table, one.contains ?? []);
  }
}

/** The codes of a value set, as far as what it draws on is loaded. */
export function expand(canonical: string, terminology: Terminology): Expansion {
  const missing = new Set<string>();
  const codes = expandWithin(canonical, { terminology, missing, open: new Set() });
  return { codes, missing: [...missing] };
}
