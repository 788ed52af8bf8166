import type { StoredVersion, WalkQuery } from '../store.ts';
import { STRETCH, stretchOf, type WalkStretch } from '../walk.ts';
import { bytesOf } from './pieces.ts';
import type { Row, Statements } from './statements.ts';
import { VERSION_COLUMNS, type Versions } from './stored.ts';

/** Past versions are looked through this many at a time: of a walk over what was current most are passed over. */
const PAST_AT_ONCE = STRETCH * 8;

const LAST = Number.MAX_SAFE_INTEGER;
const SUCCESSOR = `coalesce((SELECT w.seq FROM past w WHERE w.row = p.row AND w.version = p.version + 1), (SELECT n.seq FROM node n WHERE n.row = p.row))`;
const NODES = `SELECT seq, row, updated, ${bytesOf('json')} AS bytes FROM node WHERE type = ? AND version > 0 AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`;
const pasts = (place: string): string =>
  `SELECT seq, row, updated, ${bytesOf('json')} AS bytes, ${SUCCESSOR} AS successor FROM past p WHERE ${place}seq > ? AND seq <= ? ORDER BY seq LIMIT ?`;
const PAST = pasts('');
const PAST_OF_TYPE = pasts('type = ? AND ');
const FIRST_SINCE = `SELECT min(coalesce((SELECT min(seq) FROM node WHERE type = ?1 AND updated >= ?2 AND version > 0), ${LAST}),
  coalesce((SELECT min(seq) FROM past WHERE type = ?1 AND updated >= ?2), ${LAST})) AS seq`;
const NODE = `SELECT id, ${VERSION_COLUMNS} FROM node WHERE row = ?`;
const PAST_VERSION = `SELECT (SELECT n.id FROM node n WHERE n.row = p.row) AS id, ${VERSION_COLUMNS} FROM past p WHERE seq = ?`;

/**
 * A stretch of a walk, in one snapshot of the database: a version stands either among the current ones or among the past, so what is
 * committed between two stretches can neither double nor lose one.
 */
export function walkPage(statements: Statements, versions: Versions, query: WalkQuery, from: number): WalkStretch {
  const upTo = query.upTo ?? LAST;
  const { since } = query;
  const types = typesOf(statements, query.type);
  // those of a time begin where the first of them stands, which the first stretch looks up
  const first =
    since === undefined || from !== (query.after ?? 0)
      ? 0
      : Math.min(LAST, ...types.map((type) => Number(statements.get(FIRST_SINCE, type, since)?.['seq'])));
  const after = Math.max(from, first - 1);
  const lists = [
    ...types.map((type) => read(statements.all(NODES, type, after, upTo, STRETCH), STRETCH)),
    query.type === undefined
      ? read(statements.all(PAST, after, upTo, PAST_AT_ONCE), PAST_AT_ONCE)
      : read(
          types.flatMap((type) => statements.all(PAST_OF_TYPE, type, after, upTo, PAST_AT_ONCE)),
          PAST_AT_ONCE,
        ),
  ];
  const horizon = Math.min(upTo, ...lists.map((list) => list.horizon));
  const steps = lists
    .flatMap((list) => list.steps)
    .filter((step) => (since === undefined || step.updated >= since) && (query.current !== true || step.successor > upTo));
  const stretch = stretchOf(steps, horizon, upTo);
  const found = stretch.steps.map((step): StoredVersion => {
    const row = step.successor === LAST_OF_ALL ? statements.get(NODE, step.row) : statements.get(PAST_VERSION, step.seq);
    return versions.of(row as Row);
  });
  return { versions: found, ...(stretch.next === undefined ? {} : { next: stretch.next }) };
}

/** The successor of a current version: none. */
const LAST_OF_ALL = Number.POSITIVE_INFINITY;

/** Rows as steps; a list as long as asked may go on behind its last. */
function read(rows: readonly Row[], asked: number) {
  const steps = rows.map((row) => ({
    seq: Number(row['seq']),
    row: Number(row['row']),
    updated: Number(row['updated']),
    bytes: Number(row['bytes']),
    successor: row['successor'] === undefined ? LAST_OF_ALL : Number(row['successor']),
  }));
  return { steps, horizon: steps.length < asked ? LAST_OF_ALL : (steps.at(-1)?.seq ?? 0) };
}

function typesOf(statements: Statements, name: string | undefined): number[] {
  const found = name === undefined ? statements.all('SELECT type FROM type') : statements.all('SELECT type FROM type WHERE name = ?', name);
  return found.map((row) => Number(row['type']));
}
