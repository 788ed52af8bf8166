import { fieldOf } from '../../hl7v2/fields.ts';
import type { Mappings } from '../../map/compile-mappings.ts';
import type { Place } from '../../map/place.ts';
import { codesComparedWith, type OwnConditions } from './own-conditions.ts';
import { type Planted, plant, plantComponent } from './plant.ts';
import { type Guide, type GuideRow, type GuideTable, plainName } from './read-guide.ts';
import type { WrittenMessage } from './written-message.ts';

/** One way to value the field of a row. */
export interface Planting {
  /** Without the parts that say what kind of value it is. */
  readonly bare: boolean;
  readonly value: (message: WrittenMessage) => Planted | undefined;
}

/** What may be planted in fields: values of their types, and codes of the guide's tables and of ours. */
export class Plantings {
  readonly #mappings: Mappings;
  readonly #tables: ReadonlyMap<string, GuideTable>;
  readonly #own: OwnConditions;
  readonly #codesOf = new Map<string, readonly (readonly [string, string])[]>();

  constructor(mappings: Mappings, guide: Guide, own: OwnConditions) {
    this.#mappings = mappings;
    this.#tables = new Map(guide.tables.map((table) => [plainName(table.name), table]));
    this.#own = own;
  }

  /** What may be planted in a field: a value of its type, and the codes tables know. */
  of(row: GuideRow, place: Place): readonly Planting[] {
    if (place.field === 0) return [{ bare: false, value: () => undefined }];
    const mark = `${place.owner}${place.field}`;
    const facts = fieldOf(place.owner, place.field);
    const typed = (bare: boolean): Planting => ({
      bare,
      value: (message) => {
        const type = facts === undefined || facts.type === 'varies' ? typeFrom(message, row) : facts.type;
        if (place.component === 0) return plant(type, mark, bare);
        if (!standsForItself(place)) message.setField(place.owner, place.field, plant(type, mark, bare).text);
        return plantComponent(type, place.component, mark);
      },
    });
    const codes = [...this.#codes(row), ...this.#ownCodes(place)].slice(0, place.component === 0 ? 50 : 20);
    const coded = codes.map(
      ([code, target]): Planting => ({
        bare: false,
        value: () => ({ text: code, shows: [/^(true|false)$/.test(target) ? target : JSON.stringify(target)] }),
      }),
    );
    const plain = [typed(false), typed(true)];
    return row.vocabulary === '' ? [...plain, ...coded] : [...coded, ...plain];
  }

  /** Codes of the guide's own table, which it says the field is looked up in. */
  #codes(row: GuideRow): [string, string][] {
    const table = this.#tables.get(plainName(row.vocabulary));
    return (table?.codes ?? []).slice(0, 20).map(({ code, targetCode }) => [code, targetCode]);
  }

  /** Codes of the tables our rows look the field up in. */
  #ownCodes(place: Place): readonly (readonly [string, string])[] {
    const field = `${place.owner}-${place.field}`;
    const known = this.#codesOf.get(field) ?? this.#readCodes(place);
    this.#codesOf.set(field, known);
    return known;
  }

  #readCodes(place: Place): [string, string][] {
    const codes = new Map<string, string>();
    for (const map of this.#mappings.base.segments.values()) {
      for (const row of map.rows) {
        if (row.place?.owner !== place.owner || row.place.field !== place.field) continue;
        for (const [code, target] of row.lookUp?.table.listed ?? []) if (target !== null) codes.set(code, target.code);
      }
    }
    for (const code of codesComparedWith(this.#own, place.owner, place.field)) if (!codes.has(code)) codes.set(code, code);
    return [...codes].slice(-30);
  }
}

/** Fields of the header without which there is no message: they say what they say. */
export const HEADER_SHOWS: Readonly<Record<number, readonly string[]>> = {
  7: ['2026-01-02T03:04:05-05:00'],
  9: ['A01', 'A11', 'cancelled', 'finished'],
  10: ['CONTROLBASE'],
};

/** Whether a field is one of those. */
export function standsForItself({ owner, field }: Place): boolean {
  return owner === 'MSH' && HEADER_SHOWS[field] !== undefined;
}

function typeFrom(message: WrittenMessage, row: GuideRow): string {
  const named = message.field('OBX', 2);
  return named === '' ? row.v2Type : named;
}
