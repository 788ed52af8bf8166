import { hash } from 'node:crypto';
import type { Definitions } from '../fhir/definitions.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { type CodeTable, compileTable, readCode, withCodes } from './code-table.ts';
import { type ChangedRow, compileMap, readMapName } from './compile-map.ts';
import { compileMakes, compileMessage } from './compile-message.ts';
import { compileSender, type SenderFile } from './compile-sender.ts';
import type { CompiledMap } from './compiled-map.ts';
import { Library } from './library.ts';
import type { CodeSystemNames } from './local-names.ts';
import { barred, Faults, isTreeMap, type MappingSource, textOfTree } from './mapping-source.ts';
import type { MessageMap } from './message-map.ts';
import { type MappingKind, readMapping } from './read-mapping.ts';
import type { Sender } from './sender.ts';

/** A mapping file as it was read from disk. */
export interface MappingFile {
  /** From the root of the project, with slashes. Shape: mappings/segments/pid-to-patient.yaml */
  readonly path: string;
  readonly text: string;
}

/** Every map, compiled: those for everybody, and those of senders that change some. */
export interface Mappings {
  readonly base: MapSet;
  readonly senders: readonly CompiledSender[];
  /** Tells one set of mapping files from another: the first digits of a SHA-256 over all of them. */
  readonly version: string;
  /** The sources, for those who show them. */
  readonly sources: ReadonlyMap<MappingKind, readonly MappingSource[]>;
}

/** The maps one sender's messages go through. */
export interface MapSet {
  /** By MSH-9.1 and MSH-9.2. Shape: 'ADT^A01' */
  readonly messages: ReadonlyMap<string, MessageMap>;
  /** Segment maps by name. */
  readonly segments: ReadonlyMap<string, CompiledMap>;
  readonly library: Library;
}

/** A sender file with its maps. */
export interface CompiledSender extends Pick<SenderFile, 'application' | 'facility'> {
  readonly settings: Sender;
  readonly maps: MapSet;
}

/**
 * Reads and checks all mapping files.
 *
 * Fails: mapping-faulty, once for each fault of each file, with file and line
 */
export function compileMappings(files: readonly MappingFile[], definitions: Definitions): Result<Mappings> {
  const faults = new Faults();
  const sources = new Map<MappingKind, MappingSource[]>();
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const read = readMapping(file.path, file.text, faults);
    if (read !== undefined) sources.set(read.kind, [...(sources.get(read.kind) ?? []), read.source]);
  }
  const of = (kind: MappingKind) => sources.get(kind) ?? [];
  const names = codeSystemNames(of('code-systems'), definitions);
  const tables = new Map<string, CodeTable>();
  for (const source of of('table')) {
    const table = compileTable(source, definitions, names, faults);
    if (tables.has(table.name)) faults.add(source, 1, `there is another table "${table.name}": ${tables.get(table.name)?.path}`);
    tables.set(table.name, table);
  }
  const maps = mapsByName(of('map'), faults);
  const parts = { definitions, names, tables, maps, messages: of('message'), faults };
  const base = compileSet(parts, new Map(), undefined);
  const senderFiles = of('sender').map((source) => compileSender(source, faults));
  checkSenders(senderFiles, faults);
  const senders = senderFiles.map((file): CompiledSender => {
    const { application, facility, settings } = file;
    if (!file.hasOwnMaps) return { application, facility, settings, maps: base };
    // Faults of the base were told already: only those of the sender's own lines are new.
    const own = new Faults(faults);
    const set = compileSet({ ...parts, tables: ownTables(file, parts, own), faults: own }, file.changes, file.source);
    for (const item of own.issues) if (item.row?.startsWith(`${file.source.path}:`)) faults.issues.push(item);
    for (const name of file.changes.keys()) {
      if (!maps.has(name)) faults.addMissing(name, file.source, file.source.lineAt('changes', name), `there is no map "${name}"`);
    }
    return { application, facility, settings, maps: set };
  });
  if (faults.issues.length > 0) return failure(...faults.issues);
  const version = hash(
    'sha256',
    [...files]
      .map((file) => `${file.path}\n${file.text}`)
      .sort()
      .join('\n'),
    'hex',
  ).slice(0, 12);
  return success({ base, senders, version, sources });
}

interface Parts {
  readonly definitions: Definitions;
  readonly names: CodeSystemNames;
  readonly tables: ReadonlyMap<string, CodeTable>;
  /** Segment and data type maps, by every name they serve. */
  readonly maps: ReadonlyMap<string, MappingSource>;
  readonly messages: readonly MappingSource[];
  readonly faults: Faults;
}

