import { convertDate, convertPeriod, convertTiming } from './index-date.ts';
import { convertMoney, convertNumber, convertNumberRange, convertQuantity, convertRange, convertSampledData } from './index-quantity.ts';
import { convertCanonical, convertReference, convertResource } from './index-reference.ts';
import type { IndexSink } from './index-sink.ts';
import { convertAddress, convertHumanName, convertString } from './index-string.ts';
import {
  convertCode,
  convertCodeableConcept,
  convertCoding,
  convertContactPoint,
  convertIdentifier,
  convertPlainToken,
} from './index-token.ts';

/** What the values of one search parameter are indexed by, and what their reading depends on. */
export interface Destination {
  readonly parameter: string;
  /** The types the parameter may point to; empty: any. */
  readonly targets: readonly string[];
  /** The system a bare code belongs to by its binding; '' when that is none or several. */
  readonly systemOf: (code: string) => string;
  /** References below this address are our own. */
  readonly baseUrl: string | undefined;
  /** For dates without an offset. Units: minutes east of Greenwich */
  readonly offsetMinutes: number;
}

/** Puts one value into a sink. `owner` and `name` tell where it stands, for the written form of a number. Values of a wrong shape are passed over. */
export type Convert = (value: unknown, to: Destination, sink: IndexSink, owner: object, name: string) => void;

function table(entries: readonly (readonly [readonly string[], Convert])[]): ReadonlyMap<string, Convert> {
  return new Map(entries.flatMap(([types, convert]) => types.map((type) => [type, convert] as const)));
}

const QUANTITIES = ['Quantity', 'Age', 'Count', 'Distance', 'Duration', 'SimpleQuantity'];
const TEXTS = ['string', 'markdown', 'code', 'id', 'uri', 'url', 'canonical', 'oid', 'uuid'];
const URIS = ['uri', 'url', 'canonical', 'oid', 'uuid'];

const converters: ReadonlyMap<string, ReadonlyMap<string, Convert>> = new Map([
  [
    'token',
    table([
      [[...TEXTS, 'boolean', 'integer', 'positiveInt', 'unsignedInt'], convertPlainToken],
      [['code'], convertCode],
      [['Coding'], convertCoding],
      [['CodeableConcept'], convertCodeableConcept],
      [['Identifier'], convertIdentifier],
      [['ContactPoint'], convertContactPoint],
    ]),
  ],
  [
    'string',
    table([
      [TEXTS, convertString],
      [['HumanName'], convertHumanName],
      [['Address'], convertAddress],
    ]),
  ],
  [
    'date',
    table([
      [['date', 'dateTime', 'instant'], convertDate],
      [['Period'], convertPeriod],
      [['Timing'], convertTiming],
    ]),
  ],
  [
    'number',
    table([
      [['integer', 'positiveInt', 'unsignedInt', 'decimal'], convertNumber],
      [['Range'], convertNumberRange],
    ]),
  ],
  [
    'quantity',
    table([
      [QUANTITIES, convertQuantity],
      [['Money'], convertMoney],
      [['Range'], convertRange],
      [['SampledData'], convertSampledData],
    ]),
  ],
  [
    'reference',
    table([
      [['Reference'], convertReference],
      [['Resource'], convertResource],
      [URIS, convertCanonical],
    ]),
  ],
  ['uri', table([[URIS, (value, { parameter }, sink) => (typeof value === 'string' ? sink.uri(parameter, value) : undefined)]])],
]);

/** How values of a FHIR type are indexed for a search parameter of a kind; undefined when that kind does not speak of that type. */
export function converterFor(parameterType: string, fhirType: string): Convert | undefined {
  return converters.get(parameterType)?.get(fhirType);
}

/** The FHIR types a kind of search parameter speaks of. */
export function convertibleTypes(parameterType: string): Iterable<string> {
  return converters.get(parameterType)?.keys() ?? [];
}
