import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';

/** The formats a resource is written in. */
export type Format = 'json' | 'xml';

const FORMATS = new Map<string, Format>([
  ['json', 'json'],
  ['application/json', 'json'],
  ['application/fhir+json', 'json'],
  ['application/json+fhir', 'json'],
  ['text/json', 'json'],
  ['xml', 'xml'],
  ['application/xml', 'xml'],
  ['application/fhir+xml', 'xml'],
  ['application/xml+fhir', 'xml'],
  ['text/xml', 'xml'],
]);
/** What HL7 v2 messages are sent as. */
export const MESSAGE_TYPES: ReadonlySet<string> = new Set(['application/hl7-v2', 'application/hl7-v2+er7', 'x-application/hl7-v2+er7']);

const SUPPORTED = 'application/fhir+json, application/fhir+xml';
/** The Content-Type of each format. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/fhir+json; charset=utf-8',
  xml: 'application/fhir+xml; charset=utf-8',
};

/**
 * The format of an answer: `_format` goes before Accept; nothing asked for gives JSON.
 *
 * Fails: not-acceptable (no format asked for can be given)
 */
export function chooseFormat(requested: string | undefined, accept: string | undefined): Format {
  if (requested !== undefined && requested !== '') {
    // an unescaped + of a media type arrives as a space
    const format = formatOf(parseMediaType(requested.replace(/^(\w+\/\w+) (\w+)/, '$1+$2')));
    if (format === undefined) throw new IssueError(issue('not-acceptable', { supported: SUPPORTED }));
    return format;
  }
  if (accept === undefined || accept.trim() === '') return 'json';
  const ranges = accept
    .split(',')
    .map(parseMediaType)
    .map((media) => ({ media, quality: qualityOf(media) }))
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  for (const { media } of ranges) {
    if (media.name === '*/*' || media.name === 'application/*' || media.name === 'text/*') return 'json';
    // a file of an export is sent as it is; what is said instead of one is JSON
    if (media.name === 'application/fhir+ndjson' || media.name === 'application/ndjson') return 'json';
    const format = formatOf(media);
    if (format !== undefined) return format;
  }
  throw new IssueError(issue('not-acceptable', { supported: SUPPORTED }));
}

/** A media type and its parameters, in lower case. */
export interface MediaType {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Shape: parseMediaType('application/fhir+json; charset=utf-8').name is 'application/fhir+json' */
export function parseMediaType(text: string): MediaType {
  const [name = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const [key = '', value = ''] = part.split('=').map((word) => word.trim().replace(/^"|"$/g, ''));
    parameters.set(key, value);
  }
  return { name, parameters };
}

/** The format a media type names; undefined when it is none of FHIR's, or of another version of FHIR. */
export function formatOf(media: MediaType): Format | undefined {
  const version = media.parameters.get('fhirversion');
  if (version !== undefined && !version.startsWith('4.0')) return undefined;
  return FORMATS.get(media.name);
}

function qualityOf(media: MediaType): number {
  const quality = Number(media.parameters.get('q') ?? '1');
  return Number.isFinite(quality) ? quality : 0;
}
