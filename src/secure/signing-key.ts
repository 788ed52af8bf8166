import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { Bug } from '../issue/issue-error.ts';
import type { Kept } from './kept.ts';

/** The key that signs our own tokens. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** How our own tokens are signed. */
export const SIGNED_BY = 'ES256';

/** The signing key: made by whichever process starts first on a database, the same for all others and after every restart. */
export async function signingKey(kept: Kept): Promise<SigningKey> {
  let text = await kept.get('signing-key');
  if (text === undefined) {
    const pair = await generateKeyPair(SIGNED_BY, { extractable: true });
    await kept.add('signing-key', JSON.stringify(await exportJWK(pair.privateKey)));
    text = await kept.get('signing-key');
  }
  if (text === undefined) throw new Bug('a signing key that was kept is gone');
  const { d, ...open } = JSON.parse(text) as JWK;
  const [privateKey, publicKey] = await Promise.all([importJWK({ ...open, d } as JWK, SIGNED_BY), importJWK(open, SIGNED_BY)]);
  return { id: await calculateJwkThumbprint(open), privateKey: privateKey as CryptoKey, publicKey: publicKey as CryptoKey };
}
