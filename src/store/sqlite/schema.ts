import type { DatabaseSync } from 'node:sqlite';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';

/**
 * What takes an empty database to the newest schema, one step a version. A step that has been released is never changed; a new one is added.
 *
 * Names, types and words are kept once and pointed to by small integers. A value is one row, whatever number of parameters it is found by: its key
 * stands for them all. Each index table is two trees: its primary key begins with the row of the resource (appended to when a resource is made,
 * read when it changes, sorts or is checked), its second begins with the value. Uris are tokens without a system. The elements of composites are
 * one tree, by the tokens of their first part.
 * `node` is a resource: one that is only referred to so far has version 0.
 * @internal
 */
export const STEPS: readonly string[] = [
  `
  CREATE TABLE node (
    row INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL,
    version INTEGER NOT NULL, seq INTEGER NOT NULL, updated INTEGER NOT NULL, deleted INTEGER NOT NULL, json TEXT NOT NULL
  );
  CREATE UNIQUE INDEX node_name ON node (id, type);
  CREATE INDEX node_type ON node (type) WHERE deleted = 0;
  CREATE INDEX node_updated ON node (type, updated);
  CREATE INDEX node_seq ON node (type, seq) WHERE version > 0;

  CREATE TABLE past (
    seq INTEGER PRIMARY KEY, row INTEGER NOT NULL, type INTEGER NOT NULL,
    version INTEGER NOT NULL, updated INTEGER NOT NULL, deleted INTEGER NOT NULL, json TEXT NOT NULL
  );
  CREATE UNIQUE INDEX past_version ON past (row, version);
  CREATE INDEX past_type ON past (type);
  CREATE INDEX past_updated ON past (type, updated);

  CREATE TABLE type (type INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE parameter (
    key INTEGER PRIMARY KEY, type INTEGER NOT NULL, name TEXT NOT NULL,
    kinds INTEGER NOT NULL DEFAULT 0, many INTEGER NOT NULL DEFAULT 0, span REAL NOT NULL DEFAULT 0,
    UNIQUE (name, type)
  );
  CREATE TABLE system (system INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE);
  CREATE TABLE token (token INTEGER PRIMARY KEY, code TEXT NOT NULL, system INTEGER NOT NULL);
  CREATE UNIQUE INDEX token_code ON token (code, system);
  CREATE INDEX token_system ON token (system);
  CREATE TABLE unit (unit INTEGER PRIMARY KEY, code TEXT NOT NULL, system TEXT NOT NULL, display TEXT NOT NULL, UNIQUE (code, system, display));

  CREATE TABLE token_value (row INTEGER NOT NULL, key INTEGER NOT NULL, token INTEGER NOT NULL, PRIMARY KEY (row, key, token)) WITHOUT ROWID;
  CREATE INDEX token_value_by ON token_value (key, token);
  CREATE TABLE reference_value (row INTEGER NOT NULL, key INTEGER NOT NULL, target INTEGER NOT NULL, PRIMARY KEY (row, key, target)) WITHOUT ROWID;
  CREATE INDEX reference_value_by ON reference_value (target, key);
  CREATE TABLE date_value (row INTEGER NOT NULL, key INTEGER NOT NULL, low NUMERIC NOT NULL, high NUMERIC NOT NULL, PRIMARY KEY (row, key, low, high)) WITHOUT ROWID;
  CREATE INDEX date_value_by ON date_value (key, low, high);
  CREATE INDEX date_value_by_high ON date_value (key, high, low);
  CREATE TABLE string_value (row INTEGER NOT NULL, key INTEGER NOT NULL, part INTEGER NOT NULL, folded TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (row, key, part)) WITHOUT ROWID;
  CREATE INDEX string_value_by ON string_value (key, folded);
  CREATE TABLE uri_value (row INTEGER NOT NULL, key INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (row, key, value)) WITHOUT ROWID;
  CREATE INDEX uri_value_by ON uri_value (key, value);
  CREATE TABLE number_value (
    row INTEGER NOT NULL, key INTEGER NOT NULL, part INTEGER NOT NULL, value NUMERIC NOT NULL, low NUMERIC NOT NULL, high NUMERIC NOT NULL, unit INTEGER NOT NULL,
    PRIMARY KEY (row, key, part)
  ) WITHOUT ROWID;
  CREATE INDEX number_value_by ON number_value (key, value);
  CREATE TABLE composite_value (row INTEGER NOT NULL, part INTEGER NOT NULL, keys TEXT NOT NULL, parts TEXT NOT NULL, PRIMARY KEY (row, part)) WITHOUT ROWID;

  CREATE TABLE claim (key TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE document (kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, key));

  CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sha256 BLOB NOT NULL, sender TEXT NOT NULL, control_id TEXT NOT NULL,
    message_type TEXT NOT NULL, channel TEXT NOT NULL, received_at INTEGER NOT NULL, processed_at INTEGER, status TEXT NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, next_try_at INTEGER, keys TEXT NOT NULL, ack TEXT, issues TEXT, trace TEXT
  );
  CREATE UNIQUE INDEX message_same ON message (sender, control_id, sha256);
  CREATE INDEX message_status ON message (status);
  CREATE INDEX message_sender ON message (sender);
  CREATE INDEX message_received ON message (received_at);
  CREATE INDEX message_pending ON message (seq) WHERE status IN ('received', 'queued');
  CREATE TABLE message_raw (seq INTEGER PRIMARY KEY, raw BLOB NOT NULL);
  CREATE TABLE message_key (kind INTEGER NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (kind, value, seq)) WITHOUT ROWID;
  CREATE TABLE message_count (status TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE health (one INTEGER PRIMARY KEY, checked INTEGER NOT NULL);
  `,
  `
  ALTER TABLE node ADD COLUMN how INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE past ADD COLUMN how INTEGER NOT NULL DEFAULT 0;
  `,
  `
  CREATE TABLE kept_document (kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
  INSERT INTO kept_document (kind, key, json) SELECT kind, key, json FROM document;
  DROP TABLE document;
  ALTER TABLE kept_document RENAME TO document;
  `,
  `
  CREATE TABLE value_key (
    key INTEGER PRIMARY KEY, type INTEGER NOT NULL, names TEXT NOT NULL,
    kinds INTEGER NOT NULL DEFAULT 0, many INTEGER NOT NULL DEFAULT 0, span REAL NOT NULL DEFAULT 0,
    UNIQUE (names, type)
  );
  CREATE INDEX value_key_composite ON value_key (type) WHERE kinds >= 64;
  INSERT INTO value_key SELECT key, type, name, kinds & ~4, many OR kinds >= 64, span FROM parameter;
  INSERT INTO value_key (type, names, kinds) SELECT type, name || ':uri', 1 FROM parameter WHERE kinds & 4;
  DROP TABLE parameter;
  CREATE TABLE parameter (name TEXT NOT NULL, type INTEGER NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (name, type, key)) WITHOUT ROWID;
  INSERT INTO parameter SELECT names, type, key FROM value_key;

  INSERT OR IGNORE INTO system (uri) VALUES ('');
  INSERT OR IGNORE INTO token (code, system) SELECT DISTINCT v.value, s.system FROM uri_value v JOIN system s ON s.uri = '';
  INSERT INTO token_value (row, key, token)
    SELECT v.row, k.key, t.token FROM uri_value v
      JOIN value_key o ON o.key = v.key JOIN value_key k ON k.names = o.names || ':uri' AND k.type = o.type
      JOIN system s ON s.uri = '' JOIN token t ON t.code = v.value AND t.system = s.system;
  DROP TABLE uri_value;

  ALTER TABLE composite_value RENAME TO composite_before;
  CREATE TABLE composite_value (
    key INTEGER NOT NULL, token INTEGER NOT NULL, row INTEGER NOT NULL, part INTEGER NOT NULL, value NUMERIC, unit INTEGER, rest TEXT NOT NULL,
    PRIMARY KEY (key, token, row, part)
  ) WITHOUT ROWID;
  INSERT INTO composite_value (key, token, row, part, rest)
    SELECT k.value, coalesce(t.value, 0), c.row, c.part, c.parts FROM composite_before c
      JOIN json_each('[' || trim(c.keys, ',') || ']') k LEFT JOIN json_each(c.parts, '$[0].t') t ON t.key % 2 = 0;
  DROP TABLE composite_before;

  DROP INDEX date_value_by_high;
  CREATE INDEX date_value_long ON date_value (key, high, low) WHERE high - low > 2764800000;
  DROP INDEX node_updated;
  CREATE INDEX node_updated ON node (type, updated) WHERE version > 0;
  `,
  `
  CREATE TABLE feed (
    sender TEXT PRIMARY KEY, last_at INTEGER NOT NULL, received INTEGER NOT NULL, repeated INTEGER NOT NULL,
    accepted INTEGER NOT NULL, failed INTEGER NOT NULL, rejected INTEGER NOT NULL, merged INTEGER NOT NULL
  ) WITHOUT ROWID;
  INSERT INTO feed
    SELECT key, coalesce(json ->> 'lastAt', 0), coalesce(json ->> 'received', 0), coalesce(json ->> 'repeated', 0),
      coalesce(json ->> 'accepted', 0), coalesce(json ->> 'failed', 0), coalesce(json ->> 'rejected', 0), 0
      FROM document WHERE kind = 'feed';
  DELETE FROM document WHERE kind = 'feed';
  `,
  `
  CREATE TABLE piece (text INTEGER NOT NULL, number INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (text, number));
  CREATE TABLE loose_text (text INTEGER PRIMARY KEY AUTOINCREMENT);
  `,
];

/** The version of the schema this code reads and writes. */
export const SCHEMA_VERSION = STEPS.length;

/**
 * Brings the database to this code's schema, step by step in one transaction.
 *
 * Fails: throws store-newer when the database was written by a newer Chartbridge
 */
export function upgradeSchema(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec('CREATE TABLE IF NOT EXISTS chartbridge (one INTEGER PRIMARY KEY CHECK (one = 1), schema INTEGER NOT NULL)');
    const found = database.prepare('SELECT schema FROM chartbridge').get()?.['schema'];
    const version = typeof found === 'number' ? found : 0;
    if (version > SCHEMA_VERSION) throw new IssueError(issue('store-newer', { found: version, known: SCHEMA_VERSION }));
    for (const step of STEPS.slice(version)) database.exec(step);
    // on a full disk even this would fail, and nothing is new
    if (version < SCHEMA_VERSION) database.prepare('INSERT OR REPLACE INTO chartbridge (one, schema) VALUES (1, ?)').run(SCHEMA_VERSION);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
