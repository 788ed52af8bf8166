import { afterEach, describe, expect, test } from 'vitest';
import { createRetry } from '../../src/intake/retry.ts';
import { issue } from '../../src/issue/issue.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { message, openIntake, projectTranslator, type TestIntake } from './harness.ts';
import { isMeasured, publish } from '../long/figures.ts';

const opened: TestIntake[] = [];
afterEach(async () => {
  for (const gate of opened.splice(0)) await gate.close();
});

const update = (mrn: string, name: string, id: string, minute = 0) =>
  message({
    id,
    type: 'ADT^A08^ADT_A01',
    time: `2026010512${String(minute).padStart(2, '0')}00+0000`,
    pid: `1||${mrn}^^^HOSP^MR||${name}^Ann||19800101|F`,
    more: ['PV1|1|O'],
  });

describe('poison', () => {
  test('messages that always fail end in error, and every other patient\u2019s and their own later messages are applied in order', async () => {
    const patients = 20;
    const steps = isMeasured ? 50 : 15;
    const poison = new Set(['K3-4', 'K7-11']);
    const gate = await openIntake({
      translator: () => ({
        ...projectTranslator,
        translate: (read) => {
          if (poison.has(read.header.value(10))) throw new RangeError('poison');
          return projectTranslator.translate(read);
        },
      }),
    });
    opened.push(gate);
    const sent: Promise<string | undefined>[] = [];
    // All at once: what keeps their order is the journal and the lanes.
    for (let step = 0; step < steps; step += 1) {
      for (let patient = 0; patient < patients; patient += 1)
        sent.push(gate.code(update(`P${patient}`, `Step${step}`, `K${patient}-${step}`, step)));
    }
    const codes = await Promise.all(sent);
    expect(codes.filter((code) => code === 'AR')).toHaveLength(poison.size);
    expect(codes.filter((code) => code === 'AA')).toHaveLength(patients * steps - poison.size);
    const found = await gate.all('Patient');
    expect(found).toHaveLength(patients);
    let disordered = 0;
    for (const patient of found) {
      const { versions } = await gate.store.history({ type: 'Patient', id: patient.id, count: 100 });
      const order = versions.map(({ json }) => Number(/Step(\d+)/.exec(json)?.[1])).toReversed();
      disordered += Number(order.length < steps - 1 || order.some((step, index) => step < (order[index - 1] ?? 0)));
    }
    publish('T-18 poison and order', {
      messages: patients * steps,
      'that always fail': poison.size,
      'of them ended in error': codes.filter((code) => code === 'AR').length,
      'others applied': codes.filter((code) => code === 'AA').length,
      'patients out of order': disordered,
    });
    expect(disordered).toBe(0);
    expect(await gate.store.journal.counts()).toMatchObject({ error: poison.size, processed: patients * steps - poison.size, received: 0 });
  });
});

describe('a clock that steps', () => {
  test('back and forth: versions rise, their times never fall, and the journal keeps the order of arrival', async () => {
    const gate = await openIntake();
    opened.push(gate);
    const steps = [0, -86_400_000, 10 * 365 * 86_400_000, -3_600_000, 1000];
    const start = gate.clock.now;
    for (const [index, step] of steps.entries()) {
      gate.clock.now = start + step;
      expect(await gate.code(update('A', `Step${index}`, `T${index}`, index))).toBe('AA');
    }
    const [patient] = await gate.all('Patient');
    const { versions } = await gate.store.history({ type: 'Patient', id: patient?.id ?? '', count: 100 });
    const oldestFirst = versions.toReversed();
    expect(oldestFirst.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
    const times = oldestFirst.map(({ lastUpdated }) => lastUpdated);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect((await gate.rows()).map(({ controlId }) => controlId)).toEqual(['T0', 'T1', 'T2', 'T3', 'T4']);
    publish('T-24 a clock that steps', {
      'steps of the clock (a day back, ten years on, back again, an hour back, a second on)': steps.length,
      'versions out of order': oldestFirst.filter(({ version }, index) => version !== index + 1).length,
      'times that fall': times.filter((time, index) => time < (times[index - 1] ?? 0)).length,
    });
  });
});

describe('the wait between tries', () => {
  const failing = (times: number) => {
    let left = times;
    return () => (left-- > 0 ? Promise.reject(new IssueError(issue('store-unavailable'))) : Promise.resolve('done'));
  };

  test('is cut short when the store is seen to work', async () => {
    const retry = createRetry({ firstMs: 1, mostMs: 60_000, random: () => 1 });
    const slow = createRetry({ firstMs: 30_000, mostMs: 60_000, random: () => 1 });
    expect(await retry(failing(3))).toBe('done');
    const waits = retry(failing(20));
    const hurry = setInterval(() => retry.hasten(), 2);
    expect(await waits).toBe('done');
    clearInterval(hurry);
    const stopped = slow(failing(2));
    await Promise.resolve();
    setTimeout(() => slow.stop(), 5);
    await expect(stopped).rejects.toMatchObject({ issues: [{ id: 'store-unavailable' }] });
  });

  test('is for what passes by itself alone: a fault of the message is not tried again', async () => {
    const retry = createRetry({ firstMs: 1, mostMs: 2, random: () => 1 });
    let tries = 0;
    const task = () => {
      tries += 1;
      return Promise.reject(new IssueError(issue('patient-ambiguous')));
    };
    await expect(retry(task)).rejects.toBeInstanceOf(IssueError);
    expect(tries).toBe(1);
  });
});