function codeSystemNames(sources: readonly MappingSource[], definitions: Definitions): CodeSystemNames {
  const names = new Map<string, string>();
  const oids = new Map<string, string>();
  for (const system of definitions.every('CodeSystem')) {
    for (const { value } of system.identifier ?? []) {
      if (value?.startsWith('urn:oid:') && system.url !== undefined) oids.set(value.slice(8), system.url);
    }
  }
  for (const { data } of sources) {
    if (!isTreeMap(data)) continue;
    if (isTreeMap(data['names']))
      for (const [name, url] of Object.entries(data['names'])) names.set(name.toUpperCase(), textOfTree(url) ?? '');
    if (isTreeMap(data['oids'])) for (const [oid, url] of Object.entries(data['oids'])) oids.set(oid, textOfTree(url) ?? '');
  }
  return { names, oids };
}

function mapsByName(sources: readonly MappingSource[], faults: Faults): ReadonlyMap<string, MappingSource> {
  const maps = new Map<string, MappingSource>();
  for (const source of sources) {
    const data = isTreeMap(source.data) ? source.data : {};
    const name = textOfTree(data['map']) ?? '';
    const rest = name.slice(readMapName(name)?.owner.length ?? 0);
    const others = barred(textOfTree(data['also-for']) ?? '').map((type) => type + rest);
    for (const each of [name, ...others]) {
      if (maps.has(each)) faults.add(source, source.lineAt('map'), `there is another map "${each}": ${maps.get(each)?.path}`);
      maps.set(each, source);
    }
  }
  return maps;
}

function compileSet(parts: Parts, changes: ReadonlyMap<string, readonly ChangedRow[]>, sender: MappingSource | undefined): MapSet {
  const { definitions, names, tables, maps, faults } = parts;
  const library = new Library({ definitions, names, tables, sources: maps, changes, faults });
  const segments = new Map<string, CompiledMap>();
  for (const [name, source] of maps) {
    if (source.path.includes('datatypes/')) {
      library.map(name);
      continue;
    }
    const compiled = compileMap(source, library, changes.get(name));
    if (compiled !== undefined) segments.set(name, compiled);
  }
  const messages = new Map<string, MessageMap>();
  for (const source of parts.messages) {
    const compiled = withSenderRows(compileMessage({ source, library, maps: segments }), sender, library, segments);
    for (const event of compiled.events) {
      const key = `${compiled.type}^${event}`;
      const other = messages.get(key);
      if (other !== undefined) faults.add(source, source.lineAt('events'), `${key} is also an event of ${other.path}`);
      messages.set(key, compiled);
    }
  }
  return { messages, segments, library };
}

/** The rows of a sender's `segments`, in every message that makes what they add to. */
function withSenderRows(
  map: MessageMap,
  sender: MappingSource | undefined,
  library: Library,
  segments: ReadonlyMap<string, CompiledMap>,
): MessageMap {
  if (sender === undefined) return map;
  const rows = compileMakes(sender, ['segments'], { source: sender, library, maps: segments }, map.groups);
  const made = new Set(map.makes.map((make) => make.called));
  const fitting = rows.filter((row) => row.into === undefined || made.has(row.into));
  if (fitting.length === 0) return map;
  const taken = new Set(fitting.map((row) => row.segment));
  const notMapped = new Map([...map.notMapped].filter(([segment]) => !taken.has(segment)));
  return { ...map, makes: [...map.makes, ...fitting], notMapped };
}

function ownTables(file: SenderFile, parts: Parts, faults: Faults): ReadonlyMap<string, CodeTable> {
  const { source } = file;
  const data = isTreeMap(source.data) ? source.data : {};
  if (!isTreeMap(data['tables'])) return parts.tables;
  const tables = new Map(parts.tables);
  for (const [name, codes] of Object.entries(data['tables'])) {
    const table = tables.get(name);
    if (table === undefined) {
      faults.addMissing(name, source, source.lineAt('tables', name), `there is no table "${name}"`);
      continue;
    }
    const read = (text: string, code: string) => {
      const target = readCode(text, table.system, parts.names, parts.definitions);
      const problem = typeof target === 'string' ? target : table.problemOf(target);
      if (problem !== undefined) faults.add(source, source.lineAt('tables', name, code), problem);
      return typeof target === 'string' ? undefined : target;
    };
    tables.set(name, withCodes(table, codes, read));
  }
  return tables;
}

function checkSenders(files: readonly SenderFile[], faults: Faults): void {
  const seen = new Map<string, string>();
  for (const { source, application, facility } of files) {
    const who = `${application ?? ''}|${facility ?? ''}`;
    if (who === '|') faults.add(source, 1, 'sender names MSH-3, MSH-4 or both');
    const other = seen.get(who);
    if (other !== undefined) faults.add(source, 1, `${other} is for the same sender`);
    seen.set(who, source.path);
  }
}
