import type { Config } from '../config.ts';
import type { Result } from '../issue/result.ts';
import { parseApiKeys } from '../secure/api-keys.ts';
import { parseSenders, type SenderCheck } from '../secure/sender-list.ts';

/** Who may send, by ALLOWED_SENDERS and the keys it names; undefined: everybody. Fails: setting-invalid */
export function readSenders({ ALLOWED_SENDERS, HL7_API_KEYS }: Config): Result<SenderCheck | undefined> {
  const keys = parseApiKeys('HL7_API_KEYS', HL7_API_KEYS);
  return keys.ok ? parseSenders('ALLOWED_SENDERS', ALLOWED_SENDERS, keys.value) : keys;
}
