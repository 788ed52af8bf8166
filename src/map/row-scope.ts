import { componentsOf, type FieldFacts, fieldOf } from '../hl7v2/fields.ts';
import type { Library } from './library.ts';
import type { MappingSource } from './mapping-source.ts';
import { parsePlace, type Place } from './place.ts';
import type { Numbering } from './numbering.ts';

/** The map a row is compiled for. */
export interface RowScope {
  readonly library: Library;
  readonly source: MappingSource;
  /** Of the map. Shape: PID to Patient */
  readonly name: string;
  /** The segment or the data type. */
  readonly owner: string;
  readonly dataType: boolean;
  /** The resource, data type or primitive it gives. */
  readonly fhirType: string;
  /** Types of fields the standard does not know: those of a Z segment. */
  readonly fields: ReadonlyMap<number, string>;
  /** The labels all rows of the map share. */
  readonly slots: Numbering;
}

/** One row of the map. */
export interface RowAt extends RowScope {
  readonly fault: Fault;
}

/** Tells what is wrong with a row. */
export type Fault = (reason: string) => undefined;

/** The place of an address, if the map can read it: a field of any segment, or a component of its own data type. */
export function placeOf(text: string, scope: RowScope): Place | undefined {
  const place = parsePlace(text);
  if (place === undefined) return undefined;
  if (scope.dataType) return place.field === 0 && place.owner === scope.owner ? place : undefined;
  return place.field === 0 ? undefined : place;
}

/** What the standard says of a place: its type and its table. */
export function factsOf(place: Place, scope: RowScope): { readonly type: string; readonly table?: string } | undefined {
  if (scope.dataType) return place.component === 0 ? { type: place.owner } : partOf(place.owner, [place.component, place.subcomponent]);
  const own = scope.fields.get(place.field);
  const field: FieldFacts | undefined =
    own !== undefined && place.owner === scope.owner ? { type: own, repeats: true } : fieldOf(place.owner, place.field);
  if (field === undefined || place.component === 0) return field;
  return partOf(field.type, [place.component, place.subcomponent]);
}

function partOf(type: string, parts: readonly number[]): { readonly type: string } | undefined {
  let at: string | undefined = type;
  for (const part of parts) if (part !== 0 && at !== undefined) at = componentsOf(at)[part - 1] ?? (part === 1 ? at : undefined);
  return at === undefined ? undefined : { type: at.replace(/[*/].*$/, '') };
}
