import { createHash, timingSafeEqual } from 'node:crypto';
import { issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';

/** Keys that senders show. */
export interface ApiKeys {
  /** Whose key it is, as ALLOWED_SENDERS writes it. Shape: key:lab */
  nameOf(key: string | undefined): string | undefined;
  /** Whether there is a key of that name. */
  has(name: string): boolean;
}

/** What the name of a key begins with where senders are bound to names, so that no certificate can bear it. */
export const KEY_NAME = 'key:';

const SHORTEST = 20;

/**
 * The keys of a setting; undefined when there are none.
 *
 * Shape: parseApiKeys('lab=0f3c...,adt=77aa...')
 * Fails: setting-invalid
 */
export function parseApiKeys(setting: string, text: string): Result<ApiKeys | undefined> {
  const entries = text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  if (entries.length === 0) return success(undefined);
  const keys: { name: string; digest: Buffer }[] = [];
  for (const entry of entries) {
    const [, name, key = ''] = /^([\w.-]{1,64})=([\x21-\x7e]+)$/.exec(entry) ?? [];
    if (name === undefined || key.length < SHORTEST) {
      const reason = `it must be name=key, separated by commas, each key of ${SHORTEST} characters or more`;
      return failure(issue('setting-invalid', { setting, reason }));
    }
    keys.push({ name: `${KEY_NAME}${name}`, digest: digestOf(key) });
  }
  return success({
    nameOf(key) {
      if (key === undefined) return undefined;
      const shown = digestOf(key);
      // every key is compared, so that time tells nothing
      const matching = keys.filter(({ digest }) => timingSafeEqual(digest, shown));
      return matching[0]?.name;
    },
    has: (name) => keys.some((key) => key.name === name),
  });
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
