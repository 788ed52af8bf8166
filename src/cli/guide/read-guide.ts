import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseCsv } from './csv.ts';

/** A row of a segment or data type map of the guide that has a FHIR target. */
export interface GuideRow {
  /** Shape: PID-3, CX.4; the segment or the type alone where the row is of no field */
  readonly address: string;
  /** The v2 data type of the field. */
  readonly v2Type: string;
  /** The condition in the guide's words; empty: always. */
  readonly condition: string;
  /** Shape: participant[1].individual(Practitioner) */
  readonly target: string;
  /** The map of data type it is converted by. Shape: CX[Identifier] */
  readonly dataTypeMap: string;
  /** The code table it is looked up in. */
  readonly vocabulary: string;
  /** A fixed value in double quotes, an expression, or what is left to the implementer between slashes. */
  readonly assignment: string;
}

/** A segment or data type map of the guide. */
export interface GuideMap {
  /** Shape: PV1[Encounter] */
  readonly name: string;
  /** The segment or the data type. Shape: PV1 */
  readonly owner: string;
  /** What it maps to. Shape: Encounter, Provenance-Source */
  readonly to: string;
  readonly rows: readonly GuideRow[];
}

/** A row of a code table of the guide that has a target. */
export interface GuideCode {
  readonly code: string;
  readonly targetCode: string;
  readonly targetSystem: string;
}

/** A code table of the guide. */
export interface GuideTable {
  /** Shape: PatientClass[EncounterClass] */
  readonly name: string;
  readonly codes: readonly GuideCode[];
}

/** The tables of the guide. */
export interface Guide {
  readonly segments: readonly GuideMap[];
  readonly dataTypes: readonly GuideMap[];
  readonly tables: readonly GuideTable[];
  /** Names of the segment maps the message maps of the folder apply. */
  readonly applied: ReadonlySet<string>;
}

/** Reads the CSV files of the guide from a folder. Throws what the file system says. */
export function readGuide(folder: string): Guide {
  const rows = (kind: string) =>
    globSync(`${kind}/*.csv`, { cwd: folder })
      .sort()
      .map((file) => ({ name: nameOf(file), records: parseCsv(readFileSync(join(folder, file), 'utf8')).slice(2) }));
  const maps = (kind: string) => rows(kind).map(({ name, records }) => readMap(name, records));
  return {
    segments: maps('segments'),
    dataTypes: maps('datatypes'),
    tables: rows('codesystems').map(({ name, records }) => ({ name, codes: records.flatMap(readCode) })),
    applied: new Set(rows('messages').flatMap(({ records }) => records.map((record) => cellOf(record, 10)).filter((name) => name !== ''))),
  };
}

/** Shape: 'HL7 Segment - FHIR R4_ PID[Patient] - PID.csv' -> 'PID[Patient]' */
function nameOf(file: string): string {
  return /_ (.+?) - [^-]*\.csv$/.exec(basename(file))?.[1]?.trim() ?? basename(file, '.csv');
}

function cellOf(record: readonly string[], index: number): string {
  return (record[index] ?? '').replace(/\s+/g, ' ').trim();
}

function readMap(name: string, records: readonly string[][]): GuideMap {
  const [, owner = '', to = ''] = /^([A-Z0-9]+)\[(.+)\]$/.exec(name) ?? [];
  const rows = records.flatMap((record): GuideRow[] => {
    const cell = (index: number) => cellOf(record, index);
    if (cell(9) === '') return [];
    const [, target = '', fixed] = /^(.*?)(?:\s*=\s*("[^"]*"))?$/.exec(cell(9)) ?? [];
    const aside = /assign:\s*("[^"]*")/.exec(cell(10))?.[1];
    return [
      {
        address: addressOf(cell(1), cell(0), cell(3), owner),
        v2Type: cell(3),
        condition: cell(6),
        target,
        dataTypeMap: cell(14),
        vocabulary: cell(15),
        // A fixed value beside a data type map slipped there from another row.
        assignment:
          fixed ??
          aside ??
          (!/Reference|Practitioner|Location/.test(cell(9)) || cell(14) === '' || !cell(16).startsWith('"')
            ? cell(16) || quoted(cell(17)) || quoted(cell(18))
            : ''),
      },
    ];
  });
  return { name, owner, to, rows };
}

/** Only a fixed value: the columns beside it hold remarks too. */
function quoted(text: string): string {
  return /^"[^"]*"$/.test(text) ? text : '';
}

/** One map names the segment where it means the field: there the sort order is the number of the field. */
function addressOf(identifier: string, order: string, type: string, owner: string): string {
  if (identifier === '') return owner;
  const isField = identifier === owner && type !== '' && /^[1-9]\d*$/.test(order) && owner.length === 3;
  return isField ? `${owner}-${order}` : identifier;
}

function readCode(record: readonly string[]): GuideCode[] {
  const [code, targetCode, targetSystem] = [cellOf(record, 0), cellOf(record, 6), cellOf(record, 9)];
  return code === '' || targetCode === '' ? [] : [{ code, targetCode, targetSystem }];
}

/** Names of code tables are written in several ways. Shape: 'Yes/NoIndicator' -> yesnoindicator */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
