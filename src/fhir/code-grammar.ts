/** Whether a code belongs to its system, told by its form. */
export type CodeGrammar = (code: string) => boolean;

// Source: RFC 6838 4.2, RFC 2045 5.1
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9*][\w!#$&^.+-]{0,126}(\s*;\s*[\w!#$&^.+-]+=("[^"]*"|[^\s;"]+))*$/;

// Source: RFC 5646 2.1, without the grandfathered tags
const LANGUAGE =
  /^([A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?(-([A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*(-[A-WY-Za-wy-z0-9](-[A-Za-z0-9]{2,8})+)*(-x(-[A-Za-z0-9]{1,8})+)?$/;

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** Code systems R4 binds to and no definition lists, by system. */
export const codeGrammars: ReadonlyMap<string, CodeGrammar> = new Map([
  ['urn:ietf:bcp:13', (code: string) => MEDIA_TYPE.test(code)],
  ['urn:ietf:bcp:47', (code: string) => LANGUAGE.test(code)],
  // ISO 4217 as Unicode's CLDR lists it: currencies out of use among them
  ['urn:iso:std:iso:4217', (code: string) => currencies.has(code)],
]);
