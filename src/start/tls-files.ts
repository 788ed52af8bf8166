import { createPrivateKey, X509Certificate } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import type { Config } from '../config.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { TlsMaterial } from '../secure/served-tls.ts';
import { readSettingFile } from './setting-file.ts';

/** The files of one end of TLS, each with the setting that names it. */
export interface TlsFiles {
  readonly key: TlsFile;
  readonly cert: TlsFile;
  /** Those whose certificates are asked for; undefined: none are. */
  readonly ca?: TlsFile;
}

/** Shape: { setting: 'MLLP_TLS_KEY', path: '/etc/chartbridge/lab-key.pem' } */
export interface TlsFile {
  readonly setting: string;
  readonly path: string;
}

const LOOK_EVERY_MS = 1_000;

/** The files by three settings; undefined when there is no TLS. Fails: throws IssueError setting-invalid */
export function tlsFilesOf(config: Config, prefix: 'TLS' | 'MLLP_TLS'): TlsFiles | undefined {
  const file = (what: 'KEY' | 'CERT' | 'CA'): TlsFile => ({ setting: `${prefix}_${what}`, path: config[`${prefix}_${what}`] });
  const [key, cert, ca] = [file('KEY'), file('CERT'), file('CA')];
  if (key.path === '' && cert.path === '' && ca.path === '') return undefined;
  for (const one of [key, cert]) if (one.path === '') throw wrong(one, 'a key and a certificate belong together');
  return { key, cert, ...(ca.path === '' ? {} : { ca }) };
}

/** What is in the files, which fit each other. Fails: throws IssueError setting-invalid */
export function readTls({ key, cert, ca }: TlsFiles): TlsMaterial {
  const bytesOf = (file: TlsFile) => readSettingFile(file.setting, file.path);
  const bytes = { key: bytesOf(key), cert: bytesOf(cert), ...(ca === undefined ? {} : { ca: bytesOf(ca) }) };
  const secret = parsed(key, 'private key in PEM without a passphrase', () => createPrivateKey(bytes.key));
  const shown = parsed(cert, 'certificate in PEM', () => new X509Certificate(bytes.cert));
  if (!shown.checkPrivateKey(secret)) throw wrong(cert, `it is not for the key of ${key.setting}`);
  if (ca !== undefined) parsed(ca, 'certificate in PEM', () => new X509Certificate(bytes.ca as Buffer));
  return bytes;
}

/** Tells when one of the files has changed; what it gives back ends that. */
export function watchTls({ key, cert, ca }: TlsFiles, changed: () => void): () => void {
  const paths = [key, cert, ca].flatMap((file) => file?.path ?? []);
  // Each has a listener of its own: files may be shared, and are watched for as long as any is.
  const listener = () => changed();
  for (const path of paths) watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, listener);
  return () => {
    for (const path of paths) unwatchFile(path, listener);
  };
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
