import { message } from '../intake/harness.ts';
import { type Fault, startFaultProxy } from './fault-proxy.ts';
import { type RunningGateway, searchFhir } from './gateway.ts';
import { mllpSender, saidOf } from './senders.ts';

const KINDS: readonly Fault[] = ['reset-before-answer', 'reset-in-message', 'slices', 'half-open'];

/** What was found: rounds whose second answer was another one, or whose message has not exactly one effect. */
export interface NetworkReport {
  readonly rounds: number;
  readonly cut: number;
  readonly otherAnswer: readonly string[];
  readonly notOneEffect: number;
}

/** Sends each message until it has been answered twice, through a proxy that does another harm each time. */
export async function networkRun(gateway: RunningGateway, rounds: number): Promise<NetworkReport> {
  const faults: Fault[] = [];
  const proxy = await startFaultProxy(gateway.mllp, () => faults.shift() ?? 'none');
  const otherAnswer: string[] = [];
  let cut = 0;
  for (let round = 0; round < rounds; round += 1) {
    const id = `N${round}`;
    const text = message({ id, pid: `1||${id}^^^HOSP^MR||Fault^${id}||19800101|F`, more: ['PV1|1|O'] });
    faults.splice(0, faults.length, KINDS[round % KINDS.length] as Fault);
    const answers: string[] = [];
    while (answers.length < 2) {
      const sender = await mllpSender('127.0.0.1', proxy.port);
      const answer = await sender.send(text).catch(() => undefined);
      sender.close();
      if (answer === undefined) cut += 1;
      else answers.push(answer);
    }
    const [code, echoed] = saidOf(answers[0] ?? '');
    if (code !== 'AA' || echoed !== id || answers[1] !== answers[0]) otherAnswer.push(id);
  }
  await proxy.close();
  let once = 0;
  for (let first = 0; first < rounds; first += 100) {
    const numbers = Array.from({ length: Math.min(100, rounds - first) }, (_, index) => `N${first + index}`);
    const found = await searchFhir(gateway, `Patient?_count=500&identifier=${numbers.join(',')}`);
    once += found.filter(({ meta }) => (meta as { versionId: string }).versionId === '1').length;
  }
  return { rounds, cut, otherAnswer, notOneEffect: rounds - once };
}
