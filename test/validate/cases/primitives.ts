import type { RuleCase } from './rule-case.ts';

const TYPE = 'element-type-wrong';
const VALUE = 'value-invalid';

/** A right value of each primitive type, and wrong ones with what they are told. */
const TABLE: readonly [type: string, right: unknown, wrong: readonly [unknown, typeof TYPE | typeof VALUE][]][] = [
  [
    'Boolean',
    true,
    [
      ['true', TYPE],
      [1, TYPE],
      [null, TYPE],
      [[true], TYPE],
    ],
  ],
  [
    'Integer',
    -3,
    [
      ['3', TYPE],
      [1.5, VALUE],
      [2147483648, VALUE],
      [-2147483649, VALUE],
    ],
  ],
  [
    'UnsignedInt',
    0,
    [
      [-1, VALUE],
      ['0', TYPE],
      [0.5, VALUE],
    ],
  ],
  [
    'PositiveInt',
    1,
    [
      [0, VALUE],
      [true, TYPE],
      [2147483648, VALUE],
    ],
  ],
  [
    'Decimal',
    -1.5e3,
    [
      ['1.5', TYPE],
      [{ value: 1 }, TYPE],
    ],
  ],
  [
    'String',
    ' a\tb\nc ',
    [
      ['', VALUE],
      [1, TYPE],
      ['a\u0000b', VALUE],
      ['a\u000bb', VALUE],
    ],
  ],
  [
    'Markdown',
    '# a',
    [
      ['', VALUE],
      [false, TYPE],
    ],
  ],
  [
    'Code',
    'a b',
    [
      ['', VALUE],
      [' a', VALUE],
      ['a ', VALUE],
      ['a  b', VALUE],
      ['a\u2003\u2003b', VALUE],
    ],
  ],
  [
    'Id',
    'a-B.9',
    [
      ['', VALUE],
      ['a_b', VALUE],
      ['a'.repeat(65), VALUE],
      ['a b', VALUE],
      ['ä', VALUE],
    ],
  ],
  [
    'Uri',
    'urn:x:ä',
    [
      ['', VALUE],
      ['a b', VALUE],
      [7, TYPE],
    ],
  ],
  [
    'Url',
    'https://a.org/x',
    [
      ['https://a.org/x y', VALUE],
      ['', VALUE],
    ],
  ],
  [
    'Canonical',
    'http://a.org/x|1',
    [
      ['http://a.org/x |1', VALUE],
      [null, TYPE],
    ],
  ],
  [
    'Oid',
    'urn:oid:1.2.840',
    [
      ['1.2.840', VALUE],
      ['urn:oid:3.1', VALUE],
      ['urn:oid:1.02', VALUE],
    ],
  ],
  [
    'Uuid',
    'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a',
    [
      ['61ebe359-bfdc-4613-8bf2-c5e300945f0a', VALUE],
      ['urn:uuid:61EBE359-BFDC-4613-8BF2-C5E300945F0A', VALUE],
      ['urn:uuid:61ebe359', VALUE],
    ],
  ],
  [
    'Base64Binary',
    'QUJD\nREU=',
    [
      ['QUJ', VALUE],
      ['Q*==', VALUE],
      ['====', VALUE],
      [7, TYPE],
    ],
  ],
  [
    'Date',
    '2024-02-29',
    [
      ['2023-02-29', VALUE],
      ['2026-13', VALUE],
      ['2026-00-10', VALUE],
      ['2026-04-31', VALUE],
      ['26-01-01', VALUE],
      ['2026-1-1', VALUE],
      ['20260101', VALUE],
      ['2026-01-01T10:00:00Z', VALUE],
      ['0000', VALUE],
      [2026, TYPE],
    ],
  ],
  [
    'DateTime',
    '2026-01-02T10:00:00.123-05:00',
    [
      ['2026-01-02T10:00', VALUE],
      ['2026-01-02T10:00:00', VALUE],
      ['2026-01-02T24:00:00Z', VALUE],
      ['2026-01-02T10:60:00Z', VALUE],
      ['2026-01-02 10:00:00Z', VALUE],
      ['2026-02-30T10:00:00Z', VALUE],
      ['2026-01-02T10:00:00+15:00', VALUE],
      ['2026-01-02T', VALUE],
      ['2026-01-02T10:00:00z', VALUE],
    ],
  ],
  [
    'Instant',
    '2026-01-02T10:00:00Z',
    [
      ['2026-01-02', VALUE],
      ['2026-01-02T10:00:00', VALUE],
      ['2026-02-30T10:00:00Z', VALUE],
      ['now', VALUE],
    ],
  ],
  [
    'Time',
    '10:00:00.5',
    [
      ['10:00', VALUE],
      ['24:00:00', VALUE],
      ['10:00:00Z', VALUE],
      ['1:00:00', VALUE],
    ],
  ],
];

const carrying = (name: string, value: unknown) => ({ resourceType: 'Parameters', parameter: [{ name: 'x', [name]: value }] });

/** The forms of the primitive types. */
export const primitiveCases: readonly RuleCase[] = TABLE.flatMap(([type, right, wrongs]) =>
  wrongs.map(
    ([wrong, id]): RuleCase => ({
      rule: `${JSON.stringify(wrong)} is no ${type.charAt(0).toLowerCase()}${type.slice(1)}`,
      right: carrying(`value${type}`, right),
      wrong: carrying(`value${type}`, wrong),
      id,
      at: 'Parameters.parameter[0].value',
      // null is no value, and a parameter must have one
      ...(wrong === null ? { also: ['invariant-not-met Parameters.parameter[0] inv-1'] } : {}),
    }),
  ),
);
