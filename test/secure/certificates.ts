import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const haveOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Certificates of a folder that is gone after the tests: NAME.pem and NAME-key.pem. */
export interface Certificates {
  file(name: string): string;
  /** As TLS wants them. */
  pem(name: string): { key: Buffer; cert: Buffer };
  /** One that signs others. */
  authority(name: string): void;
  /** One that an authority signed, for a common name and alternative names. `days`: below zero it has expired. */
  signed(name: string, by: string, subject: { cn?: string; alternative?: string; days?: number }): void;
  /** NAME-key.pem, in words that only this passphrase opens. */
  lock(name: string, passphrase: string): void;
  /** NAME.crl: those an authority revokes. `days` as above. */
  revoked(name: string, by: string, names: readonly string[], days?: number): void;
  remove(): void;
}

const DAY_MS = 86_400_000;
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'chartbridge-certificates-'));
  const file = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' });
  return {
    file,
    pem: (name) => ({ key: readFileSync(file(`${name}-key.pem`)), cert: readFileSync(file(`${name}.pem`)) }),
    authority(name) {
      openssl(
        'req',
        '-x509',
        ...KEY,
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        file(`${name}-key.pem`),
        '-out',
        file(`${name}.pem`),
      );
    },
    signed(name, by, { cn = '', alternative, days = 2 }) {
      const request = file('request.csr');
      openssl('req', ...KEY, '-subj', cn === '' ? '/' : `/CN=${cn}`, '-keyout', file(`${name}-key.pem`), '-out', request);
      writeFileSync(file('extensions'), alternative === undefined ? '' : `subjectAltName=${alternative}\n`);
      const signing = ['-CA', file(`${by}.pem`), '-CAkey', file(`${by}-key.pem`), '-CAcreateserial'];
      openssl(
        'x509',
        '-req',
        '-in',
        request,
        ...signing,
        '-days',
        String(days),
        '-extfile',
        file('extensions'),
        '-out',
        file(`${name}.pem`),
      );
    },
    lock(name, passphrase) {
      const key = file(`${name}-key.pem`);
      openssl('pkcs8', '-topk8', '-in', key, '-passout', `pass:${passphrase}`, '-out', `${key}.locked`);
      renameSync(`${key}.locked`, key);
    },
    revoked(name, by, names, days = 2) {
      writeFileSync(file('index.txt'), '');
      writeFileSync(file('ca.cnf'), `[ca]\ndefault_ca=ca_it\n[ca_it]\ndatabase=${file('index.txt')}\ndefault_md=sha256\n`);
      const ca = ['ca', '-config', file('ca.cnf'), '-cert', file(`${by}.pem`), '-keyfile', file(`${by}-key.pem`)];
      for (const one of names) openssl(...ca, '-revoke', file(`${one}.pem`));
      const at = (ms: number) => new Date(Date.now() + ms).toISOString().replace(/[-:T]|\.\d+/g, '');
      const from = days < 0 ? 2 * days * DAY_MS : -DAY_MS;
      openssl(...ca, '-gencrl', '-crl_lastupdate', at(from), '-crl_nextupdate', at(days * DAY_MS), '-out', file(`${name}.crl`));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
