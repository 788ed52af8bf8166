import type { Config } from '../config.ts';
import type { Definitions } from '../fhir/definitions.ts';
import type { Header } from '../hl7v2/header.ts';
import type { Translator } from '../intake/process.ts';
import { IssueError } from '../issue/issue-error.ts';
import { compileMappings, type Mappings } from '../map/compile-mappings.ts';
import { eventTime } from '../map/event-time.ts';
import { senderOf } from '../map/message-sender.ts';
import { translate } from '../map/translate.ts';
import type { Sender } from '../map/sender.ts';
import { readMappingFiles } from './mapping-files.ts';

/** The mapping files of the settings, read and compiled. Fails: throws IssueError mapping-faulty, once for each fault of each file */
export function readMappings(config: Config, definitions: Definitions): Mappings {
  const compiled = compileMappings(readMappingFiles(config.MAPPINGS), definitions);
  if (!compiled.ok) throw new IssueError(...compiled.issues);
  return compiled.value;
}

/** The mapping files of the settings as intake uses them. Fails: throws IssueError mapping-faulty */
export function readTranslator(config: Config, definitions: Definitions): Translator {
  return translatorOf(readMappings(config, definitions), config);
}

/** Compiled mappings as intake uses them. @internal */
export function translatorOf(mappings: Mappings, config: Pick<Config, 'DEFAULT_TIME_ZONE' | 'DEFAULT_CHARSET'>): Translator {
  const options = config.DEFAULT_TIME_ZONE === '' ? {} : { defaultTimeZone: config.DEFAULT_TIME_ZONE };
  const settingsOf = ({ sendingApplication, sendingFacility }: Header) => senderOf(mappings, sendingApplication, sendingFacility).settings;
  return {
    version: mappings.version,
    leavesOut: (header) => leftOutBy(header, settingsOf(header)),
    alwaysAnswers: (header) => settingsOf(header).alwaysAnswers,
    supported: supportedBy(mappings),
    defaultCharset: (header) => settingsOf(header).charset ?? (config.DEFAULT_CHARSET === '' ? undefined : config.DEFAULT_CHARSET),
    validationOf: (header) => settingsOf(header).validation,
    eventTime: (message) => eventTime(message, mappings, options),
    translate: (message) => translate(message, mappings, options),
  };
}

/** The field of MSH whose first component a sender's file does not list; undefined when all are listed. */
function leftOutBy({ segment }: Header, { accept }: Sender): number | undefined {
  for (const [place, taken] of accept) {
    const field = Number(place.slice('MSH-'.length));
    if (!taken.has(segment.value(field))) return field;
  }
  return undefined;
}

/** Message codes and their trigger events. Shape: 'ADT^A01' becomes ADT with A01 */
function supportedBy(mappings: Mappings): Map<string, string[]> {
  const supported = new Map<string, string[]>();
  for (const name of [...mappings.base.messages.keys()].sort()) {
    const [code = '', event = ''] = name.split('^');
    supported.set(code, [...(supported.get(code) ?? []), event]);
  }
  return supported;
}
