import { encodeText } from '../hl7v2/charset.ts';
import { type SplitBytes, isBatch, splitBytes } from '../hl7v2/split-messages.ts';
import { writeBatchAnswer } from '../hl7v2/write-batch.ts';
import type { Answer, Channel, Intake, Reception } from '../intake/intake.ts';
import { issue } from '../issue/issue.ts';
import type { Clock } from './clock.ts';
import { refuse } from './refusal.ts';

/** More messages of one batch are not under way at one time. */
const MOST_UNDER_WAY = 64;

/** The gravest answer of a batch is the answer's code. */
const GRAVITY: readonly Answer['code'][] = ['AA', 'CA', 'AE', 'CE', 'AR', 'CR'];

/** What a message is received with. */
export interface Receiving {
  readonly channel: Channel;
  readonly intake: Intake;
  readonly clock: Clock;
  /** Hears of what the intake threw, though it promises not to: a fault of ours. */
  readonly onFault: (error: unknown) => void;
}

/**
 * A frame or body on its way to the intake: one message as it is; a batch, or several messages, one by one in their order,
 * each its own row and outcome, and one batch of answers in return. It never rejects.
 */
export async function receiveBody(body: Uint8Array, receiving: Receiving): Promise<Reception> {
  const split = splitBytes(body);
  if (!isBatch(split)) return receiveOne(body, receiving);
  return { application: receiveBatch(split, receiving) };
}

async function receiveBatch(split: SplitBytes, receiving: Receiving): Promise<Answer | undefined> {
  const pending: Promise<Answer | undefined>[] = [];
  for (const [index, message] of split.messages.entries()) {
    await pending[index - MOST_UNDER_WAY];
    // In their order, but not each after the other is on the disk: a thousand flushes would take ten seconds.
    pending.push(receiveOne(message, receiving).then(async (reception) => (await reception.application) ?? acceptOf(reception)));
  }
  return batchAnswer(split, await Promise.all(pending), receiving.clock);
}

/** After a fault whether the message was kept is not known, and sending it again does no harm: that is the answer. */
async function receiveOne(message: Uint8Array, { channel, clock, intake, onFault }: Receiving): Promise<Reception> {
  const fault = (error: unknown): Answer => {
    onFault(error);
    return refuse(message, issue('internal', { reference: clock.newControlId() }), clock, { close: true, resend: true });
  };
  try {
    const reception = await intake.receive(message, channel);
    return { ...reception, application: reception.application.catch(fault) };
  } catch (error) {
    return { application: Promise.resolve(fault(error)) };
  }
}

/** A batch has one answer: where a message wants no application acknowledgment, its accept acknowledgment stands in it. */
function acceptOf(reception: Reception): Answer | undefined {
  return reception.accept === undefined ? undefined : { bytes: reception.accept, code: 'CA', resend: false, close: false };
}

function batchAnswer(split: SplitBytes, answers: readonly (Answer | undefined)[], clock: Clock): Answer | undefined {
  const sent = answers.filter((answer) => answer !== undefined);
  if (sent.length === 0 && answers.length > 0) return undefined;
  let first = 0;
  const byBatch = split.batches.map(({ count }) => answers.slice(first, (first += count)).filter((answer) => answer !== undefined));
  const envelope = writeBatchAnswer(
    split,
    byBatch.map((batch) => batch.filter((answer) => answer.bytes.length > 0).length),
    { now: clock.now(), newId: clock.newControlId },
  );
  const words = (text: string): Uint8Array => {
    const encoded = encodeText(text, split.envelopeCharset);
    return encoded.ok ? encoded.value : new Uint8Array();
  };
  const bytes = Buffer.concat([
    words(envelope.before),
    ...envelope.batches.flatMap(({ before, after }, index) => [
      words(before),
      ...(byBatch[index] ?? []).map((answer) => answer.bytes),
      words(after),
    ]),
    words(envelope.after),
  ]);
  return {
    bytes,
    code: GRAVITY.findLast((code) => sent.some((answer) => answer.code === code)) ?? 'AA',
    resend: sent.some((answer) => answer.resend),
    close: false,
  };
}
