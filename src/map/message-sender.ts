import type { Segment } from '../hl7v2/message.ts';
import type { CompiledSender, Mappings } from './compile-mappings.ts';
import { chooseSender } from './compile-sender.ts';
import { type Sender, UNKNOWN_SENDER } from './sender.ts';
import type { ZoneSources } from './zone-rule.ts';

/** What a translation depends on beside the message and the mappings. */
export interface TranslateOptions {
  /** The IANA zone of times without an offset, where neither the sender's file nor MSH-7 tells one. */
  readonly defaultTimeZone?: string | undefined;
}

/** The sender of a message as its file says; the settings for everybody where it has none. */
export function senderOf(mappings: Mappings, application: string, facility: string): CompiledSender {
  return (
    chooseSender(mappings.senders, application, facility) ?? {
      application: undefined,
      facility: undefined,
      settings: UNKNOWN_SENDER,
      maps: mappings.base,
    }
  );
}

/** The owner of a sender's local codes and identifiers: what its file says, else MSH-4, else MSH-3. */
export function namespaceOf(sender: Sender, application: string, facility: string): string {
  return sender.namespace ?? (facility || application);
}

/** What a message's times without an offset mean. */
export function zonesOf(header: Segment, settings: Sender, options: TranslateOptions): ZoneSources {
  return {
    senderZone: settings.timeZone,
    messageOffset: settings.takesMessageOffset ? /[+-]\d{4}$/.exec(header.value(7))?.[0] : undefined,
    defaultZone: options.defaultTimeZone,
  };
}
