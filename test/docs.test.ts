import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pages } from '../scripts/pages.ts';
import { GUIDE_FOLDER } from '../src/cli/coverage.ts';

const root = resolve(import.meta.dirname, '..');

const COVERAGE = 'docs/coverage.md';

describe('a generated page is what the code says (else: npm run docs)', () => {
  // That of the coverage is compared where its tables are examined: test/guide/coverage.test.ts.
  test.each([...pages].filter(([file]) => file !== COVERAGE))('%s', (file, make) => {
    expect(existsSync(resolve(root, file)) && readFileSync(resolve(root, file), 'utf8')).toBe(make());
  });

  test.skipIf(!existsSync(GUIDE_FOLDER))('the page of the coverage is one of them (needs ../shared)', () => {
    expect([...pages.keys()]).toContain(COVERAGE);
  });
});

describe('a page points only at what is there', () => {
  test.each(globSync(['*.md', 'docs/**/*.md', 'src/README.md'], { cwd: root }))('%s', (file) => {
    const text = readFileSync(resolve(root, file), 'utf8').replace(/```[\s\S]*?```/g, '');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1] as string);
    expect(links.filter((link) => !existsSync(resolve(root, dirname(file), link)))).toEqual([]);
  });
});

test('every script the README names is there', () => {
  const scripts = (JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;
  const named = [...readFileSync(resolve(root, 'README.md'), 'utf8').matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(
    (match) => match[1] as string,
  );
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});
