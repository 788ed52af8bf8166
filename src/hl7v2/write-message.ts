import type { Delimiters } from './delimiters.ts';
import { escape } from './escape-sequences.ts';
import type { Segment } from './message.ts';
import { isHeaderSegment } from './read-delimiters.ts';

/** A value to be written: a text, or components, each a text or subcomponents. Nothing in it is escaped yet. */
export type Value = string | readonly (string | readonly string[])[];

/** What goes into a field: a value, several as repetitions, or a field as another message had it, escapes and all. */
export type FieldContent = Value | { readonly repetitions: readonly Value[] } | { readonly raw: string };

/** The encoding characters as MSH-2 has them. Shape: ^~\& */
function encodingCharacters(delimiters: Delimiters): string {
  const { component, repetition, escape: mark, subcomponent, truncation } = delimiters;
  return component + repetition + mark + subcomponent + truncation;
}

/**
 * A segment of values, without its end; empty fields at the end are left out.
 * In MSH, BHS and FHS the first field given is field 3: 1 and 2 are the delimiters.
 *
 * Shape: writeSegment('MSA', ['AA', 'MSG00017'], STANDARD_DELIMITERS) -> 'MSA|AA|MSG00017'
 */
export function writeSegment(name: string, fields: readonly FieldContent[], delimiters: Delimiters): string {
  const { field: separator } = delimiters;
  const written = fields.map((field) => writeField(field, delimiters));
  const header = isHeaderSegment(name) ? name + separator + encodingCharacters(delimiters) : name;
  return [header, ...withoutEmptyEnd(written)].join(separator);
}

/** Segments as one message: each as it is, ended by a carriage return. What was parsed comes back byte for byte, but for its line ends. */
export function writeMessage(segments: readonly (Segment | string)[]): string {
  return segments.map((segment) => `${typeof segment === 'string' ? segment : segment.raw}\r`).join('');
}

function writeField(field: FieldContent, delimiters: Delimiters): string {
  if (typeof field === 'string') return escape(field, delimiters);
  if ('raw' in field) return field.raw;
  if ('repetitions' in field) return field.repetitions.map((value) => writeValue(value, delimiters)).join(delimiters.repetition);
  return writeValue(field, delimiters);
}

function writeValue(value: Value, delimiters: Delimiters): string {
  if (typeof value === 'string') return escape(value, delimiters);
  const components = value.map((component) => {
    if (typeof component === 'string') return escape(component, delimiters);
    // Where no subcomponent separator is declared, only the first subcomponent can be said.
    const sayable = delimiters.subcomponent === '' ? component.slice(0, 1) : component;
    return withoutEmptyEnd(sayable.map((part) => escape(part, delimiters))).join(delimiters.subcomponent);
  });
  return withoutEmptyEnd(components).join(delimiters.component);
}

function withoutEmptyEnd(parts: readonly string[]): readonly string[] {
  const last = parts.findLastIndex((part) => part !== '');
  return last === parts.length - 1 ? parts : parts.slice(0, last + 1);
}
