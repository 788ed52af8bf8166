import { Ajv } from 'ajv';
import type { JSONWebKeySet } from 'jose';
import { issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { keysAddressFault } from './key-address.ts';
import { parseScope } from './scope.ts';

/** A system that may ask the token endpoint for a token. */
export interface Client {
  readonly client_id: string;
  /** Its public keys; or `jwks_uri`, where they are. */
  readonly jwks?: JSONWebKeySet;
  readonly jwks_uri?: string;
  /** All it may ask for, separated by blanks. */
  readonly scopes: string;
  /** The id of the patient its `patient/` scopes are about. */
  readonly patient?: string;
}

const SCHEMA = {
  type: 'array',
  items: {
    type: 'object',
    required: ['client_id', 'scopes'],
    additionalProperties: false,
    oneOf: [{ required: ['jwks'] }, { required: ['jwks_uri'] }],
    properties: {
      client_id: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
      jwks: {
        type: 'object',
        required: ['keys'],
        properties: {
          keys: {
            type: 'array',
            minItems: 1,
            items: { type: 'object', required: ['kty'], properties: { kty: { enum: ['RSA', 'EC'] }, d: false } },
          },
        },
      },
      jwks_uri: { type: 'string' },
      scopes: { type: 'string', minLength: 1 },
      patient: { type: 'string', pattern: '^[A-Za-z0-9.-]{1,64}$' },
    },
  },
} as const;

/**
 * The clients of a CLIENTS_FILE.
 *
 * Shape: [{ "client_id": "registrar", "jwks": { "keys": [...] }, "scopes": "system/*.rs" }]
 * Fails: setting-invalid
 */
export function parseClients(text: string): Result<ReadonlyMap<string, Client>> {
  const wrong = (reason: string) => failure(issue('setting-invalid', { setting: 'CLIENTS_FILE', reason }));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return wrong('it is no JSON');
  }
  // Compiled here and not beside the schema: it costs 40 ms, and most gateways have no such file.
  const isClients = new Ajv({ allErrors: true }).compile(SCHEMA);
  if (!isClients(value)) {
    const [first] = isClients.errors ?? [];
    return wrong(`${first?.instancePath ?? ''} ${first?.message ?? 'it is no list of clients'}`.trim());
  }
  const clients = new Map<string, Client>();
  for (const client of value as Client[]) {
    if (clients.has(client.client_id)) return wrong('a client_id stands there twice');
    const unread = client.scopes.split(' ').find((scope) => parseScope(scope) === undefined);
    if (unread !== undefined) return wrong(`${client.client_id}: a scope is no SMART scope about resources`);
    const fault = client.jwks_uri === undefined ? undefined : keysAddressFault(client.jwks_uri);
    if (fault !== undefined) return wrong(`${client.client_id}: ${fault}`);
    clients.set(client.client_id, client);
  }
  return success(clients);
}
