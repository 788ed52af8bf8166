import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { soleGateway } from '../../src/store/sqlite/sole-gateway.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a file has one gateway at a time, and another as soon as that one is done', () => {
  const path = join(folder, 'one.db');
  const lock = soleGateway(path);
  expect(() => soleGateway(path, 50)).toThrow(expect.objectContaining({ issues: [expect.objectContaining({ id: 'store-in-use' })] }));
  lock.close();
  soleGateway(path, 50).close();
});
