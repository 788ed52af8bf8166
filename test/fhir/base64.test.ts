import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isBase64 } from '../../src/fhir/base64.ts';

/** What R4 and RFC 4648 say, as an expression. */
const EXPRESSION = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;

test('base64 is what the expression says it is', () => {
  const near = fc.array(fc.constantFrom('A', 'b', '9', '+', '/', '=', '==', ' ', '\n', '-', '\u00e9', '\u0141', 'QUJD'), { maxLength: 12 });
  fc.assert(fc.property(near, (parts) => isBase64(parts.join('')) === EXPRESSION.test(parts.join(''))));
});

test('every string of bytes in base64 is base64, whatever its length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => bytes.length === 0 || isBase64(Buffer.from(bytes).toString('base64'))),
  );
});

test('a long document is base64 where none of its characters is another', () => {
  const document = Buffer.alloc(3_000_001, 7).toString('base64');
  expect(document).toMatch(/==$/);
  expect(isBase64(document)).toBe(true);
  for (const at of [0, 1, 32_767, 32_768, 70_000, document.length - 5]) {
    for (const other of ['!', '=', ' ', '\u0141']) {
      expect(isBase64(document.slice(0, at) + other + document.slice(at + 1)), `${other} at ${at}`).toBe(false);
    }
  }
});
