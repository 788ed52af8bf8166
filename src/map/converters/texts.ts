import type { Conversion, Convert, Frame, RowFacts } from '../run.ts';
import { Chosen } from '../node.ts';
import type { Value } from '../value.ts';

/** The v2 types that are one text, in which a separator is a character like others. */
const WHOLE_TEXTS = ['ST', 'TX', 'FT', 'GTS', 'varies'];
/** The v2 types that are one short word. */
const WORDS = ['ID', 'IS', 'SI', 'NM', 'SNM', 'DT', 'TM', 'DTM'];

const nothingToUndefined = (text: string) => (text === '' ? undefined : text);

/** A text: blanks around it are padding. */
const toText: Convert = (value) => nothingToUndefined(value.text.trim());

/** A text of several lines: blanks before a line may be its layout. */
const toLines: Convert = (value) => {
  const text = value.text.trimEnd();
  return text.trim() === '' ? undefined : text;
};

const toWord: Convert = (value) => nothingToUndefined(value.first.trim());

/**
 * A code: FHIR has no blanks around one, nor two in a row.
 *
 * Fails: data-type-invalid (a warning where the element can be left out)
 */
function toCode(value: Value, frame: Frame, facts: RowFacts): string | undefined {
  const code = value.first.trim();
  if (code === '') return undefined;
  if (/^\S+(?:\s\S+)*$/.test(code)) return code;
  frame.run.report('data-type-invalid', value, facts, { type: 'code', ...(facts.required ? {} : { severity: 'warning' }) });
  return undefined;
}

/** An address of the web or a urn: without blanks in it. Fails: data-type-invalid */
function toUri(value: Value, frame: Frame, facts: RowFacts): string | undefined {
  const text = value.text.trim();
  if (text === '') return undefined;
  if (/^\S+$/.test(text)) return text;
  frame.run.report('data-type-invalid', value, facts, { type: 'uri', ...(facts.required ? {} : { severity: 'warning' }) });
  return undefined;
}

/** Table 0136; anything else is not a boolean. Fails: data-type-invalid (a warning where the element can be left out) */
function toBoolean(value: Value, frame: Frame, facts: RowFacts): boolean | undefined {
  const code = value.first.trim().toUpperCase();
  if (code === 'Y' || code === 'N') return code === 'Y';
  if (code !== '') frame.run.report('data-type-invalid', value, facts, { type: 'ID', ...(facts.required ? {} : { severity: 'warning' }) });
  return undefined;
}

/** A concept that is words only. */
const toConceptText: Convert = (value) => {
  const text = nothingToUndefined(value.text.trim());
  return text === undefined ? undefined : { text };
};

/** The message type as people write it. Shape: ADT^A01^ADT_A01 */
const textFromMsg: Convert = (value) =>
  nothingToUndefined([value.part(1), value.part(2), value.part(3)].filter((part) => part !== '').join('^'));

/** What has no type of its own in FHIR, as the text it was sent as. */
const toValueText: Convert = (value) => {
  const text = value.text.trim();
  return text === '' ? undefined : new Chosen('valueString', text);
};

/** A code whose system nobody names. */
const toBareConcept: Convert = (value) => {
  const code = value.first.trim();
  return code === '' ? undefined : { coding: [{ code }] };
};

/** Conversions of texts and codes. */
export const textConversions: readonly Conversion[] = [
  ...WHOLE_TEXTS.flatMap((type): Conversion[] => [
    { name: `${type} to string`, convert: type === 'ST' ? toText : toLines, uses: 'all' },
    { name: `${type} to markdown`, convert: toLines, uses: 'all' },
    { name: `${type} to code`, convert: toCode, uses: 'first' },
    { name: `${type} to uri`, convert: toUri, uses: 'all' },
    { name: `${type} to url`, convert: toUri, uses: 'all' },
    { name: `${type} to CodeableConcept`, convert: toConceptText, uses: 'all' },
  ]),
  ...WORDS.flatMap((type): Conversion[] => [
    { name: `${type} to string`, convert: toWord, uses: 'first' },
    { name: `${type} to markdown`, convert: toWord, uses: 'first' },
    { name: `${type} to code`, convert: toCode, uses: 'first' },
  ]),
  { name: 'ID to uri', convert: toUri, uses: 'first' },
  { name: 'MSG to string', convert: textFromMsg, uses: 'all' },
  { name: 'any to text', convert: toValueText, uses: 'all' },
  { name: 'IS to CodeableConcept', convert: toBareConcept, uses: 'first' },
  { name: 'ID to CodeableConcept', convert: toBareConcept, uses: 'first' },
  { name: 'ID to boolean', convert: toBoolean, uses: 'first' },
  { name: 'IS to boolean', convert: toBoolean, uses: 'first' },
];
