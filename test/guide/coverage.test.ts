import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GUIDE_FOLDER } from '../../src/cli/coverage.ts';
import { count, examine, share } from '../../src/cli/guide/examine.ts';
import { judgeRows } from '../../src/cli/guide/judge.ts';
import { Prover } from '../../src/cli/guide/prove.ts';
import { type Guide, readGuide } from '../../src/cli/guide/read-guide.ts';
import { readRulings } from '../../src/cli/guide/rulings.ts';
import { mappings } from '../map/mappings.ts';

const shared = existsSync(GUIDE_FOLDER);
const NOTHING: Guide = { segments: [], dataTypes: [], tables: [], applied: new Set() };

describe.skipIf(!shared)('coverage of the guide (needs ../shared)', () => {
  const guide = shared ? readGuide(GUIDE_FOLDER) : NOTHING;
  const examination = shared ? examine(guide, mappings()) : { tables: [], stale: [] };
  const lines = (counted: boolean) => examination.tables.filter(({ counts }) => counts || !counted).flatMap(({ lines: all }) => all);

  test('all tables of the guide are read', () => {
    expect([guide.segments.length, guide.dataTypes.length, guide.tables.length, guide.applied.size]).toEqual([62, 105, 99, 53]);
  });

  test('no row is unexplained', () => {
    const unexplained = examination.tables.flatMap(({ name, lines: all }) =>
      all.filter(({ state }) => state === 'unexplained').map(({ at, target }) => `${name} ${at} ${target}`),
    );
    expect(unexplained).toEqual([]);
  });

  test('every row that is not carried has its reason in words', () => {
    expect(lines(false).filter(({ state, why }) => state !== 'carried' && why === '')).toEqual([]);
  });

  test('every ruling is about a row that is there and is not carried', () => {
    expect(examination.stale).toEqual([]);
  });

  test('at least 95 % of the rows ADT, ORU and MDM use are carried or deviate by a ruling', () => {
    expect(share(count(lines(true)))).toBeGreaterThanOrEqual(95);
  });
});

describe.skipIf(!shared)('a row said to be carried is shown by a message (needs ../shared)', () => {
  const guide = shared ? readGuide(GUIDE_FOLDER) : NOTHING;
  const prover = shared ? new Prover(mappings(), guide) : undefined;
  const rulings = shared ? readRulings(mappings()) : new Map();

  test.each(guide.segments.map((map) => [map.name, map] as const))(
    '%s',
    (name, map) => {
      const standings = judgeRows(map, (row) => prover?.prove(map, row), rulings.get(name) ?? [], mappings());
      const carried = standings.filter(({ state }) => state === 'carried');
      expect(carried.filter(({ proof }) => proof === undefined || proof.message === '' || proof.found === '')).toEqual([]);
      // What a ruling calls carried otherwise is not reported as unused by every message that holds it.
      const lost = standings.filter(({ state, row }) => state === 'deviated' && prover?.uses(map, row) === false);
      expect(lost.map(({ row }) => `${row.address} ${row.target}`)).toEqual([]);
    },
    60_000,
  );

  test('data types: what a ruling calls carried otherwise is not reported as unused', () => {
    const lost = guide.dataTypes.flatMap((map) =>
      judgeRows(map, (row) => prover?.provePart(map, row), rulings.get(map.name) ?? [], mappings())
        .filter(({ state, row }) => state === 'deviated' && prover?.usesPart(map, row) === false)
        .map(({ row }) => `${map.name} ${row.address}`),
    );
    expect(lost).toEqual([]);
  }, 60_000);
});
