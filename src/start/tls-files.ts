import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Config } from '../config.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { revocationLists } from '../secure/revocation-list.ts';
import type { TlsMaterial } from '../secure/served-tls.ts';
import { readSettingFile } from './setting-file.ts';
import { watchFiles } from './watch-files.ts';

/** The files of one end of TLS, each with the setting that names it. */
export interface TlsFiles {
  readonly key: TlsFile;
  readonly cert: TlsFile;
  /** Those whose certificates are asked for; undefined: none are. */
  readonly ca?: TlsFile;
  /** Which of theirs are revoked. */
  readonly crl?: TlsFile;
  /** Of the key. */
  readonly passphrase?: TlsFile;
}

/** Shape: { setting: 'MLLP_TLS_KEY', path: '/etc/chartbridge/lab-key.pem' } */
export interface TlsFile {
  readonly setting: string;
  readonly path: string;
}

/** The files by their settings; undefined when there is no TLS. Fails: throws IssueError setting-invalid */
export function tlsFilesOf(config: Config, prefix: 'TLS' | 'MLLP_TLS'): TlsFiles | undefined {
  const file = (what: 'KEY' | 'CERT' | 'CA' | 'CRL' | 'PASSPHRASE_FILE'): TlsFile => {
    const setting = `${prefix}_${what}` as const;
    return { setting, path: config[setting] };
  };
  const [key, cert, ca, crl, passphrase] = [file('KEY'), file('CERT'), file('CA'), file('CRL'), file('PASSPHRASE_FILE')];
  if ([key, cert, ca, crl, passphrase].every(({ path }) => path === '')) return undefined;
  for (const one of [key, cert]) if (one.path === '') throw wrong(one, 'a key and a certificate belong together');
  if (crl.path !== '' && ca.path === '') throw wrong(crl, `nobody is asked for a certificate without ${ca.setting}`);
  return {
    key,
    cert,
    ...(ca.path === '' ? {} : { ca }),
    ...(crl.path === '' ? {} : { crl }),
    ...(passphrase.path === '' ? {} : { passphrase }),
  };
}

/** What is in the files, which fit each other. Fails: throws IssueError setting-invalid */
export function readTls({ key, cert, ca, crl, passphrase }: TlsFiles): TlsMaterial {
  const bytesOf = (file: TlsFile) => readSettingFile(file.setting, file.path);
  const locked = bytesOf(key);
  const material = { cert: bytesOf(cert), ...(ca === undefined ? {} : { ca: bytesOf(ca) }) };
  const opens = passphrase === undefined ? {} : { passphrase: bytesOf(passphrase).toString('utf8').split(/\r?\n/, 1)[0] };
  const what = `private key in PEM ${passphrase === undefined ? 'without a passphrase' : `that the passphrase of ${passphrase.setting} opens`}`;
  const secret = parsed(key, what, () => createPrivateKey({ key: locked, ...opens }));
  const shown = parsed(cert, 'certificate in PEM', () => new X509Certificate(material.cert));
  if (!shown.checkPrivateKey(secret)) throw wrong(cert, `it is not for the key of ${key.setting}`);
  if (ca !== undefined) parsed(ca, 'certificate in PEM', () => new X509Certificate(material.ca as Buffer));
  const opened = { ...material, key: secret.export({ type: 'pkcs8', format: 'pem' }) };
  return crl === undefined ? opened : { ...opened, crl: listsIn(crl, bytesOf(crl)) };
}

function listsIn(file: TlsFile, bytes: Buffer): string[] {
  const lists = parsed(file, 'list of revoked certificates in PEM', () => revocationLists(bytes.toString('latin1')));
  if (lists.length === 0) throw wrong(file, 'it holds no list of revoked certificates in PEM');
  return lists;
}

/** Tells when one of the files has changed; what it gives back ends that. */
export function watchTls(files: TlsFiles, changed: () => void): () => void {
  return watchFiles(
    Object.values(files).map(({ path }: TlsFile) => path),
    changed,
  );
}

function parsed<T>(file: TlsFile, what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw wrong(file, `it holds no ${what}`);
  }
}

function wrong({ setting }: TlsFile, reason: string): IssueError {
  return new IssueError(issue('setting-invalid', { setting, reason }));
}
