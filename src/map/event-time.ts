import type { Message } from '../hl7v2/message.ts';
import type { Mappings } from './compile-mappings.ts';
import { readTime } from './converters/times.ts';
import { senderOf, type TranslateOptions, zonesOf } from './message-sender.ts';
import { type ZoneRule, zoneRule } from './zone-rule.ts';

/**
 * When a message was told, and when its event happened. EVN-2, else MSH-7, tells which of two messages is the newer; the event itself
 * happened at EVN-6 where that is valued. Without a known zone there is no dateTime; among one sender's messages its clock still tells
 * which is the newer.
 *
 * Units: ms since 1970, of UTC or of the sender's own clock; 0 when the message tells no time
 */
export function eventTime(
  message: Message,
  mappings: Mappings,
  options: TranslateOptions = {},
): { readonly ms: number; readonly dateTime: string | undefined } {
  const { header } = message;
  const { settings } = senderOf(mappings, header.value(3), header.value(4));
  const zone = zoneRule(zonesOf(header, settings, options));
  const event = message.segments.find(({ name }) => name === 'EVN');
  const told = momentOf(event?.value(2) || header.value(7), zone);
  const happened = momentOf(event?.value(6) ?? '', zone) ?? told;
  return { ms: told?.ms ?? 0, dateTime: happened?.dateTime };
}

function momentOf(text: string, zone: ZoneRule): { readonly ms: number; readonly dateTime: string | undefined } | undefined {
  const time = readTime(text.trim());
  if (time === undefined) return undefined;
  const [year = 0, month = 1, day = 1] = time.date.split('-').map(Number);
  const clock = { year, month, day, hour: Number(time.hour ?? 0), minute: Number(time.minute ?? 0) };
  const offset = time.offset ?? zone(clock);
  const seconds = `${time.second ?? '00'}${time.fraction.slice(0, 4)}`;
  const wall = Date.parse(
    `${new Date(Date.UTC(year, month - 1, day, clock.hour, clock.minute)).toISOString().slice(0, 17)}${seconds}${offset ?? 'Z'}`,
  );
  const dateTime =
    time.hour === undefined
      ? time.date
      : time.minute === undefined || offset === undefined
        ? undefined
        : `${time.date}T${time.hour}:${time.minute}:${seconds}${offset}`;
  return { ms: wall, dateTime };
}
