import { expect, test } from 'vitest';
import { layOver, type Facts } from '../../src/intake/facts.ts';
import type { Resource } from '../../src/fhir/resource.ts';

const said = (elements: Record<string, unknown>, at = 1, spoken = Object.keys(elements)) => ({
  at,
  spoken,
  resource: { resourceType: 'Patient', ...elements },
});
const first = (elements: Record<string, unknown>, at = 1) => layOver(undefined, undefined, said(elements, at));

test('the first statement is the resource', () => {
  expect(first({ gender: 'female' }).resource).toEqual({ resourceType: 'Patient', gender: 'female' });
});

test('what a later message does not mention stays', () => {
  const { resource, facts } = first({ gender: 'female', birthDate: '1980' });
  expect(layOver(resource, facts, said({ gender: 'male' }, 2)).resource).toMatchObject({ gender: 'male', birthDate: '1980' });
});

test('an HL7 null takes away what this sender gave', () => {
  const { resource, facts } = first({ birthDate: '1980' });
  expect(layOver(resource, facts, said({}, 2, ['birthDate'])).resource).not.toHaveProperty('birthDate');
});

test('an HL7 null leaves what another sender gave', () => {
  expect(layOver({ resourceType: 'Patient', birthDate: '1980' }, undefined, said({}, 2, ['birthDate'])).resource['birthDate']).toBe('1980');
});

test('an HL7 null leaves alone what somebody else has put in its place', () => {
  const { facts } = first({ birthDate: '1980' });
  const corrected: Resource = { resourceType: 'Patient', birthDate: '1981' };
  expect(layOver(corrected, facts, said({}, 2, ['birthDate'])).resource['birthDate']).toBe('1981');
});

test('the same fact again does not undo a correction made by hand', () => {
  const { facts } = first({ birthDate: '1980' });
  expect(layOver({ resourceType: 'Patient', birthDate: '1981' }, facts, said({ birthDate: '1980' }, 2)).resource['birthDate']).toBe('1981');
});

test('a list keeps what another sender gave and replaces what this one gave', () => {
  const mine = first({ telecom: [{ value: '1' }] });
  const both = layOver(mine.resource, undefined, said({ telecom: [{ value: '9' }] }));
  const again = layOver(both.resource, mine.facts, said({ telecom: [{ value: '2' }] }, 2));
  expect(again.resource['telecom']).toEqual([{ value: '2' }, { value: '9' }]);
});

test('two senders that give the same entry share it', () => {
  const mine = first({ telecom: [{ value: '1' }] });
  expect(layOver(mine.resource, undefined, said({ telecom: [{ value: '1' }] })).resource['telecom']).toEqual([{ value: '1' }]);
});

test('an older message adds what is lacking and overrules nothing', () => {
  const { resource, facts } = first({ gender: 'female' }, 10);
  const merged = layOver(resource, facts, said({ gender: 'male', birthDate: '1980' }, 5));
  expect(merged.resource).toMatchObject({ gender: 'female', birthDate: '1980' });
  expect(merged.overruled).toEqual(['gender']);
  expect(merged.facts.at).toBe(10);
});

test('a value of another type takes the place of the one before', () => {
  const number = layOver(undefined, undefined, {
    at: 1,
    spoken: ['valueQuantity'],
    resource: { resourceType: 'Observation', valueQuantity: { value: 1 } },
  });
  const text = layOver(number.resource, number.facts, {
    at: 2,
    spoken: ['valueString'],
    resource: { resourceType: 'Observation', valueString: 'one' },
  });
  expect(text.resource).toEqual({ resourceType: 'Observation', valueString: 'one' });
});

test('saying the same twice changes nothing', () => {
  const once: { resource: Resource; facts: Facts } = first({ name: [{ family: 'Roe' }], gender: 'other' });
  const twice = layOver(once.resource, once.facts, said({ name: [{ family: 'Roe' }], gender: 'other' }));
  expect(twice).toMatchObject({ resource: once.resource, facts: once.facts, overruled: [] });
});

test('a result is stated whole: what a correction leaves out is gone', () => {
  const result = (elements: Record<string, unknown>, at: number) => ({
    at,
    spoken: Object.keys(elements),
    whole: true,
    resource: { resourceType: 'Observation', ...elements },
  });
  const first = layOver(undefined, undefined, result({ valueString: 'x', interpretation: [{ text: 'H' }] }, 1));
  const corrected = layOver(first.resource, first.facts, result({ valueString: 'y' }, 2));
  expect(corrected.resource).toEqual({ resourceType: 'Observation', valueString: 'y' });
});

test('an older result adds nothing to a newer one, not even what that lacks', () => {
  const result = (elements: Record<string, unknown>, at: number) => ({
    at,
    spoken: Object.keys(elements),
    whole: true,
    resource: { resourceType: 'Observation', ...elements },
  });
  const newer = layOver(undefined, undefined, result({ dataAbsentReason: { text: 'lost' } }, 2));
  const after = layOver(newer.resource, newer.facts, result({ valueString: 'x' }, 1));
  expect(after.resource).toEqual({ resourceType: 'Observation', dataAbsentReason: { text: 'lost' } });
  expect(after.overruled).not.toEqual([]);
});
