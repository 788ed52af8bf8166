import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { readListeners } from '../../src/start/listener-settings.ts';
import { type Certificates, haveOpenssl, makeCertificates } from '../secure/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-listeners-'));
const path = join(folder, 'listeners.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string, settings: Record<string, string> = {}) {
  writeFileSync(path, text);
  const config = readConfig({ LISTENERS: path, ...settings });
  if (!config.ok) throw new IssueError(...config.issues);
  return readListeners(config.value);
}

/** What is told of a file that is wrong: line and reason. */
function faultsOf(text: string, settings: Record<string, string> = {}): string[] {
  try {
    read(text, settings);
    return [];
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    expect(error.issues.every(({ id, parameters }) => id === 'setting-invalid' && parameters['setting'] === 'LISTENERS')).toBe(true);
    return error.issues.map(({ parameters }) => String(parameters['reason']).replace(`${path}:`, ''));
  }
}

test('a listener says its own settings; what it does not say is as for the process', () => {
  const [mllp, lab, adt] = read(
    `# feeds
lab:
  HOST: 10.0.0.5
  MLLP_PORT: 2576
  MLLP_STRICT: yes
  ALLOWED_SENDERS:
    - LABSYS|GENHOSP
    - PACS|GENHOSP
  MAX_CONNECTIONS: 4
adt: { MLLP_PORT: 2577, ALLOWED_SENDERS: unset, MLLP_ALLOWED_PEERS: 10.2.0.0/16 }
off: { MLLP_PORT: off }
`,
    { ALLOWED_SENDERS: 'ADT1|GENHOSP', MLLP_ALLOWED_PEERS: '10.1.0.0/16', FRAME_SILENCE_MS: '5000' },
  );
  expect([mllp, lab, adt].map((one) => [one?.name, one?.host, one?.port, one?.strict])).toEqual([
    ['mllp', '127.0.0.1', 2575, false],
    ['lab', '10.0.0.5', 2576, true],
    ['adt', '127.0.0.1', 2577, false],
  ]);
  expect([mllp, lab].map((one) => [one?.limits.maxConnections, one?.limits.frameSilenceMs])).toEqual([
    [256, 5000],
    [4, 5000],
  ]);
  const takes = (sender: string) => [mllp, lab, adt].map((one) => one?.refuses?.(sender, []) === undefined);
  expect([takes('ADT1|GENHOSP'), takes('PACS|GENHOSP'), takes('X|Y')]).toEqual([
    [true, false, true],
    [false, true, true],
    [false, false, true],
  ]);
  expect([mllp, lab, adt].map((one) => ['10.1.0.1', '10.2.0.1'].map((address) => one?.mayConnect?.(address)))).toEqual([
    [true, false],
    [true, false],
    [false, true],
  ]);
});

test('with MLLP_PORT off those of the file listen', () => {
  expect(read('lab: { MLLP_PORT: 2576 }', { MLLP_PORT: 'off' }).map(({ name }) => name)).toEqual(['lab']);
});

