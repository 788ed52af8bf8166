import type { CodeTable } from '../../map/code-table.ts';
import type { GuideCode, GuideTable } from './read-guide.ts';
import type { Ruling } from './rulings.ts';

/** Where a code of the guide stands. */
export interface CodeStanding {
  readonly code: GuideCode;
  readonly state: 'carried' | 'deviated' | 'left out' | 'unexplained';
  readonly why: string;
  readonly ruling?: Ruling;
}

/** Judges each code of a table: by what our table gives for it, then by a ruling. */
export function judgeCodes(guide: GuideTable, ours: CodeTable | undefined, rulings: readonly Ruling[]): CodeStanding[] {
  return guide.codes.map((code): CodeStanding => {
    if (ours !== undefined && givesTheSame(ours, code)) return { code, state: 'carried', why: '' };
    const ruling = rulings.find(({ key }) => key === code.code) ?? rulings.find(({ key }) => key === 'all');
    if (ruling === undefined) return { code, state: 'unexplained', why: '' };
    return { code, state: ruling.leftOut ? 'left out' : 'deviated', why: ruling.why, ruling };
  });
}

function givesTheSame(ours: CodeTable, { code, targetCode, targetSystem }: GuideCode): boolean {
  const target = ours.find(code);
  // A table that translates nothing gives the code as it was sent, in the system of its HL7 table.
  if (ours.keepsAll) return targetCode === code;
  if (target === undefined || target === null) return false;
  return target.code === targetCode && (target.system === undefined || targetSystem === '' || sameSystem(target.system, targetSystem));
}

/** The guide names systems by their pages and by value sets of the same codes. */
function sameSystem(ours: string, theirs: string): boolean {
  const plain = (url: string) =>
    url
      .toLowerCase()
      .replace(/^https?:\/\//, '')
      .replace('/valueset/', '/codesystem/')
      .replace(/\/$/, '');
  return plain(ours) === plain(theirs);
}
