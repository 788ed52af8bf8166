import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import type { TranslateOptions } from '../../src/map/message-sender.ts';
import { translate } from '../../src/map/translate.ts';
import type { Translation } from '../../src/map/translation.ts';
import { mappings } from './mappings.ts';

/** The header of a test message. Shape: msh('ORU^R01^ORU_R01') */
export const msh = (type: string, sentAt = '20260102120000-0500') => String.raw`MSH|^~\&|LABSYS|EASTLAB|||${sentAt}||${type}|M1|P|2.5.1`;

/** What lines of segments become. */
export function translated(lines: readonly string[], options?: TranslateOptions): Translation {
  const parsed = parseMessage(lines.join('\r'));
  if (!parsed.ok) throw new Error('the test message cannot be parsed');
  return translate(parsed.value, mappings(), options);
}

/** The resources of a type. */
export function all(translation: Translation, type: string): readonly Resource[] {
  return translation.made.filter((made) => made.resource.resourceType === type).map((made) => made.resource);
}
