import { expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

test('without any environment every setting has its default', () => {
  const read = readConfig({});
  expect(read.ok && [read.value.HOST, read.value.PORT, read.value.MLLP_PORT, read.value.DATABASE_URL]).toEqual([
    '127.0.0.1',
    8080,
    2575,
    'sqlite:data/chartbridge.db',
  ]);
});

test('a port may be a number or, for MLLP, off', () => {
  const read = readConfig({ PORT: '0', MLLP_PORT: 'off' });
  expect(read.ok && [read.value.PORT, read.value.MLLP_PORT]).toEqual([0, 'off']);
});

test.each([
  ['https://fhir.example.org/fhir/', 'https://fhir.example.org/fhir'],
  ['http://[::1]:8080/fhir', 'http://[::1]:8080/fhir'],
  ['', ''],
])('links may begin with %j', (given, taken) => {
  const read = readConfig({ BASE_URL: given });
  expect(read.ok && read.value.BASE_URL).toBe(taken);
});

test.each([
  'fhir.example.org/fhir',
  '/fhir',
  'ftp://fhir.example.org',
  'https://',
  'https:/fhir.example.org',
  'https://fhir.example.org/fhir?x=1',
  'https://fhir.example.org/fhir?',
  'https://fhir.example.org/#fhir',
  'https://me:secret@fhir.example.org/fhir',
  'https://fhir.example.org/a b',
])('and may not begin with %s', (given) => {
  const read = readConfig({ BASE_URL: given });
  expect(read.issues.map((issue) => [issue.id, issue.parameters['setting']])).toEqual([['setting-invalid', 'BASE_URL']]);
});

test('every wrong setting is named, not only the first', () => {
  const read = readConfig({ PORT: '80x', MLLP_PORT: '70000', LOG_LEVEL: 'loud', DEFAULT_TIME_ZONE: 'Mars/Olympus' });
  expect(read.ok).toBe(false);
  expect(read.issues.map((issue) => [issue.id, issue.parameters['setting']])).toEqual([
    ['setting-invalid', 'PORT'],
    ['setting-invalid', 'MLLP_PORT'],
    ['setting-invalid', 'LOG_LEVEL'],
    ['setting-invalid', 'DEFAULT_TIME_ZONE'],
  ]);
});
