import { issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import type { Issuer } from './bearer.ts';
import { keysAddressFault } from './key-address.ts';

/**
 * The issuers of a setting.
 *
 * Shape: parseIssuers('https://idp.example.org|https://idp.example.org/jwks.json')
 * Fails: setting-invalid
 */
export function parseIssuers(text: string): Result<readonly Issuer[]> {
  const issuers: Issuer[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [issuer = '', jwksUri = ''] = entry.split('|');
    const fault = keysAddressFault(jwksUri) ?? (URL.canParse(issuer) ? undefined : 'an issuer is no URL');
    if (fault !== undefined) return failure(issue('setting-invalid', { setting: 'ISSUERS', reason: fault }));
    issuers.push({ issuer, jwksUri });
  }
  return success(issuers);
}
