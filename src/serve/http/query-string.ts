/** One parameter of a query or form, decoded. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/**
 * The parameters of a query string or form body, in the order sent. Values are strings, never objects or arrays.
 *
 * Shape: parseQuery('a=1&a=2') is [{ name: 'a', value: '1' }, { name: 'a', value: '2' }]
 */
export function parseQuery(text: string): Parameter[] {
  const parameters: Parameter[] = [];
  for (const [name, value] of new URLSearchParams(text)) parameters.push({ name, value });
  return parameters;
}

/** The query string of parameters; what parseQuery gives back as it was. Commas and the like stay readable. */
export function formatQuery(parameters: readonly Parameter[]): string {
  return parameters.map(({ name, value }) => `${encode(name)}=${encode(value)}`).join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/%(2C|3A|2F|7C|24)/g, (code) => decodeURIComponent(code));
}

/** A time whose offset has a + that was not escaped: that arrives as a space. Shape: 2026-01-01T00:00:00 01:00 */
export function withPlus(time: string): string {
  return time.replace(/ (?=\d\d:\d\d$)/, '+');
}

/** Express's query parser for mounted handlers: strings only, the first of each name, on an object without a prototype. */
export function queryObject(text: string | undefined): Record<string, string> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { name, value } of parseQuery(text ?? '')) values[name] ??= value;
  return values;
}
