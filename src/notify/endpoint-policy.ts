import { isIP } from 'node:net';
import { isInside } from '../secure/own-network.ts';

/** Where notifications may go. */
export interface EndpointPolicy {
  /** Why an address is refused; undefined when it is allowed. */
  refuses(endpoint: string): string | undefined;
  /** Whether an allowed host may be reached at the IP address its name gave: a name must not lead into the machine's own network. */
  mayReach(host: string, address: string): boolean;
}

/**
 * The policy of a list of hosts, separated by commas; none is allowed when it is empty.
 *
 * Shape: 'hooks.example.org, *.clinic.example, 127.0.0.1:9000'; an IP address, with or without a port, is reached where it stands
 */
export function endpointPolicy(list: string): EndpointPolicy {
  const allowed = list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');
  const names = (host: string) =>
    allowed.some((entry) => entry === host || (entry.startsWith('*.') && host.endsWith(entry.slice(1)) && isIP(host) === 0));
  return {
    refuses(endpoint) {
      if (!URL.canParse(endpoint)) return 'it is no URL';
      const url = new URL(endpoint);
      if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it must begin with https:// or http://';
      if (url.username !== '' || url.password !== '') return 'it must not hold a password';
      return names(url.host) || names(url.hostname) ? undefined : 'its host is not in NOTIFY_ALLOWED_HOSTS';
    },
    mayReach(host, address) {
      return isIP(host.replace(/^\[|\]$/g, '')) !== 0 || !isInside(address);
    },
  };
}
