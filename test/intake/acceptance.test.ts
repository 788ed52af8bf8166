import { expect, test } from 'vitest';
import { headerOfFragment } from '../../src/hl7v2/header.ts';
import { acceptanceIssues } from '../../src/intake/acceptance.ts';

const taken = {
  supported: new Map([
    ['ADT', ['A01', 'A08']],
    ['ORU', ['R01']],
  ]),
  leavesOut: () => undefined,
};
const accept = (type: string, processing = 'P', version = '2.5.1') =>
  acceptanceIssues(headerOfFragment(`MSH|^~\\&|A|H|||20260105||${type}|1|${processing}|${version}`), taken).map(({ id, severity, at }) => [
    id,
    severity,
    at?.field,
  ]);

test('a message of a known type, version and processing id is taken', () => {
  for (const processing of ['P', 'T', 'D', 'P^T']) expect(accept('ADT^A01^ADT_A01', processing)).toEqual([]);
});

test('an unknown type, and an unknown event of a known one, are refused at MSH-9', () => {
  expect(accept('SIU^S12')).toEqual([['message-type-unsupported', 'error', 9]]);
  expect(accept('')).toEqual([['message-type-unsupported', 'error', 9]]);
  expect(accept('ADT^A99')).toEqual([['event-unsupported', 'error', 9]]);
});

test('another version than 2 is refused at MSH-12, an empty one is taken with a warning', () => {
  expect(accept('ADT^A01', 'P', '3.0')).toEqual([['version-unsupported', 'error', 12]]);
  expect(accept('ADT^A01', 'P', '')).toEqual([['version-unsupported', 'warning', 12]]);
  expect(accept('ADT^A01', 'P', '2.3.z')).toEqual([]);
});

test('another processing id than P, T and D is taken with a warning at MSH-11', () => {
  for (const processing of ['', 'X']) expect(accept('ADT^A01', processing)).toEqual([['processing-id-unsupported', 'warning', 11]]);
});

test('what stands in MSH-9 is only repeated where it looks like a code', () => {
  const [found] = acceptanceIssues(headerOfFragment('MSH|^~\\&|A|H|||20260105||Doe^Jane|1|P|2.5.1'), taken);
  expect(found?.parameters['type']).toBe('(not a code)');
});

test('what the sender file leaves out is filtered at its field, and nothing else is asked of it', () => {
  const leavesOut = () => 11;
  const [found] = acceptanceIssues(headerOfFragment('MSH|^~\\&|A|H|||20260105||SIU^S12|1|T|9'), { ...taken, leavesOut });
  expect([found?.id, found?.severity, found?.at?.field]).toEqual(['message-filtered', 'information', 11]);
});
