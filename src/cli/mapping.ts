import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { stderr, stdout } from 'node:process';
import { readConfig } from '../config.ts';
import { readDefinitions } from '../start/definitions-file.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { exampleFaults } from '../map/check-example.ts';
import { compileMappings, type Mappings } from '../map/compile-mappings.ts';
import { isTreeMap, type MappingSource, textOfTree } from '../map/mapping-source.ts';
import { examplesOf, runExample } from '../map/run-example.ts';
import { showMap } from '../map/show-map.ts';
import { senderOf } from '../map/message-sender.ts';
import { readMappingFiles } from '../start/mapping-files.ts';
import { newMap } from './new-map.ts';

const USAGE = `chartbridge mapping new SEGMENT RESOURCE       a first map of a segment, to be filled in
chartbridge mapping show NAME [MSH-3 MSH-4]    the rows of a map with everything looked up, as a sender's messages go through them
chartbridge mapping test FILE                  the examples of a mapping file
`;

/** `chartbridge mapping new SEGMENT RESOURCE | show NAME | test FILE`. 0 when it went well, 1 when an example fails, 2 for what cannot be done. */
export async function mapping([what, ...words]: string[]): Promise<number> {
  try {
    if (what === 'new' && words.length === 2) return writeNew(words[0] as string, words[1] as string);
    if (what === 'show' && (words.length === 1 || words.length === 3)) return show(words[0] as string, words[1] ?? '', words[2] ?? '');
    if (what === 'test' && words.length === 1) return testFile(words[0] as string);
    stderr.write(USAGE);
    return 2;
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    for (const item of error.issues) stderr.write(`chartbridge: ${textOf(item)}\n`);
    return 2;
  }
}

function folderOf(): string {
  const config = readConfig();
  if (!config.ok) throw new IssueError(...config.issues);
  return config.value.MAPPINGS;
}

function compiled(definitions: Definitions, more?: { path: string; text: string }): Mappings {
  const files = readMappingFiles(folderOf());
  const result = compileMappings(more === undefined ? files : [...files.filter(({ path }) => path !== more.path), more], definitions);
  if (!result.ok) throw new IssueError(...result.issues);
  return result.value;
}

function writeNew(segment: string, resource: string): number {
  const definitions = readDefinitions();
  if (!/^[A-Z][A-Z0-9]{2}$/.test(segment) || !definitions.resourceTypes.has(resource)) {
    stderr.write(`chartbridge: SEGMENT is three letters as in PID or ZPI, RESOURCE a type of R4 as in Patient\n`);
    return 2;
  }
  const root = folderOf() === '' ? 'mappings' : folderOf();
  const file = join(root, 'segments', `${segment}-to-${resource}.yaml`.toLowerCase());
  if (existsSync(file)) {
    stderr.write(`chartbridge: ${file} is there already\n`);
    return 2;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, newMap(segment, resource));
  stdout.write(`${file}\n`);
  return 0;
}

function show(name: string, application: string, facility: string): number {
  const mappings = compiled(readDefinitions());
  const { maps, settings } = senderOf(mappings, application, facility);
  const rows = showMap(name, maps);
  if (rows === undefined) {
    const words = name.toLowerCase().split(/\s+/);
    const near = namesOf(mappings).filter((one) => words.some((word) => one.toLowerCase().split(' ').includes(word)));
    stderr.write(
      `chartbridge: there is no map "${name}"${near.length === 0 ? '' : `; there are\n${near.map((one) => `  ${one}\n`).join('')}`}\n`,
    );
    return 2;
  }
  const cells = rows.map((row) => [
    String(row.line),
    row.address + (row.branch === '' ? '' : ` (${row.branch})`),
    row.element + (row.required ? ' *' : ''),
    row.type,
    row.by,
    row.sets.join(', '),
  ]);
  const head = ['line', 'v2 field', 'FHIR element', 'type', 'by', 'sets'];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => (row[column] as string).length)));
  const written = [head, ...cells].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd(),
  );
  stdout.write(`${name}${settings.file === '' ? '' : `, with the changes of ${settings.file}`}\n${written.join('\n')}\n`);
  return 0;
}

function namesOf(mappings: Mappings): string[] {
  return (mappings.sources.get('map') ?? []).map(nameOf).sort();
}

function nameOf(source: MappingSource): string {
  return isTreeMap(source.data) ? (textOfTree(source.data['map']) ?? '') : '';
}

function testFile(file: string): number {
  if (!existsSync(file)) {
    stderr.write(`chartbridge: there is no file ${file}\n`);
    return 2;
  }
  const text = readFileSync(file, 'utf8');
  const known = readMappingFiles(folderOf()).find(({ path }) => resolve(path) === resolve(file));
  const path = known?.path ?? file;
  const mappings = compiled(readDefinitions(), { path, text });
  const source = (mappings.sources.get('map') ?? []).find((one) => one.path === path);
  const examples = source === undefined ? [] : examplesOf(source);
  if (source === undefined || examples.length === 0) {
    stdout.write(`${path}: without fault, and without examples\n`);
    return 0;
  }
  let failed = 0;
  for (const example of examples) {
    const result = runExample(example, nameOf(source), mappings.base);
    const faults = result.ok ? exampleFaults(example, result.value) : result.issues.map(textOf);
    if (faults.length > 0) failed += 1;
    stdout.write(
      `${faults.length === 0 ? 'ok    ' : 'FAILED'} ${path}:${example.line} ${example.name}\n${faults.map((fault) => `         ${fault}\n`).join('')}`,
    );
  }
  stdout.write(`${examples.length - failed} of ${examples.length} examples\n`);
  return failed === 0 ? 0 : 1;
}
