/** A-09: XML that reaches for files, addresses or memory, and what it is answered. */
export const hostileXml = [
  [
    'an XInclude',
    '<Patient xmlns="http://hl7.org/fhir" xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></Patient>',
    '400 element-unknown',
  ],
  [
    'an external entity',
    '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><Patient xmlns="http://hl7.org/fhir"><id value="&x;"/></Patient>',
    '400 xml-invalid',
  ],
  [
    'entities that multiply',
    `<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">${['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((name, index) => `<!ENTITY ${name} "${`&${'abcdefghij'[index]};`.repeat(10)}">`).join('')}]><Patient xmlns="http://hl7.org/fhir"><id value="&j;"/></Patient>`,
    '400 xml-invalid',
  ],
  [
    'a style sheet',
    '<?xml-stylesheet href="http://127.0.0.1/x.xsl"?><Patient xmlns="http://hl7.org/fhir"><what/></Patient>',
    '400 element-unknown',
  ],
  [
    'attributes without end',
    `<Patient xmlns="http://hl7.org/fhir" ${Array.from({ length: 100_000 }, (_, index) => `a${index}=""`).join(' ')}/>`,
    '400 xml-invalid',
  ],
] as const;

const REST = '  - NTE-1 NTE-2 NTE-4 NTE-5 NTE-6 NTE-7 NTE-8 NTE-9: a reason';

/** A mapping file of one map. */
export const map = (rule: string, head = '') => `${head}map: NTE to Observation\nrules:\n${rule}\nnot-mapped:\n${REST}\n`;

const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...['b', 'c', 'd', 'e', 'f'].map(
    (name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcde'[index]}`).join(', ')}]`,
  ),
].join('\n');

/** A-29: mapping files that reach for code, files or time, and the line that is told. */
export const hostileMappings: readonly (readonly [what: string, text: string, line: number])[] = [
  ['a condition that reaches for code', map(`  - NTE-3: { to: note.text, when: "constructor.constructor('return process')()" }`), 3],
  ['an element named constructor', map('  - NTE-3: constructor.constructor'), 3],
  ['an element named __proto__', map('  - NTE-3: __proto__.polluted'), 3],
  ['a word named __proto__ in a row', map('  - NTE-3: { to: note.text, __proto__: { polluted: true } }'), 3],
  ['a word named __proto__ at the top', map('  - NTE-3: note.text', '__proto__: { polluted: true }\n'), 1],
  ['a function of a YAML tag', map('  - NTE-3: !!js/function "function () { return 1 }"'), 3],
  ['a command of a YAML tag', map('  - NTE-3: !!python/object/apply:os.system ["touch /tmp/a29"]'), 3],
  ['another file', map('  - NTE-3: !include /etc/passwd'), 3],
  ['a table by its path', map('  - NTE-3: { to: note.text, table: "../../../etc/passwd" }'), 3],
  ['a converter by its path', map('  - NTE-3: { to: note.text, as: "../../etc/passwd to text" }'), 3],
  ['aliases that multiply', map('  - NTE-3: note.text', `${bomb}\n`), 2],
  ['a merge key', map('  - NTE-3: { <<: *x, to: note.text }'), 3],
  ['lists in lists in lists', map(`  - NTE-3: ${'['.repeat(5_000)}${']'.repeat(5_000)}`), 3],
  ['a condition of nothing but brackets', map(`  - NTE-3: { to: note.text, when: "${'('.repeat(20_000)}NTE-3${')'.repeat(20_000)}" }`), 3],
  ['a condition that denies itself for ever', map(`  - NTE-3: { to: note.text, when: "${'not '.repeat(20_000)}NTE-3" }`), 3],
  ['a pattern of its own', map('  - NTE-3: { to: note.text, when: "NTE-3 matches /(a+)+$/" }'), 3],
];
