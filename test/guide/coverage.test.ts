import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GUIDE_FOLDER } from '../../src/cli/coverage.ts';
import { count, examine, type Line, share } from '../../src/cli/guide/examine.ts';
import { judgeRows } from '../../src/cli/guide/judge.ts';
import { type Guide, readGuide } from '../../src/cli/guide/read-guide.ts';
import { coveragePage } from '../../src/cli/guide/report.ts';
import { mappings } from '../map/mappings.ts';

const shared = existsSync(GUIDE_FOLDER);
const NOTHING: Guide = { segments: [], dataTypes: [], tables: [], applied: new Set() };

describe.skipIf(!shared)('coverage of the guide (needs ../shared)', () => {
  const guide = shared ? readGuide(GUIDE_FOLDER) : NOTHING;
  const examination = shared ? examine(guide, mappings()) : { tables: [], stale: [] };
  const lines = examination.tables.flatMap((table) => table.lines.map((line) => ({ ...line, table })));
  const named = (found: typeof lines) => found.map(({ table, at, target, why }) => `${table.name} ${at} ${target} ${why}`);

  test('all tables of the guide are read', () => {
    expect([guide.segments.length, guide.dataTypes.length, guide.tables.length, guide.applied.size]).toEqual([62, 105, 99, 53]);
  });

  test('no row is unexplained', () => {
    expect(named(lines.filter(({ state }) => state === 'unexplained'))).toEqual([]);
  });

  test('every row said to be carried is shown by a message, and every other has its reason in words', () => {
    const shown = ({ proof }: Line) => proof !== undefined && proof.message !== '' && proof.found !== '';
    const rows = lines.filter(({ table }) => table.kind !== 'code table');
    expect(named(rows.filter((line) => line.state === 'carried' && !shown(line)))).toEqual([]);
    expect(named(lines.filter(({ state, why }) => state !== 'carried' && why === ''))).toEqual([]);
  });

  test('every ruling is about a row that is there and is not carried', () => {
    expect(examination.stale).toEqual([]);
  });

  test('at least 95 % of the rows ADT, ORU and MDM use are carried or deviate by a ruling', () => {
    expect(share(count(lines.filter(({ table }) => table.counts)))).toBeGreaterThanOrEqual(95);
  });

  test('docs/coverage.md says it (else: npm run docs)', () => {
    expect(readFileSync(join(import.meta.dirname, '../../docs/coverage.md'), 'utf8')).toBe(coveragePage(examination));
  });
});

test('a ruling that says carried otherwise explains nothing where every message reports the field as unused', () => {
  const row = { address: 'PV1-11', target: 'location', condition: '', assignment: '', vocabulary: '', dataTypeMap: '', v2Type: 'PL' };
  const map = { name: 'PV1[Encounter]', owner: 'PV1', to: 'Encounter', rows: [row] };
  const ruling = { table: map.name, key: 'PV1-11', leftOut: false, why: 'in another place', at: 'mappings/guide.yaml:1' };
  const standing = (uses: boolean) => judgeRows(map, { prove: () => undefined, uses: () => uses }, [ruling], mappings())[0]?.state;
  expect([standing(true), standing(false)]).toEqual(['deviated', 'unexplained']);
});
