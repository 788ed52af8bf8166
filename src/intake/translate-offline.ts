import { acknowledgmentCodeOf } from '../issue/error-segment.ts';
import { hasError, type Issue } from '../issue/issue.ts';
import type { Translation } from '../map/translation.ts';
import { acceptanceIssues } from './acceptance.ts';
import { emptyMergeIssues } from './empty-merge.ts';
import type { Translator } from './process.ts';
import { type Reading, readMessage } from './read.ts';
import { type FeedValidation, validateMade } from './validation-issues.ts';

/** What a message would become, as far as that can be told without a store. */
export interface OfflineTranslation {
  readonly reading: Reading;
  /** As far as it got; undefined when the message could not be read or is not one the gateway takes. */
  readonly translation: Translation | undefined;
  readonly issues: readonly Issue[];
  readonly code: 'AA' | 'AE' | 'AR';
}

/** Reads, checks, translates and validates one message; nothing is stored and nothing stored is looked at. */
export function translateOffline(raw: Uint8Array, translator: Translator, validation: Omit<FeedValidation, 'mode'>): OfflineTranslation {
  const reading = readMessage(raw, {}, (header) => translator.defaultCharset(header));
  const issues = [...reading.issues, ...acceptanceIssues(reading.header, translator)];
  // A line that is no segment does not hide what the others would become.
  const stops = issues.some((item) => item.severity === 'error' && item.id !== 'segment-unreadable');
  const translation = reading.message === undefined || stops ? undefined : translator.translate(reading.message);
  if (reading.message !== undefined && translation !== undefined) issues.push(...emptyMergeIssues(reading.message, reading.header.event));
  if (translation === undefined || hasError(translation.issues))
    return ended(reading, translation, [...issues, ...(translation?.issues ?? [])]);
  const feed = { ...validation, mode: translator.validationOf(reading.header) };
  const validated = translation.made.map((made) => ({ made, ...validateMade(made.resource, made, feed) }));
  const made = validated.map((one) => ({ ...one.made, resource: one.resource }));
  return ended(reading, { ...translation, made }, [...issues, ...translation.issues, ...validated.flatMap((one) => one.issues)]);
}

function ended(reading: Reading, translation: Translation | undefined, issues: readonly Issue[]): OfflineTranslation {
  return { reading, translation, issues, code: acknowledgmentCodeOf(issues) };
}
