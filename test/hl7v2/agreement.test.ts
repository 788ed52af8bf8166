import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';

/** As much of hl7-standard as is asked of it: an independent reader of plain messages. */
interface OtherReader {
  transform(): void;
  getSegments(name: string): { get(address: string): unknown }[];
}
const Other = createRequire(import.meta.url)('hl7-standard') as new (text: string) => OtherReader;

const word = fc.string({ unit: fc.constantFrom('a', 'B', '7', ' ', '-', '.', 'é'), minLength: 1, maxLength: 8 }).map((text) => `x${text}x`);
const field = fc.oneof(
  word,
  fc.array(fc.oneof(word, fc.constant('')), { minLength: 1, maxLength: 4 }).map((parts) => ['c', ...parts].join('^')),
);
const segment = fc.tuple(
  fc.constantFrom('PID', 'PV1', 'OBX', 'ZZ1'),
  fc.array(fc.oneof(field, fc.constant('')), { minLength: 1, maxLength: 8 }),
);

test('plain messages read the same as by an independent reader', () => {
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 12 }), (segments) => {
      const text = ['MSH|^~\\&|A|B|||||ADT^A01|1|P|2.5', ...segments.map(([name, fields]) => [name, ...fields, 'end'].join('|'))].join(
        '\r',
      );
      const ours = parseMessage(text);
      const other = new Other(text);
      other.transform();
      for (const one of ours.ok ? ours.value.segments.slice(1) : []) {
        const twin = other.getSegments(one.name)[one.occurrence - 1];
        for (let number = 1; number <= one.fieldCount; number++) {
          const repetition = one.field(number)[0];
          const count = repetition?.componentCount ?? 0;
          if (count <= 1) {
            expect(one.value(number)).toBe(twin?.get(`${one.name}.${number}`) ?? '');
            continue;
          }
          for (let component = 1; component <= count; component++) {
            expect(repetition?.component(component)).toBe(twin?.get(`${one.name}.${number}.${component}`));
          }
        }
      }
      expect(ours.ok && ours.value.segments.length).toBe(segments.length + 1);
    }),
  );
});
