import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * The names in the certificate the other side showed: its common name, then the DNS names and URIs it is for as well. None where it showed
 * none, or not one that is signed as it must be.
 *
 * Shape: ['lab', 'lab.genhosp.example', 'urn:oid:2.16.840.1.113883.19.5']
 */
export function certificateNames(socket: Socket): readonly string[] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return [];
  const { subject, subjectaltname = '' } = socket.getPeerCertificate();
  return [...new Set([subject?.CN ?? [], ...alternativeNames(subjectaltname)].flat())];
}

/** Node writes a name that could be taken for several in quotes, as JSON does. Shape: DNS:lab.example, URI:"urn:a, DNS:b" */
function alternativeNames(text: string): string[] {
  return [...text.matchAll(/(?:^|, )(\w[^:]*):("(?:[^"\\]|\\.)*"|[^,]*)/g)].flatMap(([, kind, name = '']) => {
    if (kind !== 'DNS' && kind !== 'URI') return [];
    return name.startsWith('"') ? (JSON.parse(name) as string) : name;
  });
}
