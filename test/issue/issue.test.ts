import { describe, expect, test } from 'vitest';
import { catalogue, type IssueId } from '../../src/issue/catalogue.ts';
import { errorLocation, formatAddress } from '../../src/issue/address.ts';
import { acknowledgmentCodeOf, toErrorSegment } from '../../src/issue/error-segment.ts';
import { issue, textOf } from '../../src/issue/issue.ts';
import { toLogLine } from '../../src/issue/log-line.ts';
import { statusOf, toOperationOutcome, toOutcomeIssue } from '../../src/issue/operation-outcome.ts';

const sex = issue('table-value-not-found', {
  at: { segment: 'PID', occurrence: 1, field: 8 },
  table: 'AdministrativeSex',
  row: 'pid-to-patient.yaml:14',
  value: 'Jane Doe',
});

describe('an address', () => {
  test('is written as the standard writes it, first occurrences and repetitions left out', () => {
    expect(formatAddress({ segment: 'PID', occurrence: 1, field: 5, repetition: 1, component: 1 })).toBe('PID-5.1');
    expect(formatAddress({ segment: 'OBX', occurrence: 3, field: 5, repetition: 2, component: 1, subcomponent: 4 })).toBe(
      'OBX[3]-5[2].1.4',
    );
    expect(formatAddress({ segment: 'ZPD', occurrence: 1 })).toBe('ZPD');
  });

  test('stands in ERR-2 with the sequence of its segment', () => {
    expect(errorLocation({ segment: 'PID', occurrence: 1, field: 5, component: 1 })).toEqual(['PID', '1', '5', '1', '1']);
    expect(errorLocation({ segment: 'OBX', occurrence: 2 })).toEqual(['OBX', '2']);
  });
});

describe('one issue has three faces', () => {
  test('a FHIR client reads code, permanent id and place', () => {
    expect(toOutcomeIssue(sex)).toMatchObject({
      severity: 'error',
      code: 'code-invalid',
      details: { coding: [{ code: 'table-value-not-found' }] },
      expression: ['PID-8'],
    });
    expect(statusOf([sex])).toBe(422);
  });

  test('a sender reads an ERR with the exact field, and no value of the message', () => {
    const segment = toErrorSegment(sex);
    expect(segment).toMatchObject({ location: ['PID', '1', '8', '1'], code: 103, severity: 'E', id: 'table-value-not-found' });
    expect(segment.text).not.toContain('Doe');
  });

  test('a log line holds neither value nor free text', () => {
    expect(toLogLine(sex)).toEqual({ issue: 'table-value-not-found', severity: 'error', at: 'PID-8', row: 'pid-to-patient.yaml:14' });
  });
});

test('a warning leaves AA, an error of the message AE, an error of the header AR', () => {
  expect(acknowledgmentCodeOf([issue('segment-expected')])).toBe('AA');
  expect(acknowledgmentCodeOf([issue('segment-expected'), sex])).toBe('AE');
  expect(acknowledgmentCodeOf([sex, issue('event-unsupported')])).toBe('AR');
});

test('an outcome without issues says that all is well', () => {
  expect(toOperationOutcome([]).issue[0]).toMatchObject({ severity: 'information', code: 'informational' });
});

// FHIR R4 value set issue-type, all levels.
const ISSUE_TYPES = new Set(
  'invalid structure required value invariant security login unknown expired forbidden suppressed processing not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational'.split(
    ' ',
  ),
);
// HL7 table 0357 as of v2.8.
const TABLE_0357 = new Set([0, 100, 101, 102, 103, 104, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207]);

describe.each(Object.keys(catalogue) as IssueId[])('%s', (id) => {
  const entry = catalogue[id];
  test('has codes that both standards know', () => {
    expect(ISSUE_TYPES).toContain(entry.fhir);
    expect(TABLE_0357).toContain(entry.err3);
  });

  test('is an error with a status of 4xx or 5xx, or leaves AA and 200', () => {
    if (entry.severity === 'error') expect(entry.http).toBeGreaterThanOrEqual(400);
    else expect([entry.http, entry.msa1]).toEqual([200, 'AA']);
  });

  test('leaves no placeholder open when its parameters are given', () => {
    const names = [...entry.text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
    expect(textOf(issue(id, { ...Object.fromEntries(names.map((name) => [name, 'x'])), at: undefined }))).not.toMatch(/\{\w+\}/);
  });
});
