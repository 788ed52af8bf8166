/** The namespace of FHIR. */
export const FHIR_NAMESPACE = 'http://hl7.org/fhir';
/** The namespace of narrative. */
export const XHTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};
const NAMED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** A value as an attribute holds it; line breaks survive as character references. */
export function escapeAttribute(text: string): string {
  return text.replace(/[&<>"\n\r\t]/g, (character) => ESCAPES[character] as string);
}

/** The text of an attribute with its references resolved; undefined when one of them is not of XML. */
export function unescapeAttribute(text: string): string | undefined {
  let known = true;
  const resolved = text.replace(/&([^;&\s]{1,10});|&/g, (whole, name: string | undefined) => {
    const code = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name ?? '');
    const point = code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16);
    if (point > 0 && point <= 0x10ffff) return String.fromCodePoint(point);
    const character = NAMED.get(name ?? '');
    known &&= character !== undefined;
    return character ?? whole;
  });
  return known ? resolved : undefined;
}