describe('a file that is wrong is told with its line', () => {
  test('all that is wrong with it', () => {
    const text = `lab:
  MLLP_PORT: 70000
  MLLP_STRICT: maybe
adt:
  HOST: 127.0.0.1
mllp: { MLLP_PORT: 2580 }
pacs:
  MLLP_PORT: 2578
  ALLOWED_SENDERS: LABSYS
  MAX_CONNECTIONS:
    most: 4
rad:
  MLLP_PORT: 2579
  DATABASE_URL: sqlite:other.db
__proto__:
  MLLP_PORT: 2581
`;
    expect(faultsOf(text).map((fault) => fault.split(' ').slice(0, 5).join(' '))).toEqual([
      '2: MLLP_PORT: it must be',
      '3: MLLP_STRICT: it must be',
      '4: a listener has an',
      '6: a name is a',
      '10: MAX_CONNECTIONS: it must be',
      '14: DATABASE_URL is none of',
      '15: a name is a',
    ]);
  });

  test.each([
    ['lab: { MLLP_PORT: 2576, ALLOWED_SENDERS: LABSYS }', '1: ALLOWED_SENDERS:'],
    ['lab:\n  MLLP_PORT: 2576\n  MLLP_ALLOWED_PEERS: 10.0.0.0/99', '3: MLLP_ALLOWED_PEERS:'],
    ['lab:\n  MLLP_PORT: 2576\n  MLLP_TLS_KEY: /nowhere/key.pem', '1: MLLP_TLS_CERT:'],
    ['lab:\n  MLLP_PORT: 2576\n  MLLP_TLS_CERT: /nowhere/x\n  MLLP_TLS_KEY: /nowhere/key.pem', '4: MLLP_TLS_KEY:'],
    ['lab:\n  MLLP_PORT: 2576\nlab:\n  MLLP_PORT: 2577', '3: Map'],
    ['- MLLP_PORT: 2576', '1: it'],
    ['lab: 2576', '1: a'],
    ['lab:\n  MLLP_PORT: 2576\n  ALLOWED_SENDERS:\n  # - LABSYS|GENHOSP', '3: ALLOWED_SENDERS'],
    ['lab: { MLLP_PORT: 2576, MLLP_ALLOWED_PEERS: [] }', '1: MLLP_ALLOWED_PEERS'],
    ['lab: { MLLP_PORT: 2576, MLLP_TLS_CA: "" }', '1: MLLP_TLS_CA'],
    ['lab: [', '1: Flow'],
  ])('%j', (text, fault) => {
    const [first = ''] = faultsOf(text);
    expect(first.split(' ').slice(0, 2).join(' ')).toBe(fault);
  });

  test('or as one that cannot be read', () => {
    const config = readConfig({ LISTENERS: join(folder, 'none.yaml') });
    expect(() => config.ok && readListeners(config.value)).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ id: 'setting-invalid' })] }),
    );
  });
});

describe.skipIf(!haveOpenssl)('files of TLS that do not fit stop the start (needs openssl)', () => {
  let made: Certificates;
  beforeAll(() => {
    made = makeCertificates();
    for (const name of ['one', 'other']) made.authority(name);
  });
  afterAll(() => made.remove());

  test('the file of docs/operations.md is one', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
    const [, yaml = ''] = /```yaml\n(lab:[^]*?)```/.exec(page) ?? [];
    const text = yaml
      .replaceAll('/etc/chartbridge/senders.crl', made.file('senders.crl'))
      .replaceAll(/\/etc\/chartbridge\/\S+\.pem/g, (path) => made.file(path.includes('key') ? 'one-key.pem' : 'one.pem'));
    made.revoked('senders', 'one', []);
    const listeners = read(text, { MLLP_ALLOWED_PEERS: '10.1.2.0/24' });
    expect(listeners.map(({ name, mayConnect, tls }) => [name, mayConnect === undefined, tls?.ca === undefined])).toEqual([
      ['mllp', false, true],
      ['lab', true, false],
      ['monitors', true, true],
    ]);
  });

  test.each([
    ['a key of another certificate', 'other-key.pem', 'one.pem', 'one.pem', 'MLLP_TLS_CERT'],
    ['a certificate for a key', 'one.pem', 'one.pem', 'one.pem', 'MLLP_TLS_KEY'],
    ['a key for a certificate', 'one-key.pem', 'one-key.pem', 'one.pem', 'MLLP_TLS_CERT'],
    ['a key for those that sign', 'one-key.pem', 'one.pem', 'one-key.pem', 'MLLP_TLS_CA'],
  ])('%s', (_what, key, cert, ca, setting) => {
    const words = { MLLP_TLS_KEY: made.file(key), MLLP_TLS_CERT: made.file(cert), MLLP_TLS_CA: made.file(ca) };
    const text = Object.entries(words).map(([name, file]) => `  ${name}: ${file}\n`);
    expect(faultsOf(`lab:\n  MLLP_PORT: 2576\n${text.join('')}`)).toEqual([expect.stringMatching(new RegExp(`^[345]: ${setting}: `))]);
    expect(() => read('lab: { MLLP_PORT: 2576 }', words)).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ parameters: expect.objectContaining({ setting }) })] }),
    );
  });
});
