import type { Store } from '../../src/store/store.ts';
import { arrivalOf } from './contract-journal.ts';
import { resourceWith } from './harness.ts';

/** Fills a store with a bit of everything: history, deletions, decimals, claims, documents, messages in several states. */
export async function fillStore(store: Store, clock: { now: number }): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await store.commit({
      writes: Array.from({ length: 150 }, (_, at) => ({
        type: at % 3 === 0 ? 'Patient' : 'Observation',
        id: `r${at}`,
        resource: resourceWith(at % 3 === 0 ? 'Patient' : 'Observation', `r${at}`, {}, { round, meta: { tag: [{ code: 'HTEST' }] } }),
      })),
    });
    clock.now += 1_000;
  }
  await store.commit({ writes: [{ type: 'Patient', id: 'r0' }] });
  await store.commit({ writes: [{ type: 'Patient', id: 'r0', method: 'POST', resource: resourceWith('Patient', 'r0') }] });
  await store.commit({
    claims: Array.from({ length: 250 }, (_, at) => ({ key: `k${at}`, owner: `Patient/r${at}` })),
    documents: Array.from({ length: 250 }, (_, at) => ({ kind: at % 2 === 0 ? 'facts' : 'jobs', key: `d${at}`, json: `{"n":${at}}` })),
  });
  for (let at = 0; at < 5; at += 1) await store.journal.receive(arrivalOf(`m${at}`, `C${at}`, `bytes ${at}`));
  await store.journal.receive(arrivalOf('again', 'C1', 'bytes 1'));
  await store.commit({
    messages: [{ id: 'm1', from: ['received'], status: 'processed', processedAt: clock.now, ack: 'MSA|AA', trace: '{}' }],
  });
  await store.commit({
    messages: [{ id: 'm2', from: ['received'], status: 'queued', attempts: 2, nextTryAt: clock.now + 5, issues: '[]' }],
  });
}
