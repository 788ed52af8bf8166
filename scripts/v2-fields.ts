/**
 * Writes src/hl7v2/field-table.ts: which data type, repetition and table every field has, and of which types each data type is made.
 * Run once when a source changes: node scripts/v2-fields.ts GUIDE DICTIONARY
 *   GUIDE       the mapping tables of the v2-to-FHIR guide (../shared/reference/v2-to-fhir)
 *   DICTIONARY  an unpacked npm package hl7-dictionary 1.0.1 (facts of v2.1 to v2.7.1)
 * The guide rules where it speaks plainly; the dictionary fills the rest, the newest version first that has not withdrawn the field.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { IssueError } from '../src/issue/issue-error.ts';
import { issue } from '../src/issue/issue.ts';

const VERSIONS = ['2.7.1', '2.7', '2.6', '2.5.1', '2.5', '2.4', '2.3.1', '2.3', '2.2', '2.1'];
const SEGMENTS =
  `MSH FHS FTS BHS BTS SFT UAC MSA ERR EVN PID PD1 ARV ROL NK1 PV1 PV2 DB1 OBX AL1 IAM DG1 DRG PR1 GT1 IN1 IN2 IN3 ACC UB1 UB2
  PDA MRG NPU AUT RF1 PRT NTE ORC OBR TQ1 TQ2 CTD CTI SPM SAC FT1 DSC DSP TXA CON PRB GOL PTH RXA RXR RXO RXE NST`.split(/\s+/);
/** What v2.6 renamed: the newer type reads the older one's values. */
const NEWER: Readonly<Record<string, string>> = { TS: 'DTM', CE: 'CWE', VARIES: 'varies' };
const WITHDRAWN = 4;

interface Part {
  readonly datatype: string;
  readonly opt: number;
  readonly rep: number;
  readonly table?: number;
}
interface Version {
  readonly segments: Readonly<Record<string, { readonly fields: readonly Part[] }>>;
  readonly fields: Readonly<Record<string, { readonly subfields: readonly Part[] }>>;
}
interface Said {
  type: Set<string>;
  repeats: Set<boolean>;
}

const [guide, dictionary] = process.argv.slice(2);
if (guide === undefined || dictionary === undefined) {
  throw new IssueError(issue('setting-invalid', { setting: 'arguments', reason: 'node scripts/v2-fields.ts GUIDE DICTIONARY' }));
}
const load = createRequire(import.meta.url);
const versions = VERSIONS.map((version) => load(resolve(dictionary, 'lib', version)) as Version);
const said = readGuide(join(guide, 'segments'));

const fieldLines = SEGMENTS.map((segment) => `  ${segment}: '${fieldsOf(segment).join(' ')}',`);
const types = new Set(versions.flatMap((version) => Object.keys(version.fields)).filter((name) => /^[A-Z]{2,3}$/.test(name)));
const typeLines = [...types]
  .sort()
  .map((type) => ({ type, parts: partsOf(versions.map((version) => version.fields[type]?.subfields ?? [])) }))
  .filter(({ parts }) => parts.length > 0)
  .map(({ type, parts }) => `  ${type}: '${parts.map((part) => part.type).join(' ')}',`);

writeFileSync(
  new URL('../src/hl7v2/field-table.ts', import.meta.url),
  `// Written by scripts/v2-fields.ts; what it does not know is in field-table-by-hand.ts.

/**
 * For each segment its fields in order: the data type, \`*\` where it repeats, the number of its table after a slash.
 *
 * Shape: PID: 'SI CX CX* ...', PID-8 being CWE/1
 */
export const FIELDS: Readonly<Record<string, string>> = {
${fieldLines.join('\n')}
};

/** For each data type that is made of others their types in order. A type that is not here is one text. */
export const COMPONENTS: Readonly<Record<string, string>> = {
${typeLines.join('\n')}
};
`,
);

function fieldsOf(segment: string): string[] {
  const parts = partsOf(versions.map((version) => version.segments[segment]?.fields ?? []));
  const count = Math.max(
    parts.length,
    ...[...said.keys()].filter((key) => key.startsWith(`${segment}-`)).map((key) => Number(key.slice(4))),
  );
  return Array.from({ length: count }, (_, index) => {
    const known = parts[index];
    const spoken = said.get(`${segment}-${index + 1}`);
    const type = spoken !== undefined && spoken.type.size === 1 ? [...spoken.type][0] : known?.type;
    const repeats = spoken === undefined || spoken.repeats.size === 0 ? known?.repeats === true : spoken.repeats.has(true);
    return `${NEWER[type ?? ''] ?? type ?? 'ST'}${repeats ? '*' : ''}${known?.table === undefined ? '' : `/${known.table}`}`;
  });
}

/** The newest version that has not withdrawn a part gives its type and repetition, the newest that names one its table. */
function partsOf(lists: readonly (readonly Part[])[]): { type: string; repeats: boolean; table: number | undefined }[] {
  const count = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: count }, (_, index) => {
    const sent = lists.map((list) => list[index]).filter((part) => part !== undefined);
    const part = sent.find((candidate) => candidate.opt !== WITHDRAWN && !candidate.datatype.startsWith('CM')) ?? sent[0];
    const type = part?.datatype ?? 'ST';
    return { type: NEWER[type] ?? type, repeats: part?.rep !== 1, table: sent.find((candidate) => candidate.table !== undefined)?.table };
  });
}

function readGuide(folder: string): Map<string, Said> {
  const found = new Map<string, Said>();
  for (const file of readdirSync(folder)) {
    for (const row of rowsOf(readFileSync(join(folder, file), 'utf8'))) {
      const address = row[1]?.trim() ?? '';
      if (!/^[A-Z][A-Z0-9]{2}-\d+$/.test(address)) continue;
      const entry: Said = found.get(address) ?? { type: new Set(), repeats: new Set() };
      found.set(address, entry);
      const type = row[3]?.trim() ?? '';
      if (/^([A-Z]{2,3}|varies)$/.test(type)) entry.type.add(type);
      const most = row[5]?.trim() ?? '';
      if (/^-?\d+$/.test(most)) entry.repeats.add(most !== '1');
    }
  }
  return found;
}

/** The cells of a CSV text, quoted ones with their line breaks and doubled quotes. */
function rowsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end !== ',') rows.push([]);
  }
  return rows;
}
