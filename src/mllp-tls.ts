import { readFileSync, watchFile, unwatchFile } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import type { Config } from './config.ts';
import { issue } from './issue/issue.ts';
import { IssueError } from './issue/issue-error.ts';

const LOOK_EVERY_MS = 5_000;

/** The TLS of the MLLP listener by its settings; undefined when it has none. Fails: throws IssueError setting-invalid */
export function readMllpTls(config: Config): TlsOptions | undefined {
  const { MLLP_TLS_KEY: key, MLLP_TLS_CERT: cert, MLLP_TLS_CA: ca } = config;
  if (key === '' && cert === '' && ca === '') return undefined;
  if (key === '' || cert === '') {
    const [setting, reason] = [key === '' ? 'MLLP_TLS_KEY' : 'MLLP_TLS_CERT', 'a key and a certificate belong together'];
    throw new IssueError(issue('setting-invalid', { setting, reason }));
  }
  return {
    key: bytesOf('MLLP_TLS_KEY', key),
    cert: bytesOf('MLLP_TLS_CERT', cert),
    ...(ca === '' ? {} : { ca: bytesOf('MLLP_TLS_CA', ca), requestCert: true, rejectUnauthorized: true }),
  };
}

/** Tells when one of the files has changed; what it gives back ends that. */
export function watchMllpTls(config: Config, changed: () => void): () => void {
  const files = [config.MLLP_TLS_KEY, config.MLLP_TLS_CERT, config.MLLP_TLS_CA].filter((file) => file !== '');
  for (const file of files) watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, changed);
  return () => {
    for (const file of files) unwatchFile(file, changed);
  };
}

function bytesOf(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    throw new IssueError(issue('setting-invalid', { setting, reason }));
  }
}
