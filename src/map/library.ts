import type { Definitions } from '../fhir/definitions.ts';
import type { CodeTable } from './code-table.ts';
import { compileMap, type ChangedRow, readMapName } from './compile-map.ts';
import { type CompiledMap, runRows } from './compiled-map.ts';
import { nativeConversions } from './converters/all.ts';
import { keysOf } from './identity.ts';
import type { CodeSystemNames } from './local-names.ts';
import { MadeSoFar } from './made-so-far.ts';
import type { Faults, MappingSource } from './mapping-source.ts';
import { type Conversion, type Convert, Frame, type Run } from './run.ts';
import type { Node } from './node.ts';
import type { Value } from './value.ts';
import { isRemembered, remembering, ValueMemories } from './value-memory.ts';

/** What a library is made of. */
export interface LibraryParts {
  readonly definitions: Definitions;
  readonly names: CodeSystemNames;
  readonly tables: ReadonlyMap<string, CodeTable>;
  /** The data type maps by every name they serve. */
  readonly sources: ReadonlyMap<string, MappingSource>;
  /** Of a sender file, by map. */
  readonly changes: ReadonlyMap<string, readonly ChangedRow[]>;
  readonly faults: Faults;
}

/** Everything a row can name: data type maps, converters, code tables. Data type maps are compiled when first asked for. */
export class Library {
  readonly definitions: Definitions;
  readonly names: CodeSystemNames;
  readonly faults: Faults;
  /** What its data type maps gave for coded values, sender by sender. */
  readonly memories = new ValueMemories();
  readonly #tables: ReadonlyMap<string, CodeTable>;
  readonly #sources: ReadonlyMap<string, MappingSource>;
  readonly #changes: ReadonlyMap<string, readonly ChangedRow[]>;
  readonly #maps = new Map<string, CompiledMap | undefined>();
  readonly #conversions = new Map<string, Conversion>();

  constructor({ definitions, names, tables, sources, changes, faults }: LibraryParts) {
    this.definitions = definitions;
    this.names = names;
    this.faults = faults;
    this.#tables = tables;
    this.#sources = sources;
    this.#changes = changes;
  }

  table(name: string): CodeTable | undefined {
    return this.#tables.get(name);
  }

  /** The data type map of a name, compiled. */
  map(name: string): CompiledMap | undefined {
    if (this.#maps.has(name)) return this.#maps.get(name);
    const source = this.#sources.get(name);
    // A map may use itself by way of another: while it is compiled its conversions already have their place.
    this.#maps.set(name, undefined);
    const compiled = source === undefined ? undefined : compileMap(source, this, this.#changes.get(name));
    this.#maps.set(name, compiled);
    return compiled;
  }

  /** The conversion of a v2 type to a FHIR type: a data type map, else a converter. Shape: conversion('CX', 'Identifier') */
  conversion(v2Type: string, fhirType: string): Conversion | undefined {
    return this.named(`${v2Type} to ${fhirType}`);
  }

  /** A data type map or converter by its name. */
  named(name: string): Conversion | undefined {
    if (!this.#sources.has(name)) return nativeConversions.get(name);
    const known = this.#conversions.get(name);
    if (known !== undefined) return known;
    const fhirType = readMapName(name)?.fhirType ?? '';
    const isResource = this.definitions.resourceTypes.has(fhirType);
    // Compiled by the time a value comes: a map may use itself by way of another.
    let map: CompiledMap | undefined;
    const convert: Convert = (value, frame) => {
      map ??= this.#maps.get(name);
      if (map === undefined) return undefined;
      return isResource ? referAgain(map, value, frame) : convertBy(map, value, frame);
    };
    const conversion: Conversion = { name, convert: isRemembered(fhirType) ? remembering(convert) : convert, uses: 'itself' };
    this.#conversions.set(name, conversion);
    this.map(name);
    return conversion;
  }

  /** The conversion of a v2 type to a reference to one of these resource types, or why there is not exactly one. */
  reference(v2Type: string, targets: readonly string[]): Conversion | string {
    const types = targets.length === 0 ? [...this.definitions.resourceTypes] : targets;
    const names = types.map((type) => `${v2Type} to ${type}`).filter((name) => this.#sources.has(name) || nativeConversions.has(name));
    const [only] = names;
    if (only === undefined) return `there is no data type map ${v2Type} to ${types.length > 5 ? 'a resource' : types.join(' or ')}`;
    if (names.length > 1) return `which of these does it make: ${names.join(', ')}? Say \`as\``;
    return this.named(only) ?? `there is no data type map ${only}`;
  }
}

/** A data type map on a value: the complex value it fills, or the primitive it gives. */
function convertBy(map: CompiledMap, value: Value, frame: Frame): unknown {
  const { run } = frame;
  const mark = run.usage.mark;
  const inner = new Frame(run, frame.segment, frame.group, {}, undefined, value);
  const { outcome } = runRows(map, inner);
  const given = inner.result ?? (Object.keys(inner.node).length === 0 ? undefined : inner.node);
  if (outcome === 'done' && given !== undefined) return given;
  run.usage.takeBack(mark);
  return undefined;
}

/** A data type map that makes a resource: a reference to it. A value that came before in the message leads to the same one. */
function referAgain(map: CompiledMap, value: Value, frame: Frame): unknown {
  const { run } = frame;
  const known = value.component === 0 ? run.referred.get(map)?.get(value.source.raw) : undefined;
  if (known !== undefined) {
    run.usage.addParts(value, known.used);
    return referenceTo(known.made);
  }
  const { mark } = run.usage;
  const issues = run.issues.length;
  const made = referTo(map, value, frame);
  if (made === undefined) return undefined;
  const again = value.component === 0 && made.identity.keys.length > 0 && run.issues.length === issues && !countsPositions(map);
  if (again) {
    let values = run.referred.get(map);
    if (values === undefined) run.referred.set(map, (values = new Map()));
    values.set(value.source.raw, { made, used: run.usage.partsSince(mark, value) });
  }
  return referenceTo(made);
}

const countsPositions = (map: CompiledMap) => map.identity?.lines.some((line) => line.rest.includes('position')) === true;

function referTo(map: CompiledMap, value: Value, frame: Frame): MadeSoFar | undefined {
  const { run } = frame;
  const mark = run.usage.mark;
  const called = map.fhirType.charAt(0).toLowerCase() + map.fhirType.slice(1);
  const made = new MadeSoFar(map.fhirType, called, value.segment, frame.group);
  const inner = new Frame(run, frame.segment, frame.group, made.resource, made, value);
  const { outcome, used } = runRows(map, inner);
  if (outcome !== 'done' || used === 0) {
    run.usage.takeBack(mark);
    return undefined;
  }
  return registerBy(map, made, inner, run);
}

function registerBy(map: CompiledMap, made: MadeSoFar, frame: Frame, run: Run): MadeSoFar {
  const rule = map.identity;
  const { keys } = rule === undefined ? { keys: [] } : keysOf(rule, frame, map.fhirType);
  if (map.profile !== undefined) made.resource.meta = { profile: [map.profile] };
  return run.register(made, { keys, shared: rule?.shared === true }, '');
}

/** A reference within a translation. */
export function referenceTo(made: MadeSoFar): Node {
  return { reference: made.fullUrl };
}
