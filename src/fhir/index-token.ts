import type { CodeableConcept, Coding, ContactPoint, Identifier } from 'fhir/r4.js';
import type { Destination } from './index-converters.ts';

/** A value that stands for itself: a boolean, a string, an id. */
export function convertPlainToken(value: unknown, { parameter, sink }: Destination): void {
  if (typeof value !== 'object' && value !== '') sink.token({ parameter, system: '', code: String(value) });
}

/** A code, in the system its binding says it is of. Source: FHIR R4 search 3.1.1.4.10, "code: the system is implicit" */
export function convertCode(value: unknown, { parameter, sink, systemOf }: Destination): void {
  if (typeof value === 'string' && value !== '') sink.token({ parameter, system: systemOf(value), code: value });
}

/** A Coding, with its display for :text. */
export function convertCoding(value: unknown, { parameter, sink }: Destination): void {
  const { system = '', code = '', display } = value as Coding;
  if (system === '' && code === '' && display === undefined) return;
  sink.token(display === undefined ? { parameter, system, code } : { parameter, system, code, text: display });
}

/** Each coding of a concept, and its text where no coding says the same. */
export function convertCodeableConcept(value: unknown, to: Destination): void {
  const { coding, text } = value as CodeableConcept;
  let said = typeof text !== 'string' || text === '';
  if (Array.isArray(coding)) {
    for (const one of coding) {
      convertCoding(one, to);
      said ||= one.display === text;
    }
  }
  if (!said) to.sink.token({ parameter: to.parameter, system: '', code: '', text: text as string });
}

/** An Identifier, with the codings of its type for :of-type and its text for :text. */
export function convertIdentifier(value: unknown, { parameter, sink }: Destination): void {
  const { system = '', value: code, type } = value as Identifier;
  if (code === undefined && system === '') return;
  const text = type?.text;
  const types = (type?.coding ?? []).flatMap((one) => (one.code === undefined ? [] : [{ system: one.system ?? '', code: one.code }]));
  sink.token({
    parameter,
    system,
    code: code ?? '',
    ...(text === undefined ? {} : { text }),
    ...(types.length === 0 ? {} : { types }),
  });
}

/** A ContactPoint as written; a number also as its bare digits and an e-mail address also in lower case, since people write both in many ways. */
export function convertContactPoint(value: unknown, { parameter, sink }: Destination): void {
  const { system, value: code } = value as ContactPoint;
  if (typeof code !== 'string' || code === '') return;
  sink.token({ parameter, system: '', code });
  const plain = plainContact(system, code);
  if (plain !== code && plain !== '') sink.token({ parameter, system: '', code: plain });
}

/** A phone number as digits, an e-mail address in lower case. Shape: plainContact('phone', '(555) 01-00') is '5550100' */
export function plainContact(system: string | undefined, value: string): string {
  if (system === 'email') return value.toLowerCase();
  return system === 'phone' || system === 'fax' || system === 'sms' || system === 'pager' ? value.replace(/[^\d+]/g, '') : value;
}
