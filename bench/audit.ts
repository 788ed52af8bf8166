import { rmSync } from 'node:fs';
import autocannon from 'autocannon';
import { scratchFolder, startGatewayProcess } from '../test/end-to-end/gateway.ts';
import type { Figure } from './measure.ts';

const SECONDS = 6;
const CONNECTIONS = 32;

/** Reading by id with the audit trail and without: on: each answer waits for the spool; strict: for the disk. */
export async function auditFigures(): Promise<Figure[]> {
  const [off, on, strict] = [await reads('off'), await reads('on'), await reads('strict')];
  const figure = (audit: string, found: typeof off): Figure => ({
    name: `read by id, AUDIT=${audit}, ${CONNECTIONS} connections`,
    value: found.perSecond,
    unit: 'req/s',
    ratioTo: `${(found.perSecond / off.perSecond).toFixed(2)} of AUDIT=off`,
    note: `p99 ${found.p99} ms`,
  });
  return [figure('off', off), { ...figure('on', on), target: off.perSecond / 2 }, figure('strict', strict)];
}

async function reads(audit: 'on' | 'off' | 'strict'): Promise<{ perSecond: number; p99: number }> {
  const folder = scratchFolder();
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/bench.db`, LOG_LEVEL: 'warn', AUDIT: audit });
  try {
    const url = `${gateway.fhir}/Observation/o1`;
    const subject = { reference: 'Patient/p1' };
    const body = {
      resourceType: 'Observation',
      id: 'o1',
      status: 'final',
      code: { text: 'x' },
      subject,
      valueQuantity: { value: 7.2, unit: 'g' },
    };
    await fetch(url, { method: 'PUT', headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify(body) });
    await autocannon({ url, connections: CONNECTIONS, duration: 2 });
    const { requests, latency } = await autocannon({ url, connections: CONNECTIONS, duration: SECONDS });
    return { perSecond: requests.average, p99: latency.p99 };
  } finally {
    await gateway.kill();
    rmSync(folder.path, { recursive: true, force: true });
  }
}
