import { afterAll, expect, test } from 'vitest';
import { scratchFolder, startGatewayProcess } from '../end-to-end/gateway.ts';
import { networkRun } from '../end-to-end/network-run.ts';
import { publish } from './figures.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

test('1,000 rounds over a network that cuts, slices and half closes: the same answer, one effect', { timeout: 1_200_000 }, async () => {
  const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${folder.path}/network.db`, LOG_LEVEL: 'error' });
  const report = await networkRun(gateway, 1000);
  await gateway.kill();
  publish('T-13 network faults', {
    rounds: report.rounds,
    'connections cut': report.cut,
    'resends with another answer': report.otherAnswer.length,
    'messages without exactly one effect': report.notOneEffect,
  });
  expect(report).toMatchObject({ otherAnswer: [], notOneEffect: 0 });
});
