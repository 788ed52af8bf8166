import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../end-to-end/senders.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');

/** The messages that are mutated: those of samples/. */
const SEEDS: readonly string[] = readdirSync(SAMPLES)
  .filter((name) => name.endsWith('.hl7') && !name.endsWith('.ack.hl7'))
  .sort()
  .map((name) => readFileSync(join(SAMPLES, name), 'utf8').replaceAll(/\r?\n/g, '\r'));

type Random = () => number;

/** What a field may hold when somebody wants to do harm, or software is wrong. */
const HOSTILE: readonly string[] = [
  [
    '',
    '""',
    ' ',
    '^',
    '^^^^^^',
    '&&&',
    '~',
    '~~~~',
    '|||',
    '\\',
    '\\\\',
    '\\X',
    '\\X0D\\',
    '\\F\\\\S\\\\T\\\\R\\\\E\\',
    '\\.br\\',
    '\\Zq\\',
  ],
  ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '{"$ne":1}', "';--", '%00', '<script>alert(1)</script>', '${jndi:ldap://x}'],
  ['0', '-1', '1e400', 'NaN', 'Infinity', '9'.repeat(400), '0.'.padEnd(300, '0'), '+-5', '1,5', '<5', '1:128', '5-'],
  ['20260230', '2026', '99999999', '20260101250000', '20260101120000+9999', '00000000', '2026010112000', '20240229', '-20260101'],
  ['\u0000', '\u0007', '\u001b[31m', '\u000b', '\u001c', '\ud800', '\ufeff', '\u202e', '\u{1f600}', 'M\u00fcller', '\u65e5\u672c'],
  ['ADT^A01', 'ORU^R01^ORU_R01', 'ACK', 'AL', 'NE', 'UNICODE UTF-8', '8859/1', 'ASCII', 'UNICODE', 'X', 'CE', 'ED', 'RP', 'NM', 'SN', 'TX'],
  ['A'.repeat(5000), '^'.repeat(3000), '&'.repeat(3000), '~'.repeat(3000), '\\.br\\'.repeat(1000), 'a~b^c&d'.repeat(500)],
].flat();

const SEGMENTS = [
  'PID',
  'PV1',
  'PV2',
  'NK1',
  'OBX',
  'OBR',
  'ORC',
  'NTE',
  'AL1',
  'DG1',
  'IN1',
  'GT1',
  'MRG',
  'SPM',
  'TXA',
  'ZZZ',
  'ZPD',
  'MSH',
  'EVN',
  'QQQ',
];

const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)] as T;
const within = (length: number, random: Random): number => Math.floor(random() * length);

type Mutation = (lines: string[], random: Random) => void;

/** Replaces the field, component or repetition at a random place. */
const changeField: Mutation = (lines, random) => {
  const index = within(lines.length, random);
  const separator = pick(['|', '|', '|', '^', '~', '&'], random);
  const parts = (lines[index] ?? '').split(separator);
  const at = within(parts.length + 2, random);
  while (parts.length <= at) parts.push('');
  parts[at] = pick(HOSTILE, random);
  lines[index] = parts.join(separator);
};

const MUTATIONS: readonly Mutation[] = [
  changeField,
  changeField,
  changeField,
  changeField,
  (lines, random) => void lines.splice(within(lines.length, random), 1),
  (lines, random) => void lines.splice(within(lines.length + 1, random), 0, pick(lines.length > 0 ? lines : [''], random)),
  (lines, random) =>
    void lines.splice(
      within(lines.length + 1, random),
      0,
      `${pick(SEGMENTS, random)}|${Array.from({ length: within(30, random) }, () => pick(HOSTILE, random)).join('|')}`,
    ),
  (lines, random) => {
    const [one, other] = [within(lines.length, random), within(lines.length, random)];
    [lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
  },
  (lines, random) => {
    const index = within(lines.length, random);
    const line = lines[index] ?? '';
    lines[index] = line.slice(0, within(line.length + 1, random));
  },
  (lines, random) => {
    const index = within(lines.length, random);
    const line = lines[index] ?? '';
    const at = within(line.length + 1, random);
    lines[index] = line.slice(0, at) + pick(HOSTILE, random) + line.slice(at);
  },
  (lines, random) => {
    // Other delimiters, everywhere or in the header alone.
    const [from, to] = [pick(['|', '^', '~', '&', '\\'], random), pick(['#', '!', '|', '^', 'A', ' ', '\t', '\u00a7'], random)];
    if (random() < 0.5) lines[0] = (lines[0] ?? '').replaceAll(from, to);
    else for (const [index, line] of lines.entries()) lines[index] = line.replaceAll(from, to);
  },
  (lines, random) => {
    // MSH-7 to MSH-18.
    const fields = (lines[0] ?? '').split('|');
    fields[6 + within(12, random)] = pick(HOSTILE, random);
    lines[0] = fields.map((field) => field ?? '').join('|');
  },
  (lines, random) => {
    const index = within(lines.length, random);
    lines[index] = Array.from({ length: 1 + within(40, random) }, () => lines[index]).join('\r');
  },
];

/** One mutated message. The same seed and number give the same bytes. */
export function mutant(seed: number, number: number): Buffer {
  const random = seeded(seed * 1_000_003 + number);
  const lines = pick(SEEDS, random)
    .split('\r')
    .filter((line) => line !== '');
  for (let count = 1 + within(6, random); count > 0 && lines.length > 0; count -= 1) pick(MUTATIONS, random)(lines, random);
  const end = pick(['\r', '\r', '\r', '\n', '\r\n', '\r\r'], random);
  let bytes = Buffer.from(lines.join(end) + end, pick(['utf8', 'utf8', 'utf8', 'latin1', 'utf16le'], random));
  if (random() < 0.15)
    for (let flips = 1 + within(8, random); flips > 0 && bytes.length > 0; flips -= 1)
      bytes[within(bytes.length, random)] = within(256, random);
  if (random() < 0.05) bytes = bytes.subarray(0, within(bytes.length + 1, random));
  return bytes;
}
