import type { Message, Segment } from '../hl7v2/message.ts';
import type { MessageKeys, MessageRow } from '../store/journal.ts';
import type { Channel } from './intake.ts';

/** Where the keys operators search by stand: segment, field, component. A merged patient's number (MRG-1) finds the merge. */
const PLACES: Readonly<Record<Exclude<keyof MessageKeys, 'name'>, readonly (readonly [string, number])[]>> = {
  mrn: [
    ['PID', 3],
    ['MRG', 1],
  ],
  visit: [
    ['PV1', 19],
    ['PID', 18],
    ['PV1', 50],
  ],
  order: [
    ['ORC', 2],
    ['ORC', 3],
    ['OBR', 2],
    ['OBR', 3],
  ],
};

/** No message is kept under more keys of a kind than this: a report of 10,000 orders is found by its first ones. */
const MOST_KEYS = 64;

/** The keys of a message; none for one that could not be parsed. */
export function journalKeysOf(message: Message | undefined): MessageKeys {
  const segments = Map.groupBy(message?.segments ?? [], (segment) => segment.name);
  const values = (places: readonly (readonly [string, number])[]) =>
    distinct(
      places.flatMap(([name, field]) =>
        (segments.get(name) ?? []).flatMap((segment) => segment.field(field).map((repetition) => repetition.component(1))),
      ),
    );
  return {
    mrn: values(PLACES.mrn),
    visit: values(PLACES.visit),
    order: values(PLACES.order),
    name: distinct((segments.get('PID') ?? []).flatMap(namesOf)),
  };
}

function namesOf(segment: Segment): string[] {
  return segment.field(5).flatMap((repetition) => [repetition.component(1), repetition.component(2)]);
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values.filter((value) => value !== '' && value.length <= 256))].slice(0, MOST_KEYS);
}

/** A channel as the journal keeps it: with the character set the transport declared, without which the bytes may not be read again. */
export function channelName(channel: Pick<Channel, 'name' | 'charset'>): string {
  return channel.charset === undefined ? channel.name : `${channel.name} charset=${channel.charset.slice(0, 64)}`;
}

/** The listener in a channel's name, and who came there. Shape: 'lab 10.1.2.3:53124' gives { listener: 'lab', peer: '10.1.2.3:53124' } */
export function doorOfChannel(name = ''): { readonly listener?: string; readonly peer: string } {
  const [listener = '', peer = ''] = name.split(' ');
  return { peer, ...(listener === '' ? {} : { listener }) };
}

/** Whose message it is, as a step in its life says it. */
export function senderOf({ sender, channel }: MessageRow): Pick<MessageRow, 'sender' | 'channel'> {
  return { sender, channel };
}

/** The character set in a channel's name. Shape: 'http 127.0.0.1 charset=iso-8859-1' gives { charset: 'iso-8859-1' } */
export function charsetOfChannel(name: string): Pick<Channel, 'charset'> {
  const charset = / charset=(.+)$/.exec(name)?.[1];
  return charset === undefined ? {} : { charset };
}
