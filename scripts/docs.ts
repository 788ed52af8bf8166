import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pages } from './pages.ts';

const root = resolve(import.meta.dirname, '..');
for (const [file, make] of pages) {
  mkdirSync(dirname(resolve(root, file)), { recursive: true });
  writeFileSync(resolve(root, file), make());
  console.log(`wrote ${file}`);
}
