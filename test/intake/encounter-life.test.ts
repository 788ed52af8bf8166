import type { Encounter } from 'fhir/r4.js';
import { expect, test } from 'vitest';
import { continueEncounter as after } from '../../src/intake/encounter-life.ts';

const continueEncounter = (stored: Encounter | undefined, said: Encounter, event: string, at: string | undefined) =>
  after(stored, said, { event, at, cleared: [] });

const visit = (elements: Partial<Encounter>): Encounter => ({
  resourceType: 'Encounter',
  status: 'in-progress',
  class: { code: 'IMP' },
  ...elements,
});
const at = (bed: string) => ({ location: { reference: `Location/${bed}` }, status: 'active' as const });
const admitted = continueEncounter(
  undefined,
  visit({ location: [at('3')], period: { start: '2026-01-01T08:00:00Z' } }),
  'A01',
  '2026-01-01T08:00:00Z',
);

test('an admission begins a stay at its place', () => {
  expect(admitted).toMatchObject({ status: 'in-progress', location: [{ status: 'active', period: { start: '2026-01-01T08:00:00Z' } }] });
});

const transferred = continueEncounter(
  admitted,
  visit({ location: [at('7'), { location: { reference: 'Location/3' }, status: 'completed' }] }),
  'A02',
  '2026-01-02T09:00:00Z',
);

test('a transfer ends the stay at one place and begins one at the next', () => {
  expect(transferred.location).toEqual([
    { location: { reference: 'Location/7' }, status: 'active', period: { start: '2026-01-02T09:00:00Z' } },
    { location: { reference: 'Location/3' }, status: 'completed', period: { start: '2026-01-01T08:00:00Z', end: '2026-01-02T09:00:00Z' } },
  ]);
});

test('the transfer again changes nothing', () => {
  expect(
    continueEncounter(
      transferred,
      visit({ location: [at('7'), { location: { reference: 'Location/3' }, status: 'completed' }] }),
      'A02',
      '2026-01-02T09:00:00Z',
    ),
  ).toEqual(transferred);
});

test('a cancelled transfer leaves no trace of the place moved to', () => {
  expect(continueEncounter(transferred, visit({ location: [at('3')] }), 'A12', '2026-01-02T10:00:00Z').location).toEqual(admitted.location);
});

const discharged = continueEncounter(
  transferred,
  visit({ status: 'finished', location: [at('7')], period: { end: '2026-01-05T11:00:00Z' } }),
  'A03',
  '2026-01-05T11:00:00Z',
);

test('a discharge finishes the visit, closes its place and keeps its beginning', () => {
  expect(discharged).toMatchObject({ status: 'finished', period: { start: '2026-01-01T08:00:00Z', end: '2026-01-05T11:00:00Z' } });
  expect(discharged.statusHistory).toEqual([
    { status: 'in-progress', period: { start: '2026-01-01T08:00:00Z', end: '2026-01-05T11:00:00Z' } },
  ]);
  expect(discharged.location?.[0]).toMatchObject({ status: 'completed', period: { end: '2026-01-05T11:00:00Z' } });
});

test('the discharge again changes nothing', () => {
  expect(
    continueEncounter(
      discharged,
      visit({ status: 'finished', location: [at('7')], period: { end: '2026-01-05T11:00:00Z' } }),
      'A03',
      '2026-01-05T11:00:00Z',
    ),
  ).toEqual(discharged);
});

test('a cancelled discharge opens the visit again and takes its end away', () => {
  const back = continueEncounter(
    discharged,
    visit({ location: [at('7')], period: { end: '2026-01-05T11:00:00Z' } }),
    'A13',
    '2026-01-05T12:00:00Z',
  );
  expect(back.status).toBe('in-progress');
  expect(back.period).toEqual({ start: '2026-01-01T08:00:00Z' });
});

test('an update never takes a visit back', () => {
  expect(continueEncounter(discharged, visit({ status: 'planned' }), 'A08', undefined).status).toBe('finished');
});

test('a pre-admission becomes an admission, with the plan in the history', () => {
  const planned = continueEncounter(undefined, visit({ status: 'planned' }), 'A05', '2025-12-30T08:00:00Z');
  const now = continueEncounter(planned, visit({}), 'A01', '2026-01-01T08:00:00Z');
  expect(now).toMatchObject({ status: 'in-progress', statusHistory: [{ status: 'planned', period: { end: '2026-01-01T08:00:00Z' } }] });
});

test('a cancelled admission is cancelled whatever the fields say', () => {
  expect(continueEncounter(admitted, visit({ status: 'in-progress' }), 'A11', undefined).status).toBe('cancelled');
});

test('taking back a plan to transfer leaves the visit as it is', () => {
  expect(continueEncounter(admitted, visit({ status: 'planned' }), 'A26', undefined).status).toBe('in-progress');
});
