import { describe, expect, test } from 'vitest';
import { formatJson } from '../../../src/fhir/written-number.ts';
import { jsonNumber } from '../../../src/map/converters/numbers.ts';
import { mediaType } from '../../../src/map/converters/attachments.ts';
import { all, msh, translated } from '../message.ts';

const result = (type: string, value: string, unit = '') => {
  const lines = [msh('ORU^R01^ORU_R01'), 'PID|1||1^^^EAST^MR', 'OBR|1||A^EAST|1-1^x^LN', `OBX|1|${type}|1-1^x^LN||${value}|${unit}|||||F`];
  return JSON.parse(formatJson(all(translated(lines), 'Observation')[0])) as Record<string, unknown>;
};

test('digits stay as they were sent, in the form JSON has', () => {
  expect(['13.20', '+07.50', '.5', '12.', '-0.0', '1e5', '1,000', ''].map(jsonNumber)).toEqual([
    '13.20',
    '7.50',
    '0.5',
    '12',
    '-0.0',
    undefined,
    undefined,
    undefined,
  ]);
  expect(
    formatJson(
      all(
        translated([msh('ORU^R01^ORU_R01'), 'PID|1||1^^^EAST^MR', 'OBR|1||A^EAST|1-1^x^LN', 'OBX|1|NM|1-1^x^LN||13.20||||||F']),
        'Observation',
      )[0],
    ),
  ).toContain('"value":13.20');
});

describe('structured numbers', () => {
  test.each([
    ['>^100', { valueQuantity: { comparator: '>', value: 100 } }],
    ['=^5', { valueQuantity: { value: 5 } }],
    ['^182', { valueQuantity: { value: 182 } }],
    ['<0.10', { valueQuantity: { comparator: '<', value: 0.1 } }],
    ['^1^:^128', { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 }, extension: [{ valueString: '1 : 128' }] } }],
    ['^100^-^200', { valueRange: { low: { value: 100 }, high: { value: 200 } } }],
    ['^2^+', { valueString: '2 +' }],
    ['<>^5', { valueString: '<> 5' }],
  ])('%s', (sent, expected) => {
    expect(result('SN', sent)).toMatchObject(expected);
  });
});

test('a unit has its words, and code and system only where the system is named', () => {
  expect(result('NM', '5', 'mg/dL^milligram^UCUM')['valueQuantity']).toEqual({
    value: 5,
    unit: 'milligram',
    system: 'http://unitsofmeasure.org',
    code: 'mg/dL',
  });
  expect(result('NM', '5', 'mg/dL')['valueQuantity']).toEqual({ value: 5, unit: 'mg/dL' });
  expect(result('NM', '1+', 'mg/dL')['valueString']).toBe('1+ mg/dL');
});

test('other types of result', () => {
  expect(result('NR', '3.5^5')['valueRange']).toEqual({ low: { value: 3.5 }, high: { value: 5 } });
  expect(result('NA', '1^2^^4')['valueSampledData']).toMatchObject({ data: '1 2 E 4', dimensions: 1 });
  expect(result('TM', '223100.0000')['valueTime']).toBe('22:31:00.0000');
  expect(result('DR', '20260101^20260102')['valuePeriod']).toEqual({ start: '2026-01-01', end: '2026-01-02' });
  expect(result('VR', '3^5')['valueString']).toBe('3-5');
});

test('a document keeps its bytes; what does not decode is kept as text', () => {
  expect(result('ED', '^APPLICATION^PDF^Base64^JVBERg==')['extension']).toMatchObject([
    { valueAttachment: { contentType: 'application/pdf', data: 'JVBERg==' } },
  ]);
  expect(result('ED', '^TEXT^PLAIN^Hex^414243')['extension']).toMatchObject([{ valueAttachment: { data: 'QUJD' } }]);
  expect(result('ED', '^APPLICATION^PDF^Base64^not base64!')['extension']).toMatchObject([
    { valueAttachment: { contentType: 'text/plain' } },
  ]);
  expect(mediaType('IM', 'JPEG')).toBe('image/jpeg');
  expect(mediaType('', '')).toBeUndefined();
});
