import type { ChangedRow } from './compile-map.ts';
import { writtenRows } from './compile-row.ts';
import { barred, type Faults, isTreeMap, type MappingSource, textOfTree } from './mapping-source.ts';
import type { Sender, ValidationMode } from './sender.ts';
import { isTimeZone } from './zone-rule.ts';

/** A sender file: whom it is for, and what is different. */
export interface SenderFile {
  readonly source: MappingSource;
  /** MSH-3.1; undefined: any. */
  readonly application: string | undefined;
  /** MSH-4.1; undefined: any. */
  readonly facility: string | undefined;
  readonly settings: Sender;
  /** Rows by the map they change. */
  readonly changes: ReadonlyMap<string, readonly ChangedRow[]>;
  /** Whether it needs maps of its own. */
  readonly hasOwnMaps: boolean;
}

/** Compiles a sender file. Fails: mapping-faulty, added to `faults` */
export function compileSender(source: MappingSource, faults: Faults): SenderFile {
  const data = isTreeMap(source.data) ? source.data : {};
  const word = (name: string) => textOfTree(data[name]);
  const who = isTreeMap(data['sender']) ? data['sender'] : {};
  const zone = word('timezone');
  if (zone !== undefined && !isTimeZone(zone)) faults.add(source, source.lineAt('timezone'), `${zone} is no time zone`);
  const namespace = word('namespace');
  const charset = word('charset');
  const systems = isTreeMap(data['systems']) ? Object.entries(data['systems']) : [];
  const changes = new Map<string, ChangedRow[]>();
  const changed = isTreeMap(data['changes']) ? Object.keys(data['changes']) : [];
  for (const name of changed)
    changes.set(
      name,
      writtenRows(source, 'changes', name).map((row) => ({ source, row })),
    );
  const accept = isTreeMap(data['accept']) ? Object.entries(data['accept']) : [];
  return {
    source,
    application: textOfTree(who['MSH-3']),
    facility: textOfTree(who['MSH-4']),
    settings: {
      ...(namespace === undefined ? {} : { namespace }),
      ...(zone === undefined ? {} : { timeZone: zone }),
      ...(charset === undefined ? {} : { charset }),
      takesMessageOffset: word('message-offset') !== 'ignore',
      strict: word('strict') === 'true',
      systems: new Map(systems.map(([name, uri]) => [name, textOfTree(uri) ?? ''])),
      accept: new Map(accept.map(([field, values]) => [field, new Set(barred(textOfTree(values) ?? ''))])),
      alwaysAnswers: isTreeMap(data['acks']) && data['acks']['never'] === 'answer',
      validation: modeOf(word('validation')),
      file: source.path,
    },
    changes,
    hasOwnMaps: changes.size > 0 || data['tables'] !== undefined || data['segments'] !== undefined,
  };
}

/** The schema of mapping files lets no other word pass. */
function modeOf(word: string | undefined): ValidationMode {
  return word === 'off' || word === 'reject' ? word : 'warn';
}

/** The file of a sender: one that names both goes before one that names MSH-3, and that before one that names MSH-4. */
export function chooseSender<T extends Pick<SenderFile, 'application' | 'facility'>>(
  files: readonly T[],
  application: string,
  facility: string,
): T | undefined {
  const fitting = files.filter((file) => (file.application ?? application) === application && (file.facility ?? facility) === facility);
  const rank = (file: T) => (file.application === undefined ? 0 : 2) + (file.facility === undefined ? 0 : 1);
  return fitting.sort((a, b) => rank(b) - rank(a))[0];
}
