import type { Destination } from './index-converters.ts';
import type { IndexSink } from './index-sink.ts';
import { partOf } from './index-shape.ts';

const NAME_PARTS = ['family', 'given', 'prefix', 'suffix', 'text'] as const;
const ADDRESS_PARTS = ['line', 'city', 'district', 'state', 'postalCode', 'country', 'text'] as const;

/** A string, and nothing where it is none: the sink makes of it what is compared. */
export function convertString(value: unknown, { parameter }: Destination, sink: IndexSink): void {
  if (typeof value === 'string') sink.string(parameter, value);
}

function convertParts(value: unknown, names: readonly string[], to: Destination, sink: IndexSink): void {
  for (const name of names) {
    const part = partOf(value, name);
    if (Array.isArray(part)) for (const one of part) convertString(one, to, sink);
    else convertString(part, to, sink);
  }
}

/** Each part of a name by itself, as R4 asks. Source: FHIR R4 search 3.1.1.4.8 */
export function convertHumanName(value: unknown, to: Destination, sink: IndexSink): void {
  convertParts(value, NAME_PARTS, to, sink);
}

/** Each part of an address by itself. Source: FHIR R4 search 3.1.1.4.8 */
export function convertAddress(value: unknown, to: Destination, sink: IndexSink): void {
  convertParts(value, ADDRESS_PARTS, to, sink);
}
