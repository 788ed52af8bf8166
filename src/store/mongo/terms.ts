/**
 * The strings a resource is found by: what search compares for equality is one string, so that one index serves every parameter.
 * Written by indexDocument, asked for by compileFilter; the two agree because both come here.
 *
 * The parts are kept apart by U+001F, which no name of a parameter holds; the letter after it says what follows.
 */
const SEP = '\u001f';

/** The name alone: the parameter has a value. Shape: gender */
export function presentTerm(parameter: string): string {
  return parameter;
}

/** What a token search with these parts asks for: `system` undefined is any system, empty none; `code` undefined any code. */
export function tokenTerm(parameter: string, system: string | undefined, code: string | undefined): string {
  if (system === undefined) return code === undefined ? presentTerm(parameter) : `${parameter}${SEP}c${code}`;
  return code === undefined ? `${parameter}${SEP}s${system}` : `${parameter}${SEP}b${system}${SEP}${code}`;
}

/** An identifier by its type, for :of-type. */
export function ofTypeTerm(parameter: string, system: string, code: string, value: string): string {
  return `${parameter}${SEP}o${system}${SEP}${code}${SEP}${value}`;
}

/** A uri, to the letter. */
export function uriTerm(parameter: string, value: string): string {
  return `${parameter}${SEP}u${value}`;
}

/** A literal reference; without a type, to a resource of any type. */
export function referenceTerm(parameter: string, type: string | undefined, id: string): string {
  return type === undefined ? `${parameter}${SEP}i${id}` : `${referencePrefix(parameter, type)}${id}`;
}

/** How every reference of the parameter to a resource of the type, or of any type, begins. */
export function referencePrefix(parameter: string, type: string | undefined): string {
  return type === undefined ? `${parameter}${SEP}r` : `${parameter}${SEP}r${type}/`;
}

/** What a reference term points to, as Type/id; undefined for a term of another kind. */
export function referenceTarget(term: string): { parameter: string; target: string } | undefined {
  const at = term.indexOf(SEP);
  return at <= 0 || term[at + 1] !== 'r' ? undefined : { parameter: term.slice(0, at), target: term.slice(at + 2) };
}

/** A reference by any parameter, for reverse includes of everything. Shape: Patient/7f3c */
export function anyReferenceTerm(type: string, id: string): string {
  return `${SEP}r${type}/${id}`;
}

/** A reference by URL. */
export function urlTerm(parameter: string, url: string): string {
  return `${parameter}${SEP}u${url}`;
}

/** Reference.identifier, in the manner of a token. */
export function referenceIdentifierTerm(parameter: string, system: string | undefined, value: string | undefined): string {
  return tokenTerm(`${parameter}:identifier`, system, value);
}

/** A string as it is compared: normalised. */
export function stringTerm(parameter: string, normalised: string): string {
  return `${parameter}${SEP}${normalised}`;
}

/** A string to the letter, for :exact. */
export function exactTerm(parameter: string, value: string): string {
  return `${parameter}${SEP}${value}`;
}

/** The name under which the texts of a token stand among the strings. */
export function textParameter(parameter: string): string {
  return `${parameter}:text`;
}

/** The name under which a uri stands among the strings, for :below. */
export function uriParameter(parameter: string): string {
  return `${parameter}:uri`;
}

/** The name under which the tokens of a composite's first part stand that the resource is not found by anyway. */
export function firstPartParameter(parameter: string): string {
  return `${parameter}/0`;
}
