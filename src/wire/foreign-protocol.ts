const TLS_HANDSHAKE = 0x16;
const VERSION_3 = 0x03;
/** Of a request line so much is looked at. Units: bytes */
const MOST = 8192;

/**
 * What a sender speaks that begins like this, where it is not MLLP but one of those that are likely to come to the wrong port.
 *
 * Source: RFC 8446, 5.1 (a record's type and version); RFC 9112, 3 (a request line)
 */
export function foreignProtocol(head: Buffer): 'TLS' | 'HTTP' | undefined {
  if (head[0] === TLS_HANDSHAKE && (head[1] ?? VERSION_3) === VERSION_3) return 'TLS';
  return /^[A-Z]+ [^\s]+ HTTP\/\d/.test(head.toString('latin1', 0, MOST)) ? 'HTTP' : undefined;
}
