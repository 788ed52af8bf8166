import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../src/issue/catalogue.ts';

const root = resolve(import.meta.dirname, '..');
const sources = globSync('src/**/*.ts', { cwd: root }).sort();
const text = new Map(sources.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
/** The code alone: what a comment says is no import and no call. */
const code = new Map([...text].map(([file, source]) => [file, source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')]));

/** The rows of src/README.md. A folder imports only from rows below its own; nothing imports its neighbour in a row. */
const ROWS = [
  ['issue', 'settings.ts'],
  ['config.ts'],
  ['hl7v2', 'fhir'],
  ['map', 'validate', 'store', 'secure'],
  ['intake', 'jobs', 'registry', 'audit', 'notify', 'retention', 'alert'],
  ['wire', 'serve', 'console'],
  ['start'],
  ['main.ts'],
  ['cli'],
  ['cli.ts'],
];
const rowOf = (folder: string) => ROWS.findIndex((row) => row.includes(folder));
const folderOf = (file: string) => relative('src', file).split('/')[0] as string;
const importsOf = (file: string) =>
  [...(code.get(file) as string).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string);

describe('imports point one way', () => {
  test.each(sources)('%s', (file) => {
    const upward = importsOf(file)
      .filter((target) => target.startsWith('.'))
      .map((target) => folderOf(relative(root, resolve(root, dirname(file), target))))
      .filter((target) => target !== folderOf(file) && rowOf(target) >= rowOf(folderOf(file)));
    expect(rowOf(folderOf(file)), 'every folder has a row').toBeGreaterThanOrEqual(0);
    expect(upward).toEqual([]);
  });
});

describe('a module is small', () => {
  test.each(sources)('%s has at most 400 lines, tables excepted', (file) => {
    const isTable = file === 'src/issue/catalogue.ts' || file === 'src/settings.ts' || file === 'src/hl7v2/fields.ts';
    expect(isTable ? 0 : (text.get(file) as string).split('\n').length).toBeLessThanOrEqual(400);
  });

  test('and half of them have under 130 lines', () => {
    const lengths = [...text.values()].map((source) => source.split('\n').length).sort((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(130);
  });
});

describe('what touches the world stays in its folder', () => {
  /** A type from a module touches nothing. */
  const valuesOf = (file: string) => (code.get(file) as string).replace(/^import type .*$/gm, '');
  const only = (pattern: RegExp, allowed: RegExp) => sources.filter((file) => pattern.test(valuesOf(file)) && !allowed.test(file));
  test('databases', () => {
    expect(only(/'node:sqlite'/, /^src\/store\/sqlite\//)).toEqual([]);
    expect(only(/'mongodb'/, /^src\/store\/mongo\//)).toEqual([]);
  });
  test('sockets', () => expect(only(/'node:(net|tls)'/, /^src\/(wire|secure|notify)\//)).toEqual([]));
  test('express', () => expect(only(/'express'/, /^src\/(serve\/|main\.ts)/)).toEqual([]));
  test('the environment', () => expect(only(/process\.env/, /^src\/config\.ts/)).toEqual([]));
  test('clocks and randomness are no part of what is pure', () => {
    const pure = /^src\/(?!(issue|hl7v2|fhir|map|validate)\/)/;
    expect(only(/Date\.now\(|new Date\(\)|Math\.random\(|randomUUID\(|randomBytes\(/, pure)).toEqual([]);
  });
  test('files are no part of what is pure', () => {
    expect(only(/'node:(fs|http|https|child_process|worker_threads)(\/promises)?'/, /^src\/(?!(issue|hl7v2|fhir|map|validate)\/)/)).toEqual(
      [],
    );
  });
  test('nothing is evaluated', () => expect(only(/\beval\(|new Function\(/, /^$/)).toEqual([]));
  test('errors are of the catalogue', () => expect(only(/new (Type|Range)?Error\(/, /^src\/issue\//)).toEqual([]));
});

describe('every export says what it is', () => {
  test.each(sources)('%s', (file) => {
    const lines = (text.get(file) as string).split('\n');
    const bare = lines.filter(
      (line, index) =>
        /^export (async )?(function|class|const|let|interface|type|abstract)\b/.test(line) && !/\*\/\s*$/.test(lines[index - 1] ?? ''),
    );
    expect(bare).toEqual([]);
  });

  test('and every issue named after Fails is in the catalogue', () => {
    const unknown: string[] = [];
    for (const [file, source] of text) {
      for (const [, named] of source.matchAll(/^\s*\*\s*Fails:(.*)$/gm)) {
        for (const [id] of (named as string).matchAll(/\b[a-z]+(-[a-z]+)+\b/g))
          if (looksLikeAnId(id) && !Object.hasOwn(catalogue, id)) unknown.push(`${file}: ${id}`);
      }
    }
    expect(unknown).toEqual([]);
  });
});

/** Words with a hyphen stand in sentences too; an id begins as some id of the catalogue does. */
function looksLikeAnId(word: string): boolean {
  const first = `${word.split('-')[0]}-`;
  return Object.keys(catalogue).some((id) => id.startsWith(first));
}

describe('every issue', () => {
  const used = [...code]
    .filter(([file]) => file !== 'src/issue/catalogue.ts')
    .map(([, source]) => source)
    .join('\n');
  const tests = globSync('test/**/*.ts', { cwd: root })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  test.each(Object.keys(catalogue))('%s is raised somewhere and asserted by a test', (id) => {
    expect(used.includes(`'${id}'`), 'used').toBe(true);
    expect(tests.includes(id), 'tested').toBe(true);
  });
});

test('no page or source speaks of how it came to be written', () => {
  const pages = globSync(['*.md', 'docs/**/*.md', 'mappings/{messages,segments,datatypes,senders}/*.yaml', '.ci/*'], { cwd: root });
  const words = /\b(AI|LLM|Claude|GPT|Copilot|subagent)\b|issue #?\d+\b|working session/;
  expect(
    [...sources, ...pages].filter((file) => existsSync(join(root, file)) && words.test(readFileSync(join(root, file), 'utf8'))),
  ).toEqual([]);
});
