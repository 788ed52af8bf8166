import { issue } from '../issue/issue.ts';
import type { Issue } from '../issue/issue.ts';
import { type Result, failure, success } from '../issue/result.ts';
import type { Delimiters } from './delimiters.ts';

/** The first three letters of every message, batch and file header: their field 1 is the separator itself. */
const HEADER_NAMES = new Set(['MSH', 'BHS', 'FHS']);

/** Whether a segment counts its fields as MSH does: field 1 is the separator, field 2 the encoding characters. */
export function isHeaderSegment(name: string): boolean {
  return HEADER_NAMES.has(name);
}

/**
 * The delimiters a header segment declares in its fields 1 and 2.
 *
 * Shape: 'MSH|^~\\&|LABSYS' -> field |, component ^, repetition ~, escape \, subcomponent &
 * Fails: header-unreadable (not a header, too few or too many characters, one twice, a letter, digit, blank or control character);
 *   with the value: encoding-characters-unusual (a doubled escape character, or three characters of which the last is &)
 * Source: HL7 v2.5.1 chapter 2, 2.5.4; v2.7 adds the truncation character
 */
export function parseDelimiters(header: string): Result<Delimiters> {
  const unreadable = (reason: string) =>
    failure(issue('header-unreadable', { at: { segment: header.slice(0, 3), occurrence: 1 }, reason }));
  if (!isHeaderSegment(header.slice(0, 3))) {
    return failure(issue('header-unreadable', { at: { segment: 'MSH', occurrence: 1 }, reason: 'it does not begin with MSH' }));
  }
  const field = header.charAt(3);
  if (!canDivide(field)) return unreadable('the field separator is missing, or a letter, digit, blank or control character');
  const end = header.indexOf(field, 4);
  const sent = header.slice(4, end === -1 ? undefined : end);
  if (sent.length < 2) return unreadable('fewer than two encoding characters');
  if (sent.length > 6) return unreadable('more than five encoding characters');

  const issues: Issue[] = [];
  const unusual = (reason: string) =>
    issues.push(issue('encoding-characters-unusual', { at: { segment: header.slice(0, 3), occurrence: 1, field: 2 }, reason }));
  let characters = sent.split('');
  if (characters.length > 3 && characters[2] === characters[3]) {
    unusual('the escape character is doubled');
    characters = characters.toSpliced(3, 1);
  }
  if (characters.length === 3 && characters[2] === '&') {
    unusual('there are three, the last is taken for the subcomponent separator: nothing is an escape');
    characters = characters.toSpliced(2, 0, '');
  }
  if (characters.length > 5) return unreadable('more than five encoding characters');
  const declared = [field, ...characters.filter((character) => character !== '')];
  if (!declared.every(canDivide)) return unreadable('an encoding character is a letter, digit, blank or control character');
  if (new Set(declared).size !== declared.length) return unreadable('two delimiters are the same character');
  const [component = '', repetition = '', escape = '', subcomponent = '', truncation = ''] = characters;
  return success({ field, component, repetition, escape, subcomponent, truncation }, issues);
}

/** Printable ASCII that is no letter, no digit and no double quote (which writes the HL7 null). */
function canDivide(character: string): boolean {
  return /^[!#-/:-@[-`{-~]$/.test(character);
}
