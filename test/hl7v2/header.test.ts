import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { STANDARD_DELIMITERS } from '../../src/hl7v2/delimiters.ts';
import { headerOf, headerOfFragment } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';

const MSH =
  'MSH|^~\\&|LAB^1.2^ISO|HOSP|EHR|CLINIC|20260102093000-0500||ORU^R01^ORU_R01|M\\T\\1|T^A|2.5.1^USA|||AL|NE||8859/1~UNICODE UTF-8';

describe('the header', () => {
  test('says who sent what, and which answers are wanted', () => {
    const parsed = parseMessage(MSH);
    expect(parsed.ok && headerOf(parsed.value)).toMatchObject({
      controlId: 'M&1',
      messageCode: 'ORU',
      event: 'R01',
      structure: 'ORU_R01',
      version: '2.5.1',
      processingId: 'T',
      sender: 'LAB^1.2^ISO|HOSP',
      sendingApplication: 'LAB',
      sendingFacility: 'HOSP',
      sentAt: '20260102093000-0500',
      acceptAcknowledgment: 'AL',
      applicationAcknowledgment: 'NE',
      charset: '8859/1',
    });
  });

  test('is not valued by blanks', () => {
    const header = headerOfFragment('MSH|^~\\&|A|B|||||ADT^A01 | M1 |P |2.3 ||| | ||8859/1 ');
    expect(header).toMatchObject({
      controlId: 'M1',
      event: 'A01',
      processingId: 'P',
      version: '2.3',
      acceptAcknowledgment: '',
      applicationAcknowledgment: '',
      charset: '8859/1',
    });
  });

  test('of a piece is as much as is there', () => {
    expect(headerOfFragment(MSH.slice(0, 60))).toMatchObject({ sender: 'LAB^1.2^ISO|HOSP', controlId: '', version: '' });
    expect(headerOfFragment(`junk\r\n${MSH}\rPID|1`).controlId).toBe('M&1');
    expect(headerOfFragment('no header')).toMatchObject({ controlId: '', sender: '|', delimiters: STANDARD_DELIMITERS });
  });

  test('with delimiters that do not work still gives its fields, and standard ones to answer with', () => {
    const header = headerOfFragment('MSH#^^^^#LAB#HOSP#####ADT^A01#M1#P#2.5');
    expect(header).toMatchObject({ controlId: 'M1', delimiters: STANDARD_DELIMITERS });
  });

  test('of any text at all is read without fail', () => {
    const part = fc.constantFrom('MSH', '|', '^', '~', '\\', '&', '\r', '\n', 'A', '\uFEFF', '\\r', '\0');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        expect(typeof headerOfFragment(parts.join('')).controlId).toBe('string');
      }),
      { numRuns: 1000 },
    );
  });
});
