import type { Socket } from 'node:net';
import { type PeerCertificate, TLSSocket } from 'node:tls';
import { KEY_NAME } from './api-keys.ts';

/**
 * The names in the certificate the other side showed: its common name, then the DNS names and URIs it is for as well. None where it showed
 * none, or not one that is signed as it must be, or is gone. One that looks like the name of a key is none.
 *
 * Shape: ['lab', 'lab.genhosp.example', 'urn:oid:2.16.840.1.113883.19.5']
 */
export function certificateNames(socket: Socket): readonly string[] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return [];
  const shown = certificateOf(socket);
  const names = [shown.subject?.CN ?? [], ...alternativeNames(shown.subjectaltname ?? '')].flat();
  return [...new Set(names)].filter((name) => !name.startsWith(KEY_NAME));
}

/** Shown none at all. */
export const NO_CERTIFICATE = 'NO_CERTIFICATE';

/**
 * Why the other side is not who a certificate says: OpenSSL's word for what is wrong with it, or that none was shown.
 *
 * Shape: CERT_HAS_EXPIRED; undefined where nothing is wrong
 */
export function certificateFault(socket: TLSSocket): string | undefined {
  if (Object.keys(certificateOf(socket)).length === 0) return NO_CERTIFICATE;
  return socket.authorized ? undefined : String(socket.authorizationError);
}

/** Node's types leave out that it is null once the socket is destroyed, and empty where none was shown. */
function certificateOf(socket: TLSSocket): Partial<PeerCertificate> {
  return socket.getPeerCertificate() ?? {};
}

/** Node writes a name that could be taken for several in quotes, as JSON does. Shape: DNS:lab.example, URI:"urn:a, DNS:b" */
function alternativeNames(text: string): string[] {
  return [...text.matchAll(/(?:^|, )(\w[^:]*):("(?:[^"\\]|\\.)*"|[^,]*)/g)].flatMap(([, kind, name = '']) => {
    if (kind !== 'DNS' && kind !== 'URI') return [];
    return name.startsWith('"') ? (JSON.parse(name) as string) : name;
  });
}
