import { isBase64 } from '../../fhir/base64.ts';
import type { Conversion, Frame, RowFacts } from '../run.ts';
import type { Node } from '../node.ts';
import type { Value } from '../value.ts';

/** Media types by ED.3, table 0291, and by the words senders use. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  PDF: 'application/pdf',
  RTF: 'application/rtf',
  'X-HL7-CDA-LEVEL-ONE': 'application/x-hl7-cda-level-one+xml',
  HTML: 'text/html',
  XML: 'text/xml',
  PLAIN: 'text/plain',
  TXT: 'text/plain',
  TEXT: 'text/plain',
  JPEG: 'image/jpeg',
  JPG: 'image/jpeg',
  PNG: 'image/png',
  GIF: 'image/gif',
  TIFF: 'image/tiff',
  TIF: 'image/tiff',
  DICOM: 'application/dicom',
  BASIC: 'audio/basic',
  FAX: 'image/g3fax',
  SGML: 'text/sgml',
  'OCTET-STREAM': 'application/octet-stream',
};
/** ED.2, table 0834, as the first half of a media type. */
const KINDS: Readonly<Record<string, string>> = {
  APPLICATION: 'application',
  AP: 'application',
  AUDIO: 'audio',
  AU: 'audio',
  IMAGE: 'image',
  IM: 'image',
  MODEL: 'model',
  TEXT: 'text',
  TX: 'text',
  VIDEO: 'video',
};

/** The media type of ED.2 and ED.3; undefined when they tell none. Shape: ('APPLICATION', 'PDF') -> application/pdf @internal */
export function mediaType(kind: string, subtype: string): string | undefined {
  if (/^[a-z]+\/[\w.+-]+$/i.test(subtype)) return subtype.toLowerCase();
  const known = MEDIA_TYPES[subtype.toUpperCase()];
  if (known !== undefined) return known;
  const main = KINDS[kind.toUpperCase()];
  return main !== undefined && /^[\w.+-]+$/.test(subtype) ? `${main}/${subtype.toLowerCase()}` : undefined;
}

/**
 * Encapsulated data as an Attachment: its bytes in base64. What does not decode is kept as text.
 *
 * Shape: ^APPLICATION^PDF^Base64^JVBERi0... -> contentType application/pdf, data
 * Fails: attachment-unreadable (a warning)
 * Source: HL7 v2.5.1 chapter 2A, ED; decisions 18
 */
function attachmentFromEd(value: Value, frame: Frame, facts: RowFacts): Node | undefined {
  const sent = value.part(5);
  if (sent.trim() === '') return undefined;
  const encoding = value.part(4).trim().toLowerCase();
  const contentType = mediaType(value.part(2).trim(), value.part(3).trim());
  const bytes = decode(sent, encoding);
  for (const part of contentType === undefined ? [4, 5] : [2, 3, 4, 5]) frame.run.usage.addPart(value, part);
  if (bytes !== undefined) return { ...(contentType === undefined ? {} : { contentType }), data: bytes };
  frame.run.report('attachment-unreadable', value, facts, { encoding: encoding || 'Base64' });
  return { contentType: 'text/plain', data: Buffer.from(sent, 'utf8').toString('base64') };
}

/** As base64 without line breaks; undefined when the text is not of the encoding. */
function decode(text: string, encoding: string): string | undefined {
  if (encoding === 'a' || encoding === 'text') return Buffer.from(text, 'utf8').toString('base64');
  const dense = /\s/.test(text) ? text.replace(/\s+/g, '') : text;
  if (encoding === 'hex') return /^(?:[0-9a-fA-F]{2})+$/.test(dense) ? Buffer.from(dense, 'hex').toString('base64') : undefined;
  if (encoding !== 'base64' && encoding !== '') return undefined;
  return isBase64(dense) ? dense : undefined;
}

/**
 * A pointer to data elsewhere as an Attachment.
 *
 * Shape: http://img.example/1^PACS^IM^JPEG -> url, contentType image/jpeg; a pointer that is no address is its title
 * Source: HL7 v2.5.1 chapter 2A, RP
 */
function attachmentFromRp(value: Value, frame: Frame): Node | undefined {
  const pointer = value.part(1).trim();
  if (pointer === '') return undefined;
  const contentType = mediaType(value.part(3).trim(), value.part(4).trim());
  for (const part of contentType === undefined ? [1] : [1, 3, 4]) frame.run.usage.addPart(value, part);
  const place = /^[a-z][a-z0-9+.-]*:\S+$/i.test(pointer) ? { url: pointer } : { title: pointer };
  return { ...(contentType === undefined ? {} : { contentType }), ...place };
}

/** Text as an Attachment of its own: a report whose lines have no code. */
function attachmentFromText(value: Value): Node | undefined {
  const text = value.text;
  return text.trim() === '' ? undefined : { contentType: 'text/plain', data: Buffer.from(text, 'utf8').toString('base64') };
}

/** Conversions of documents. */
export const attachmentConversions: readonly Conversion[] = [
  { name: 'ED to Attachment', convert: attachmentFromEd, uses: 'itself' },
  { name: 'RP to Attachment', convert: attachmentFromRp, uses: 'itself' },
  ...['TX', 'FT', 'ST'].map((type): Conversion => ({ name: `${type} to Attachment`, convert: attachmentFromText, uses: 'all' })),
  { name: 'varies to Attachment', convert: attachmentFromText, uses: 'all' },
];
