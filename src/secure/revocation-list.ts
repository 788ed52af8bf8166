import { createSecureContext } from 'node:tls';

const SEQUENCE = 0x30;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** The lists of revoked certificates in a file, each as TLS takes it: Node reads the first of a text alone. Fails: throws when one is none */
export function revocationLists(pem: string): string[] {
  const lists = pem.match(/-----BEGIN X509 CRL-----[\s\S]*?-----END X509 CRL-----/g) ?? [];
  createSecureContext({ crl: lists });
  return lists;
}

/**
 * Until when a list holds: after that nobody is believed by it. UTC ms; undefined where it says no end, or is none.
 *
 * Source: RFC 5280, 5.1 (CertificateList: thisUpdate, then nextUpdate where there is one)
 */
export function holdsUntil(list: string): number | undefined {
  const der = Buffer.from(list.replace(/-----[^-]*-----/g, ''), 'base64');
  const [whole] = elementsOf(der);
  const [signed] = elementsOf(whole?.tag === SEQUENCE ? whole.content : Buffer.alloc(0));
  const times = elementsOf(signed?.content ?? Buffer.alloc(0)).filter(({ tag }) => tag === UTC_TIME || tag === GENERALIZED_TIME);
  return times[1] === undefined ? undefined : timeOf(times[1]);
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** What stands side by side in DER. */
function elementsOf(der: Buffer): Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (at + 2 <= der.length) {
    const [tag = 0, short = 0] = der.subarray(at, at + 2);
    // the long form: so many bytes hold the length
    const bytes = short < 0x80 ? 0 : short & 0x7f;
    if (bytes > 4 || at + 2 + bytes > der.length) break;
    const length = bytes === 0 ? short : der.readUIntBE(at + 2, bytes);
    const start = at + 2 + bytes;
    elements.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

/** Shape: 260302091500Z or 20260302091500Z; two digits of a year are 1950 to 2049 */
function timeOf({ tag, content }: Element): number | undefined {
  const text = content.toString('latin1');
  const full = tag === GENERALIZED_TIME ? text : `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`;
  const ms = Date.parse(full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(ms) ? undefined : ms;
}
