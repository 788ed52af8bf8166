import { issue } from '../../issue/issue.ts';
import { failure, type Result, success } from '../../issue/result.ts';
import type { Context } from '../context.ts';

/** What becomes of a write that misses a profile it claims: it is not held against profiles, taken with a warning, or refused. */
export type ValidationMode = 'off' | 'warn' | 'reject';

const PAIR = /^(\S+)=(off|warn|reject)$/;

/**
 * The modes of single clients.
 *
 * Shape: "loader=off, portal=warn" gives loader off and portal warn
 * Fails: setting-invalid
 */
export function parseValidationModes(text: string): Result<ReadonlyMap<string, ValidationMode>> {
  const modes = new Map<string, ValidationMode>();
  for (const pair of text.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]))) {
    const [, client, mode] = PAIR.exec(pair) ?? [];
    if (client === undefined)
      return failure(
        issue('setting-invalid', { setting: 'VALIDATION_BY_CLIENT', reason: 'each is CLIENT=off, CLIENT=warn or CLIENT=reject' }),
      );
    modes.set(client, mode as ValidationMode);
  }
  return success(modes);
}

/** The mode of whoever asks. */
export function validationModeOf({ settings, visit }: Pick<Context, 'settings' | 'visit'>): ValidationMode {
  const client = visit?.access.client;
  return (client === undefined ? undefined : settings.validationByClient?.get(client)) ?? settings.validation;
}
