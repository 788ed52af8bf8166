import { acknowledgmentCodeOf } from '../issue/error-segment.ts';
import { hasError, type Issue } from '../issue/issue.ts';
import type { Translation } from '../map/translation.ts';
import type { Validator } from '../validate/validator.ts';
import { acceptanceIssues } from './acceptance.ts';
import type { Translator } from './process.ts';
import { type Reading, readMessage } from './read.ts';
import { resourceIssues } from './validation-issues.ts';

/** What a message would become, as far as that can be told without a store. */
export interface OfflineTranslation {
  readonly reading: Reading;
  /** As far as it got; undefined when the message could not be read or is not one the gateway takes. */
  readonly translation: Translation | undefined;
  readonly issues: readonly Issue[];
  readonly code: 'AA' | 'AE' | 'AR';
}

/** Reads, checks, translates and validates one message; nothing is stored and nothing stored is looked at. */
export function translateOffline(raw: Uint8Array, translator: Translator, validator: Validator): OfflineTranslation {
  const reading = readMessage(raw, {}, (header) => translator.defaultCharset(header));
  const issues = [...reading.issues, ...acceptanceIssues(reading.header, translator.supported)];
  // A line that is no segment does not hide what the others would become.
  const stops = issues.some((item) => item.severity === 'error' && item.id !== 'segment-unreadable');
  const translation = reading.message === undefined || stops ? undefined : translator.translate(reading.message);
  const valid =
    translation === undefined || hasError(translation.issues)
      ? []
      : translation.made.flatMap((made) => resourceIssues(made.resource, made, validator));
  const all = [...issues, ...(translation?.issues ?? []), ...valid];
  return { reading, translation, issues: all, code: acknowledgmentCodeOf(all) };
}
