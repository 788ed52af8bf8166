import type { Conversion, Convert } from '../run.ts';

const WRITTEN = ['Internet', 'X.400'];

/**
 * The number or address of an XTN: the form without parts where one was sent, else the parts put together.
 *
 * Shape: (555)555-1234; ^NET^Internet^a@b.example -> a@b.example; ^PRN^PH^^1^555^5551234^12 -> +1 555 5551234 X12
 * Source: v2-to-FHIR IG 1.0.0, XTN[ContactPoint]
 */
const textFromXtn: Convert = (value, frame) => {
  const use = (...parts: number[]) => {
    for (const part of parts) frame.run.usage.addPart(value, part);
  };
  const part = (number: number) => value.part(number).trim();
  if (part(4) !== '' && (WRITTEN.includes(part(3)) || (part(1) === '' && part(7) === '' && part(12) === ''))) {
    use(4);
    return part(4);
  }
  if (part(12) !== '') {
    use(12);
    return part(12);
  }
  if (part(7) !== '') {
    use(5, 6, 7, 8);
    const country = part(5) === '' ? '' : `+${part(5).replace(/^\+/, '')}`;
    const extension = part(8) === '' ? '' : `X${part(8)}`;
    return [country, part(6), part(7), extension].filter((piece) => piece !== '').join(' ');
  }
  if (part(1) === '') return undefined;
  use(1);
  return part(1);
};

/** Conversions of telephone numbers and addresses. */
export const phoneConversions: readonly Conversion[] = [{ name: 'XTN to string', convert: textFromXtn, uses: 'itself' }];
