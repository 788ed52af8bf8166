import { expect, test } from 'vitest';
import { modeOf } from '../../src/intake/acknowledgment-mode.ts';
import { openRecord } from './record.ts';

test.each([
  ['NE', 'NE', false],
  ['NE', '', false],
  ['NE', 'NE', true],
  ['AL', 'NE', true],
])('MSH-15 %s and MSH-16 %s, the sender always answered: %s', (accept, application, always) => {
  const mode = modeOf({ acceptAcknowledgment: accept, applicationAcknowledgment: application }, always);
  const silent = !mode.accept(true) && !mode.application(true) && !mode.application(false);
  expect(silent).toBe(accept === 'NE' && !always);
});

test.each([
  ['acks: { never: answer }\n', 'AA'],
  ['', undefined],
])('a sender file with %j answers one who asks for no answer: %s', async (line, code) => {
  const record = await openRecord(undefined, [
    { path: 'mappings/senders/mute.yaml', text: `sender: { MSH-3: MUTE, MSH-4: GENHOSP }\n${line}` },
  ]);
  const message = [
    'MSH|^~\\&|MUTE|GENHOSP|CB|CB|20260301080000-0500||ADT^A31^ADT_A05|N1|P|2.5.1|||NE|NE',
    'EVN|A31|20260301080000-0500',
    'PID|1||M1^^^GENHOSP^MR||Roe^Ann',
    '',
  ].join('\r');
  const reception = await record.intake.receive(Buffer.from(message), { name: 'mllp test', synchronous: false });
  expect([reception.accept, (await reception.application)?.code]).toEqual([undefined, code]);
  await record.close();
});
