import { afterAll, expect, test } from 'vitest';
import { receiveBody } from '../../src/wire/receive-body.ts';
import { message, openIntake } from '../intake/harness.ts';
import { scratchFolder } from './gateway.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

test('the messages of a batch are under way together, and come to the journal and to their patient in the order of the batch', async () => {
  const gate = await openIntake({ path: `${folder.path}/batch.db` });
  const names = Array.from({ length: 200 }, (_, index) => `Step${index}`);
  const batch = names.map((name, index) =>
    message({ id: `O${index}`, type: 'ADT^A08^ADT_A01', pid: `1||${index % 2}^^^HOSP^MR||Sample^${name}||19800101|F`, more: ['PV1|1|O'] }),
  );
  const reception = await receiveBody(Buffer.from(batch.join('')), {
    channel: { name: 'mllp 127.0.0.1:1', synchronous: false },
    intake: gate.intake,
    clock: { now: () => 0, newControlId: () => 'B1' },
    onFault: (error) => expect(error).toBeUndefined(),
  });
  const answer = Buffer.from((await reception.application)?.bytes ?? []).toString();
  expect([...answer.matchAll(/MSA\|AA\|(\w+)/g)].map(([, id]) => id)).toEqual(names.map((_, index) => `O${index}`));
  expect((await gate.rows()).map(({ controlId }) => controlId)).toEqual(names.map((_, index) => `O${index}`));
  const patients = await gate.all('Patient');
  expect(patients.map(({ meta }) => meta.versionId)).toEqual(['100', '100']);
  const last = patients.map((patient) => /Step\d+/.exec(JSON.stringify(patient['name']))?.[0]);
  expect(new Set(last)).toEqual(new Set(['Step198', 'Step199']));
  await gate.close();
});
