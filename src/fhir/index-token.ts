import type { Destination } from './index-converters.ts';
import type { IndexSink } from './index-sink.ts';
import { listOf, partOf, textOf } from './index-shape.ts';

/** A value that stands for itself: a boolean, a string, an id. */
export function convertPlainToken(value: unknown, { parameter }: Destination, sink: IndexSink): void {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
    if (value !== '') sink.token({ parameter, system: '', code: String(value) });
  }
}

/** A code, in the system its binding says it is of. Source: FHIR R4 search 3.1.1.4.10, "code: the system is implicit" */
export function convertCode(value: unknown, { parameter, systemOf }: Destination, sink: IndexSink): void {
  if (typeof value === 'string' && value !== '') sink.token({ parameter, system: systemOf(value), code: value });
}

/** A Coding, with its display for :text. */
export function convertCoding(value: unknown, { parameter }: Destination, sink: IndexSink): void {
  const system = textOf(value, 'system') ?? '';
  const code = textOf(value, 'code') ?? '';
  const text = textOf(value, 'display');
  if (text !== undefined) sink.token({ parameter, system, code, text });
  else if (system !== '' || code !== '') sink.token({ parameter, system, code });
}

/** Each coding of a concept, and its text where no coding says the same. */
export function convertCodeableConcept(value: unknown, to: Destination, sink: IndexSink): void {
  const text = textOf(value, 'text');
  let said = text === undefined;
  for (const coding of listOf(value, 'coding')) {
    convertCoding(coding, to, sink);
    said ||= partOf(coding, 'display') === text;
  }
  if (!said && text !== undefined) sink.token({ parameter: to.parameter, system: '', code: '', text });
}

/** An Identifier, with the codings of its type for :of-type and its text for :text. */
export function convertIdentifier(value: unknown, { parameter }: Destination, sink: IndexSink): void {
  const system = textOf(value, 'system') ?? '';
  const code = textOf(value, 'value') ?? '';
  if (code === '' && system === '') return;
  const type = partOf(value, 'type');
  const text = textOf(type, 'text');
  const types = listOf(type, 'coding').flatMap((coding) => {
    const typeCode = textOf(coding, 'code');
    return typeCode === undefined ? [] : [{ system: textOf(coding, 'system') ?? '', code: typeCode }];
  });
  sink.token({ parameter, system, code, ...(text === undefined ? {} : { text }), ...(types.length === 0 ? {} : { types }) });
}

/** A ContactPoint as written; a number also as its bare digits and an e-mail address also in lower case, since people write both in many ways. */
export function convertContactPoint(value: unknown, { parameter }: Destination, sink: IndexSink): void {
  const code = textOf(value, 'value');
  if (code === undefined) return;
  sink.token({ parameter, system: '', code });
  const plain = plainContact(textOf(value, 'system'), code);
  if (plain !== code && plain !== '') sink.token({ parameter, system: '', code: plain });
}

/** A phone number as digits, an e-mail address in lower case. Shape: plainContact('phone', '(555) 01-00') is '5550100' */
function plainContact(system: string | undefined, value: string): string {
  if (system === 'email') return value.toLowerCase();
  return system === 'phone' || system === 'fax' || system === 'sms' || system === 'pager' ? value.replace(/[^\d+]/g, '') : value;
}
