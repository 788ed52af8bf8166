import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Ajv2020 } from 'ajv/dist/2020.js';
import schema from '../../mappings/mapping.schema.json' with { type: 'json' };
import { Faults, isTreeMap, type Tree } from '../../src/map/mapping-source.ts';
import { type PlainYaml, readPlainYaml } from '../../src/map/plain-yaml.ts';
import { readYaml } from '../../src/map/read-yaml.ts';
import { mappingFiles } from './mapping-files.ts';
import { cases } from '../cases.ts';

/** Every path of a tree with the line it is told to stand on. */
function linesOf(read: PlainYaml): string[] {
  const walk = (tree: Tree, path: readonly (string | number)[]): string[] => {
    const own = `${path.join('/')}:${read.lineAt(...path)}`;
    if (typeof tree === 'string') return [own];
    const entries: readonly (readonly [string | number, Tree])[] = isTreeMap(tree)
      ? Object.entries(tree)
      : tree.map((item, index) => [index, item] as const);
    return [own, ...entries.flatMap(([key, part]) => walk(part, [...path, key]))];
  };
  return walk(read.data, []);
}

/** The quick reader leaves a text to the library, or reads what the library reads. */
function agree(text: string): 'left' | 'read' {
  const quick = readPlainYaml(text);
  if (quick === undefined) return 'left';
  const faults = new Faults();
  const slow = readYaml('x.yaml', text, faults);
  expect(faults.issues).toEqual([]);
  expect(quick.data).toEqual(slow?.data);
  expect(linesOf(quick)).toEqual(linesOf(slow as PlainYaml));
  expect(quick.lineAt('no such word', 3)).toBe(slow?.lineAt('no such word', 3));
  return 'read';
}

const files = mappingFiles();

describe('the mapping files are read as the YAML library reads them, without it', () => {
  test.each(files.map(({ path, text }) => [path, text] as const))('%s', (_, text) => expect(agree(text)).toBe('read'));
});

test('a file with any letter changed, added or taken away is read the same, or left to the library', () => {
  const sign = fc.constantFrom(...`abZ019 \n:#,-?&*!|>'"%@{}[]\\\t\r~.`.split(''));
  const place = fc.record({
    file: fc.constantFrom(...files),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat(2),
    put: fc.array(sign, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(place, ({ file, at, drop, put }) => {
      const head = file.text.slice(0, 1500);
      const index = Math.floor(at * head.length);
      agree(head.slice(0, index) + put.join('') + head.slice(index + drop));
    }),
    { numRuns: cases(2000, 500) },
  );
});

test('any tree the library writes is read the same, or left to it', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom('', 'a: b', 'a #b', '- x', "it's", '"q"', 'one\ntwo\n', '~', 'null', '01'),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, text, fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(text, tie('tree'), { maxKeys: 4 })),
  }));
  fc.assert(
    fc.property(tree, fc.boolean(), (data, flow) => void agree(stringify(data, { collectionStyle: flow ? 'flow' : 'any' }))),
    { numRuns: cases(1000, 250) },
  );
});

test.each([
  ['a: b', { a: 'b' }],
  ['a:\n- b\n- c: d\n  e: f\n', { a: ['b', { c: 'd', e: 'f' }] }],
  ['a: { b: 01, c: [x, "y, z"], d: }\n', { a: { b: '01', c: ['x', 'y, z'], d: '' } }],
  ['a: |\n  one\n   two\n\n  three\n\nb: x # said\n', { a: 'one\n two\n\nthree\n', b: 'x' }],
  ["'a b': 'it''s'\n", { 'a b': "it's" }],
])('%j', (text, data) => {
  expect(readPlainYaml(text)?.data).toEqual(data);
  expect(agree(text)).toBe('read');
});

test('the schema of mapping files is a schema', () => {
  expect(new Ajv2020({ strict: false }).validateSchema(schema)).toBe(true);
});
