import { BlockList, isIP } from 'node:net';
import { issue, type Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';

/** Where somebody may come in. */
export interface Door {
  /** Shape: HTTP, MLLP, the listener lab */
  readonly name: string;
  readonly host: string;
  /** Whether it asks who comes: for a login, for a certificate, or for an address that is listed. */
  readonly isGuarded: boolean;
  readonly hasTls: boolean;
}

/** Whether only this machine can reach an address. A name other than localhost may resolve to anything. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/**
 * Why the gateway must not start, or what it must say every minute: health data on an open network without a login.
 *
 * Fails: setting-invalid (HOST is not loopback, nothing authenticates, and nobody allowed it)
 */
export function networkIssue(doors: readonly Door[], allowOpen: boolean): Issue | undefined {
  const open = doors.filter(({ host, isGuarded }) => !isGuarded && !isLoopback(host)).map(({ name }) => name);
  if (open.length === 0) return undefined;
  return issue('setting-invalid', {
    setting: 'HOST',
    reason:
      `it is not loopback and no authentication is configured for ${open.join(' and ')}; everybody who reaches it could ${open.includes('HTTP') ? 'read every record' : 'send messages'}. ` +
      'CLIENTS_FILE or ISSUERS makes HTTP ask for a login, MLLP_TLS_CA or MLLP_ALLOWED_PEERS restricts MLLP; ALLOW_OPEN_NETWORK=yes serves it all the same',
    severity: allowOpen ? 'warning' : 'error',
  });
}

/** Said once at the start, where there is such a door: TLS may be done in front of the gateway, which it cannot know. */
export function readableOnTheWay(doors: readonly Door[]): readonly string[] {
  const plain = doors.filter(({ host, hasTls }) => !hasTls && !isLoopback(host)).map(({ name }) => name);
  if (plain.length === 0) return [];
  return [`no TLS on ${plain.join(' and ')}: what is sent there can be read on the way, unless something in front does TLS`];
}

/**
 * Whether a list of addresses and CIDR ranges lets an address in; undefined when the list is empty, and all are let in.
 *
 * Shape: parsePeers('MLLP_ALLOWED_PEERS', '10.1.0.0/16, 192.0.2.7')
 * Fails: setting-invalid
 */
export function parsePeers(setting: string, text: string): Result<((address: string) => boolean) | undefined> {
  if (text.trim() === '') return success(undefined);
  const wrong = failure(issue('setting-invalid', { setting, reason: 'it must be addresses or CIDR ranges, separated by commas' }));
  const entries = text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  if (entries.length === 0) return wrong;
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    if (family === 0 || (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most))) return wrong;
    list.addSubnet(address, bits === undefined ? most : Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  }
  return success((address) => {
    const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
    return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  });
}
