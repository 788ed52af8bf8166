import { type Config, readSetting } from '../config.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { Faults, isTreeMap, type Tree } from '../map/mapping-source.ts';
import { readYaml } from '../map/read-yaml.ts';
import { parsePeers } from '../secure/open-network.ts';
import type { SenderCheck } from '../secure/sender-list.ts';
import { readSenders } from './senders.ts';
import { readSettingFile } from './setting-file.ts';
import type { SettingName } from '../settings.ts';
import { readTls, type TlsFiles, tlsFilesOf } from './tls-files.ts';
import type { MllpLimits } from '../wire/mllp.ts';

/** An MLLP listener by its settings. */
export interface ListenerSettings {
  /** Shape: mllp for that of MLLP_PORT, lab for one of the file */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly limits: MllpLimits;
  readonly strict: boolean;
  readonly mayConnect?: (address: string) => boolean;
  readonly refuses?: SenderCheck;
  readonly tls?: TlsFiles;
  /** All that was said of it, to be compared. */
  readonly said: string;
}

/** What may be said of one listener; what it does not say is as for the process. */
const OF_A_LISTENER: readonly SettingName[] = [
  'HOST',
  'MLLP_PORT',
  'MLLP_STRICT',
  'MLLP_TLS_KEY',
  'MLLP_TLS_CERT',
  'MLLP_TLS_CA',
  'MLLP_TLS_CRL',
  'MLLP_TLS_PASSPHRASE_FILE',
  'MLLP_ALLOWED_PEERS',
  'ALLOWED_SENDERS',
  'MAX_CONNECTIONS',
  'MAX_CONNECTIONS_PER_PEER',
  'MAX_MESSAGE_BYTES',
  'FRAME_SILENCE_MS',
];

/** As if the process had no such setting: what is left empty by mistake must not let anybody in. */
const UNSET = 'unset';

/** The listener of MLLP_PORT, then those of the file of LISTENERS. Fails: throws IssueError setting-invalid, once for each fault of the file */
export function readListeners(config: Config): readonly ListenerSettings[] {
  return [listenerOf('mllp', config), ...(config.LISTENERS === '' ? [] : readListenersFile(config))].flatMap((one) => one ?? []);
}

function readListenersFile(config: Config): readonly (ListenerSettings | undefined)[] {
  const path = config.LISTENERS;
  const faults = new Faults();
  const file = readYaml(path, readSettingFile('LISTENERS', path).toString('utf8'), faults);
  const add = (reason: string, ...at: string[]) => faults.add({ path }, file?.lineAt(...at) ?? 1, reason);
  if (file !== undefined && !isTreeMap(file.data)) add('it must be the settings of each listener, by its name');
  const listeners = Object.entries(isTreeMap(file?.data) ? file.data : {}).map(([name, said]) => {
    const own: Record<string, string | number> = {};
    const before = faults.issues.length;
    if (!/^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(name) || name === 'mllp' || name === 'http')
      add('a name is a letter, then letters, digits and hyphens, 32 at most; mllp and http are taken', name);
    if (!isTreeMap(said) || said['MLLP_PORT'] === undefined) add('a listener has an MLLP_PORT', name);
    for (const [setting, value] of Object.entries(isTreeMap(said) ? said : {})) {
      const text = listed(value);
      if (!OF_A_LISTENER.includes(setting as SettingName)) add(`${setting} is none of ${OF_A_LISTENER.join(', ')}`, name, setting);
      else if (text === '') add(`${setting} is empty: leave it out, or write ${UNSET}`, name, setting);
      else {
        const read = readSetting(setting as SettingName, text === UNSET ? '' : text);
        if (read.ok) own[setting] = read.value;
        else for (const item of read.issues) add(`${setting}: ${item.parameters['reason']}`, name, setting);
      }
    }
    if (faults.issues.length > before) return undefined;
    try {
      return listenerOf(name, { ...config, ...own });
    } catch (error) {
      if (!(error instanceof IssueError)) throw error;
      for (const { parameters } of error.issues)
        add(`${parameters['setting']}: ${parameters['reason']}`, name, String(parameters['setting']));
      return undefined;
    }
  });
  if (faults.issues.length > 0)
    throw new IssueError(
      ...faults.issues.map(({ parameters: { file: at, reason } }) =>
        issue('setting-invalid', { setting: 'LISTENERS', reason: `${at}: ${reason}` }),
      ),
    );
  return listeners;
}

/** A list may be written as one; what is no text is no value of any setting. */
function listed(value: Tree): string {
  if (typeof value === 'string') return value;
  return isTreeMap(value) ? '{}' : value.map(listed).join(',');
}

/** Undefined when it is off. Fails: throws IssueError setting-invalid */
function listenerOf(name: string, config: Config): ListenerSettings | undefined {
  const peers = parsePeers('MLLP_ALLOWED_PEERS', config.MLLP_ALLOWED_PEERS);
  const senders = readSenders(config);
  if (!peers.ok || !senders.ok) throw new IssueError(...peers.issues, ...senders.issues);
  const tls = tlsFilesOf(config, 'MLLP_TLS');
  if (tls !== undefined) readTls(tls);
  if (config.MLLP_PORT === 'off') return undefined;
  return {
    name,
    host: config.HOST,
    port: config.MLLP_PORT,
    limits: {
      maxFrameBytes: config.MAX_MESSAGE_BYTES,
      maxConnections: config.MAX_CONNECTIONS,
      maxConnectionsPerPeer: config.MAX_CONNECTIONS_PER_PEER,
      frameSilenceMs: config.FRAME_SILENCE_MS,
      drainMs: config.SHUTDOWN_MS,
    },
    strict: config.MLLP_STRICT === 'yes',
    said: JSON.stringify(OF_A_LISTENER.map((setting) => config[setting])),
    ...(peers.value === undefined ? {} : { mayConnect: peers.value }),
    ...(senders.value === undefined ? {} : { refuses: senders.value }),
    ...(tls === undefined ? {} : { tls }),
  };
}
