import { afterAll, expect, test } from 'vitest';
import { postMessage, type RunningGateway, scratchFolder, searchFhir, startGatewayProcess } from './gateway.ts';

const PATIENTS = 40;
const KILLS = 3;
const folder = scratchFolder();
afterAll(() => folder.remove());

const start = () => startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/crash.db`, LOG_LEVEL: 'warn' });

/** Three messages a patient, so that order and doubling can be seen: admission, transfer, discharge. */
function messageOf(patient: number, step: number): string {
  const event = ['A01', 'A02', 'A03'][step] as string;
  const time = `2026010${step + 1}080000+0000`;
  return [
    `MSH|^~\\&|CRASH|HOSP|CB|CB|${time}||ADT^${event}^ADT_${event}|C${patient}-${step}|P|2.5.1`,
    `EVN|${event}|${time}`,
    `PID|1||${1000 + patient}^^^HOSP^MR||Sample^Person${patient}||1980010${(patient % 9) + 1}|F`,
    `PV1|1|I|WARD^${step}^1||||||||||||||||V${patient}^^^HOSP^VN|||||||||||||||||||||||||${step === 0 ? time : ''}${step === 2 ? `|${time}` : ''}`,
    '',
  ].join('\r');
}

test('kill -9 in the middle of a run loses no acknowledged message and doubles none', { timeout: 120_000 }, async () => {
  let gateway: RunningGateway = await start();
  const acknowledged = new Set<string>();
  const kills = Array.from({ length: KILLS }, (_, index) => Math.floor(((index + 1) * PATIENTS * 3) / (KILLS + 1)));
  let restart: Promise<void> | undefined;

  /** Sends until it is answered, as a sender does. */
  const send = async (patient: number, step: number) => {
    for (;;) {
      try {
        const { ack } = await postMessage(gateway, messageOf(patient, step));
        if (ack.includes('MSA|AA|')) {
          acknowledged.add(`C${patient}-${step}`);
          return;
        }
      } catch {
        // The connection was cut: nobody knows whether the message arrived.
      }
      await restart;
      await new Promise((wake) => setTimeout(wake, 10));
    }
  };
  const maybeKill = () => {
    if (restart !== undefined || kills[0] === undefined || acknowledged.size < kills[0]) return;
    kills.shift();
    restart = gateway
      .kill('SIGKILL')
      .then(start)
      .then((next) => {
        gateway = next;
        restart = undefined;
      });
  };
  const lanes = Array.from({ length: 8 }, async (_, lane) => {
    for (let patient = lane; patient < PATIENTS; patient += 8) {
      for (let step = 0; step < 3; step += 1) {
        await send(patient, step);
        maybeKill();
      }
    }
  });
  await Promise.all(lanes);
  await restart;

  const patients = await searchFhir(gateway, 'Patient?_count=500');
  const encounters = await searchFhir(gateway, 'Encounter?_count=500');
  await gateway.kill();
  expect(kills).toEqual([]);
  expect(acknowledged.size).toBe(PATIENTS * 3);
  expect(patients).toHaveLength(PATIENTS);
  expect(encounters).toHaveLength(PATIENTS);
  expect(new Set(encounters.map((encounter) => encounter['status']))).toEqual(new Set(['finished']));
  // An admission, a transfer and a discharge are three versions: a fourth would be one applied twice.
  expect(new Set(encounters.map((encounter) => (encounter['meta'] as { versionId: string }).versionId))).toEqual(new Set(['3']));
});
