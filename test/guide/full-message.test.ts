import { expect, test } from 'vitest';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import { translate } from '../../src/map/translate.ts';
import { mappings } from '../map/mappings.ts';
import { fullMessage, type Leaf } from './full-message.ts';

/** Codes that say what another part is, and what FHIR says in their place. */
const SAID_BY: Readonly<Record<string, readonly string[]>> = {
  ISO: ['urn:oid:'],
  LN: ['http://loinc.org'],
  L: ['urn:chartbridge:local', '"official"'],
  PH: ['"phone"'],
  PRN: ['"home"'],
  H: ['"home"'],
  MR: ['"MR"'],
  NPI: ['"NPI"'],
  XX: ['"XX"'],
  TEXT: ['text/plain'],
  plain: ['text/plain'],
  Base64: ['"data"'],
};

/** Places whose value is counted in, and what shows it. */
const COMPUTED: Readonly<Record<string, RegExp>> = { 'PR1-7': /"performedPeriod":\{"start":"[^"]+","end":"/ };

const VALUES = ['NM', 'SN', 'CWE', 'ST', 'TX', 'DTM', 'DT', 'TM', 'DR', 'NR', 'NA', 'ED', 'RP', 'CX', 'XCN'];

test.each([
  [
    'ADT^A01^ADT_A01',
    [
      'SFT',
      'EVN',
      'PID',
      'PD1',
      'ROL',
      'NK1',
      'PV1',
      'PV2',
      'ROL',
      'PRT',
      ...VALUES.map((type) => `OBX ${type}`),
      'AL1',
      'IAM',
      'DG1',
      'DRG',
      'PR1',
      'ROL',
      'GT1',
      'IN1',
      'IN2',
      'IN3',
      'ACC',
      'PDA',
    ],
  ],
  ['ADT^A40^ADT_A39', ['SFT', 'EVN', 'PID', 'PD1', 'MRG', 'PV1']],
  [
    'ORU^R01^ORU_R01',
    [
      'SFT',
      'PID',
      'PD1',
      'NTE',
      'NK1',
      'PV1',
      'PV2',
      'ORC',
      'OBR',
      'NTE',
      'TQ1',
      ...VALUES.map((type) => `OBX ${type}`),
      'NTE',
      'SPM',
      'OBX NM',
    ],
  ],
  ['MDM^T02^MDM_T02', ['SFT', 'EVN', 'PID', 'PV1', 'ORC', 'TQ1', 'OBR', 'NTE', 'TXA', 'OBX ED', 'NTE']],
])('%s: every value planted in a full message is in a resource, or reported as unused', (type, segments) => {
  const { text, leaves } = fullMessage(type, segments);
  const parsed = parseMessage(text);
  if (!parsed.ok) throw new Error('the message cannot be read');
  const { made, unused } = translate(parsed.value, mappings());
  const bundle = JSON.stringify(made.map(({ resource }) => resource));
  const reported = new Set(unused);
  const lost = leaves.filter((leaf) => !isRead(leaf) && !isReported(leaf, reported) && !isIn(leaf, bundle));
  expect(lost.map(({ address, text: value }) => `${address} ${value}`)).toEqual([]);
});

/** What the gateway itself reads, as the maps say: it is no fact of the record. */
function isRead({ address }: Leaf): boolean {
  const [, owner, field] = /^([A-Z0-9]{3})(?:\[\d+\])?-(\d+)/.exec(address) ?? [];
  return [...mappings().base.segments.values()].some((map) => map.owner === owner && map.read.includes(Number(field)));
}

/** A place is reported by itself, or by what it is part of. */
function isReported({ address }: Leaf, reported: ReadonlySet<string>): boolean {
  const [segment = '', rest = ''] = address.split('-');
  const steps = rest.split('.');
  const above = steps.map((_, index) => `${segment}-${steps.slice(0, index + 1).join('.')}`);
  // The first part of a component is the component, where nothing else is in it.
  return [segment, ...above, address.replace(/\.1$/, '')].some((place) => reported.has(place));
}

function isIn({ address, text }: Leaf, bundle: string): boolean {
  if (COMPUTED[address]?.test(bundle) === true) return true;
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)];
  const forms = [text, ...(SAID_BY[text] ?? []), Buffer.from(text).toString('base64')];
  if (/^\d{8}(\d{6}-0500)?$/.test(text)) forms.push(`${year}-${month}-${day}`);
  if (/^\d{4}$/.test(text)) forms.push(`${text.slice(0, 2)}:${text.slice(2)}`);
  return forms.some((form) => bundle.includes(form));
}
