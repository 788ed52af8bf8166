import { expect, test } from 'vitest';
import { isLoopback, networkIssue, parsePeers, readableOnTheWay } from '../../src/secure/open-network.ts';

test('loopback is served without a login', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', 'localhost', '::1'])
    expect([isLoopback(host), networkIssue([{ name: 'HTTP', host, isGuarded: false, hasTls: false }], false)]).toEqual([true, undefined]);
});

test('any other address without a login refuses to start', () => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.example.org', '1270.0.0.1'])
    expect(networkIssue([{ name: 'HTTP', host, isGuarded: false, hasTls: false }], false)).toMatchObject({
      id: 'setting-invalid',
      severity: 'error',
    });
});

test('an open network that somebody allowed is a warning', () => {
  expect(networkIssue([{ name: 'HTTP', host: '0.0.0.0', isGuarded: false, hasTls: false }], true)).toMatchObject({
    id: 'setting-invalid',
    severity: 'warning',
  });
});

test('peers are let in by address and by range, IPv4 in IPv6 clothes too', () => {
  const peers = parsePeers('MLLP_ALLOWED_PEERS', '10.1.0.0/16, 192.0.2.7, 2001:db8::/32');
  const allows = (address: string) => peers.ok && peers.value?.(address);
  expect(['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8::1', '10.2.0.1', '192.0.2.8', '2001:db9::1'].map(allows)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('no list lets everybody in, a wrong one is refused', () => {
  expect(parsePeers('MLLP_ALLOWED_PEERS', ' ')).toMatchObject({ ok: true, value: undefined });
  for (const text of ['10.0.0.0/33', 'example.org', '10.0.0.0/x', ','])
    expect(parsePeers('MLLP_ALLOWED_PEERS', text)).toMatchObject({ ok: false, issues: [{ id: 'setting-invalid' }] });
});

test('what can be read on the way is said of each door that others reach without TLS', () => {
  const door = (name: string, host: string, hasTls: boolean) => ({ name, host, isGuarded: true, hasTls });
  expect(readableOnTheWay([door('HTTP', '10.0.0.1', true), door('MLLP', '127.0.0.1', false)])).toEqual([]);
  const [said = ''] = readableOnTheWay([door('HTTP', '0.0.0.0', false), door('MLLP', '::', false), door('the listener lab', '::', true)]);
  expect(said.split(':')[0]).toBe('no TLS on HTTP and MLLP');
});
