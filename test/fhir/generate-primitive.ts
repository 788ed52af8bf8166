import { Bug } from '../../src/issue/issue-error.ts';
import type { Random } from './random.ts';

const WORDS = ['Meadow', 'O’Brien-Straße', 'left arm', 'a < b & c', 'Zoë', '日本', 'line one\nline two', 'x', '"quoted"', 'ÅNGSTRÖM'];

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function date(random: Random, parts: number): string {
  const year = random.pick([random.whole(1900, 2030), random.whole(1, 9999)]);
  const month = random.whole(1, 12);
  const day = random.whole(1, month === 2 ? 28 : 30);
  return [String(year).padStart(4, '0'), two(month), two(day)].slice(0, parts).join('-');
}

function time(random: Random): string {
  const fraction = random.pick(['', '', '.5', '.123', '.123456']);
  return `${two(random.whole(0, 23))}:${two(random.whole(0, 59))}:${two(random.whole(0, 59))}${fraction}`;
}

function instant(random: Random): string {
  return `${date(random, 3)}T${time(random)}${random.pick(['Z', '+01:00', '-05:00', '+05:30', '+14:00'])}`;
}

function hex(random: Random, length: number): string {
  return Array.from({ length }, () => random.whole(0, 15).toString(16)).join('');
}

const makers: ReadonlyMap<string, (random: Random) => unknown> = new Map<string, (random: Random) => unknown>([
  ['boolean', (random) => random.chance(0.5)],
  ['integer', (random) => random.pick([0, -1, random.whole(-1000, 1000), 2147483647])],
  ['unsignedInt', (random) => random.whole(0, 500)],
  ['positiveInt', (random) => random.whole(1, 500)],
  ['decimal', (random) => random.pick([random.whole(-50, 50), random.whole(1, 99_999) / 100, 0.001, 6.02e23, 1e-9])],
  ['string', (random) => random.pick(WORDS)],
  ['markdown', (random) => `# ${random.pick(WORDS)}\n\n* ${random.word(5)}`],
  ['code', (random) => random.word(random.whole(1, 8))],
  ['id', (random) => random.word(random.whole(1, 20))],
  ['uri', (random) => random.pick([`http://example.org/${random.word(6)}`, `urn:oid:2.16.840.1.${random.whole(1, 99)}`])],
  ['url', (random) => `https://example.org/${random.word(6)}?q=${random.word(2)}`],
  ['canonical', (random) => `http://example.org/fhir/${random.word(6)}${random.pick(['', '|1.0', '#part'])}`],
  ['oid', (random) => `urn:oid:1.2.${random.whole(0, 9)}.${random.whole(1, 99_999)}`],
  ['uuid', (random) => `urn:uuid:${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`],
  ['base64Binary', (random) => Buffer.from(random.word(random.whole(1, 12))).toString('base64')],
  ['date', (random) => date(random, random.whole(1, 3))],
  ['dateTime', (random) => (random.chance(0.5) ? date(random, random.whole(1, 3)) : instant(random))],
  ['instant', instant],
  ['time', time],
  ['xhtml', (random) => `<div xmlns="http://www.w3.org/1999/xhtml"><p>${random.word(6)} &amp; more</p></div>`],
]);

/** A good value of a primitive type. */
export function generatePrimitive(type: string, random: Random): unknown {
  const make = makers.get(type);
  if (make === undefined) throw new Bug(`no primitive type ${type}`);
  return make(random);
}
