import { describe, expect, test } from 'vitest';
import { checkPrimitive, isId, isPrimitiveType } from '../../src/fhir/primitives.ts';
import { definitions } from '../definitions.ts';

describe('a primitive', () => {
  test.each<[string, unknown[], unknown[]]>([
    ['date', ['2026', '1980-03', '2024-02-29'], ['2023-02-29', '2026-13', '2026-00', '0000', '26', '2026-1-1', '2026-01-01T00:00:00Z', '']],
    [
      'dateTime',
      ['2026', '2026-01-02', '2026-01-02T09:30:00-05:00', '2016-12-31T23:59:60Z'],
      ['2026-01-02T09:30Z', '2026-01-02T09:30:00', '2026-01-02T24:00:00Z'],
    ],
    ['instant', ['2026-01-02T09:30:00.123Z'], ['2026-01-02', '2026-01-02T09:30:00', '2026-02-30T09:30:00Z', '2026-01-02T09:30:00+15:00']],
    ['time', ['09:30:00', '23:59:59.5'], ['09:30', '24:00:00', '09:30:00Z']],
    ['code', ['a', 'a b', 'é'], [' a', 'a ', 'a  b', '']],
    ['id', ['a-B.9', 'x'.repeat(64)], ['', 'a_b', 'x'.repeat(65), 'a/b']],
    ['uri', ['urn:x', 'Patient/1', '#a'], ['a b', '']],
    ['oid', ['urn:oid:1.2.840'], ['1.2.840', 'urn:oid:3.1', 'urn:oid:1.02']],
    [
      'uuid',
      ['urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a'],
      ['61ebe359-bfdc-4613-8bf2-c5e300945f0a', 'urn:uuid:61EBE359-BFDC-4613-8BF2-C5E300945F0A'],
    ],
    ['base64Binary', ['YWJj', 'YQ==', 'YWJj\nYWJj'], ['YWJ', 'Y===', 'YW-j', '']],
    ['integer', [0, -2147483648, 2147483647], [2147483648, 1.5, Number.NaN]],
    ['positiveInt', [1], [0, -1]],
    ['unsignedInt', [0], [-1]],
    ['decimal', [1.5, -0, 1e-9], [Number.POSITIVE_INFINITY]],
    ['string', ['a\u00a0b', 'line\nline', ' '], ['', 'bell\u0007']],
    ['boolean', [true, false], []],
  ])('%s is good or not by its value', (type, good, bad) => {
    expect(good.filter((value) => checkPrimitive(type, value) !== 'ok')).toEqual([]);
    expect(bad.filter((value) => checkPrimitive(type, value) !== 'value')).toEqual([]);
  });

  test('of another JSON type is told apart from one with a bad value', () => {
    expect(checkPrimitive('integer', '3')).toBe('json-type');
    expect(checkPrimitive('string', 3)).toBe('json-type');
    expect(checkPrimitive('boolean', 'true')).toBe('json-type');
    expect(checkPrimitive('date', null)).toBe('json-type');
  });

  test('is known for every primitive type of R4', () => {
    const types = [...definitions.every('StructureDefinition')].filter((one) => one.kind === 'primitive-type').map((one) => one.type);
    expect(types.filter((type) => !isPrimitiveType(type))).toEqual([]);
    expect(isPrimitiveType('Quantity')).toBe(false);
  });

  test('that is long and hostile is refused quickly', () => {
    expect(checkPrimitive('base64Binary', `${'A'.repeat(200_000)}!`)).toBe('value');
    expect(checkPrimitive('code', `${'a '.repeat(100_000)} `)).toBe('value');
    expect(isId('a'.repeat(100_000))).toBe(false);
  });
});
