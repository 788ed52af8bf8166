import { writeAcknowledgment } from '../../src/hl7v2/acknowledgment.ts';
import { headerOfBytes } from '../../src/hl7v2/decode-message.ts';
import type { Answer, Channel, Intake, Reception } from '../../src/intake/intake.ts';

/** The other side of the interface: journals in memory and answers as MSH-15 and MSH-16 ask. A control id may ask for trouble. */
export interface MemoryIntake extends Intake {
  readonly received: { readonly raw: Buffer; readonly channel: Channel; readonly controlId: string }[];
  /** How many were under way at once, at most. */
  readonly mostAtOnce: number;
}

export function createMemoryIntake(delayMs: (controlId: string) => number = () => 0): MemoryIntake {
  const received: { raw: Buffer; channel: Channel; controlId: string }[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  let made = 0;
  return {
    received,
    get mostAtOnce() {
      return mostAtOnce;
    },
    async receive(raw: Uint8Array, channel: Channel): Promise<Reception> {
      const header = headerOfBytes(raw);
      const { controlId } = header;
      if (controlId === 'THROW') throw new RangeError('a bug');
      received.push({ raw: Buffer.from(raw), channel, controlId });
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      const write = (code: Answer['code']) =>
        Buffer.from(writeAcknowledgment({ header, code, issues: [], controlId: `K${++made}`, now: 0 }), 'latin1');
      const enhanced = header.acceptAcknowledgment !== '' || header.applicationAcknowledgment !== '';
      const wanted = channel.synchronous || !enhanced || header.applicationAcknowledgment === 'AL';
      const answer = async (): Promise<Answer | undefined> => {
        await new Promise((resolve) => setTimeout(resolve, delayMs(controlId)));
        atOnce--;
        if (controlId === 'REJECT') throw new RangeError('a late bug');
        if (controlId === 'BUSY') return { bytes: write('AR'), code: 'AR', resend: true, close: false };
        if (controlId === 'LATE') return { bytes: Buffer.of(), code: 'AR', resend: true, close: true };
        if (header.segment.raw.length <= 3) return { bytes: Buffer.of(), code: 'AR', resend: false, close: true };
        const code = controlId.startsWith('AE') ? 'AE' : 'AA';
        return wanted ? { bytes: write(code), code, resend: false, close: false } : undefined;
      };
      const accept = header.acceptAcknowledgment === 'AL' && !channel.synchronous ? write('CA') : undefined;
      return { ...(accept === undefined ? {} : { accept }), application: answer() };
    },
  };
}

export function message(controlId: string, rest = '', acknowledgments = ''): Buffer {
  return Buffer.from(
    `MSH|^~\\&|LAB|HOSP|EHR|HOSP|20260102093000||ADT^A01^ADT_A01|${controlId}|P|2.5.1|||${acknowledgments}\rPID|1\r${rest}`,
  );
}
