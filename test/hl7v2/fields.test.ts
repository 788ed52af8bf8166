import { describe, expect, test } from 'vitest';
import { COMPONENTS_BY_HAND, FIELDS_BY_HAND, SEGMENTS_BY_HAND } from '../../src/hl7v2/field-table-by-hand.ts';
import { COMPONENTS, FIELDS } from '../../src/hl7v2/field-table.ts';
import { componentsOf, fieldCountOf, fieldOf } from '../../src/hl7v2/fields.ts';

describe('what the standard says of fields', () => {
  test('PID-3 is a repeating CX, PID-7 one time, PID-8 a code of table 0001', () => {
    expect(fieldOf('PID', 3)).toEqual({ type: 'CX', repeats: true });
    expect(fieldOf('PID', 7)).toEqual({ type: 'DTM', repeats: false });
    expect(fieldOf('PID', 8)).toEqual({ type: 'CWE', repeats: false, table: '0001' });
  });

  test('a field withdrawn by a later version keeps the type it had', () => {
    expect(fieldOf('AL1', 6)?.type).toBe('DT');
    expect(fieldOf('ORC', 7)).toEqual({ type: 'TQ', repeats: true });
  });

  test('the type of OBX-5 varies and it repeats', () => {
    expect(fieldOf('OBX', 5)).toEqual({ type: 'varies', repeats: true });
  });

  test.each(['GT1', 'IN2', 'ACC', 'DRG', 'UAC', 'PDA', 'DB1', 'MRG', 'FHS', 'BHS', 'ARV', 'OH1', 'OH4', 'RF1', 'CON', 'AUT', 'NPU', 'PRB'])(
    '%s is known though the guide may have no map for it',
    (segment) => expect(fieldOf(segment, 1)).toBeDefined(),
  );

  test('a Z segment and a position past the last are unknown', () => {
    expect(fieldOf('ZPD', 1)).toBeUndefined();
    expect(fieldOf('PID', fieldCountOf('PID') + 1)).toBeUndefined();
    expect(fieldOf('PID', 0)).toBeUndefined();
    expect(fieldOf('constructor', 1)).toBeUndefined();
    expect(fieldCountOf('ZPD')).toBe(0);
  });

  test('a data type is made of types that are known or one text', () => {
    expect(componentsOf('XPN').slice(0, 7)).toEqual(['FN', 'ST', 'ST', 'ST', 'ST', 'IS', 'ID']);
    expect(componentsOf('EIP')).toEqual(['EI', 'EI']);
    expect(componentsOf('ST')).toEqual([]);
    const plain = /^(ST|TX|FT|NM|SI|ID|IS|DT|TM|DTM|GTS|TN|varies|LA[12])$/;
    const tables = [FIELDS, SEGMENTS_BY_HAND, FIELDS_BY_HAND, COMPONENTS, COMPONENTS_BY_HAND];
    const types = tables.flatMap((table) => Object.values(table)).flatMap((parts) => parts.split(' '));
    const unknown = types
      .map((part) => part.replace(/\*?(\/\d+)?$/, ''))
      .filter((type) => !plain.test(type) && componentsOf(type).length === 0);
    expect(unknown).toEqual([]);
  });

  test('typed by hand are four segments, one field and one data type', () => {
    expect(Object.keys(SEGMENTS_BY_HAND)).toEqual(['OH1', 'OH2', 'OH3', 'OH4']);
    expect(Object.keys(FIELDS_BY_HAND)).toEqual(['OBX-4']);
    expect(Object.keys(COMPONENTS_BY_HAND)).toEqual(['OG']);
  });
});
