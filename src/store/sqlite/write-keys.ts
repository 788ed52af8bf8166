import type { Claim, DocumentWrite } from '../store.ts';
import type { Statements } from './statements.ts';

/** Applies claims; the key of the first whose owner is not the one expected. */
export function writeClaims(statements: Statements, claims: readonly Claim[]): string | undefined {
  for (const { key, owner, expected } of claims) {
    const found = statements.get('SELECT owner FROM claim WHERE key = ?', key)?.['owner'];
    if (found !== expected) return key;
    if (owner === undefined) statements.run('DELETE FROM claim WHERE key = ?', key);
    else statements.run('INSERT INTO claim (key, owner) VALUES (?, ?) ON CONFLICT DO UPDATE SET owner = excluded.owner', key, owner);
  }
  return undefined;
}

const PUT = 'INSERT INTO document (kind, key, json) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = excluded.json';
const ADD = 'INSERT INTO document (kind, key, json) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';

/** Writes documents; kind and key of the first whose text is not the one expected. */
export function writeDocuments(statements: Statements, documents: readonly DocumentWrite[]): string | undefined {
  for (const { kind, key, json, expected } of documents) {
    if (expected === null && json !== undefined) {
      if (statements.run(ADD, kind, key, json) === 0) return `${kind}/${key}`;
      continue;
    }
    if (expected !== undefined) {
      const found = statements.get('SELECT json FROM document WHERE kind = ? AND key = ?', kind, key)?.['json'] ?? null;
      if (found !== expected) return `${kind}/${key}`;
    }
    if (json === undefined) statements.run('DELETE FROM document WHERE kind = ? AND key = ?', kind, key);
    else statements.run(PUT, kind, key, json);
  }
  return undefined;
}
