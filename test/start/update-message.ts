import { message } from '../intake/harness.ts';

let messages = 0;

/** What a sender of GENHOSP says of one more patient: each message and each patient is another. */
export function updateOf(application: string): string {
  const id = `U${++messages}`;
  return message({ id, type: 'ADT^A31^ADT_A05', sender: `${application}|GENHOSP`, pid: `1||${id}^^^GENHOSP^MR||X`, more: [] });
}
