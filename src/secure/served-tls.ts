import { constants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';

/** What an end of TLS is made of. With `ca` the other side is asked for a certificate; with `crl` it must not be on one of these lists. */
export type TlsMaterial = Pick<TlsOptions, 'key' | 'cert' | 'ca'> & { readonly crl?: string[] };

/** Whether somebody may have come in that these lists keep out. */
export function hasOtherLists({ crl: now = [] }: TlsMaterial, { crl: before = [] }: TlsMaterial): boolean {
  return now.join('') !== before.join('');
}

/**
 * TLS as it is served: 1.2 or newer. A certificate that is asked for is shown anew with each connection, so that none outlives those who signed
 * it in a session that is resumed; and it is looked at after the handshake, when it is known who showed it: by `certificateFault`.
 */
export function servedTls(material: TlsMaterial): TlsOptions {
  const asks = material.ca !== undefined;
  return {
    ...material,
    minVersion: 'TLSv1.2',
    requestCert: asks,
    rejectUnauthorized: false,
    ...(asks ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
  };
}
