import type { Conversion } from '../run.ts';
import { attachmentConversions } from './attachments.ts';
import { locationConversions } from './locations.ts';
import { numberConversions } from './numbers.ts';
import { periodConversions } from './periods.ts';
import { phoneConversions } from './phones.ts';
import { rangeConversions } from './reference-ranges.ts';
import { sampledDataConversions } from './sampled-data.ts';
import { systemConversions } from './systems.ts';
import { textConversions } from './texts.ts';
import { timeConversions } from './times.ts';
import { unitConversions } from './units.ts';

/** What rows cannot say: the converters, by name. */
export const nativeConversions: ReadonlyMap<string, Conversion> = new Map(
  [
    ...attachmentConversions,
    ...locationConversions,
    ...numberConversions,
    ...periodConversions,
    ...phoneConversions,
    ...rangeConversions,
    ...sampledDataConversions,
    ...systemConversions,
    ...textConversions,
    ...timeConversions,
    ...unitConversions,
  ].map((conversion) => [conversion.name, conversion]),
);
