import { type Address, formatAddress } from './address.ts';
import { catalogue, type CatalogueEntry, type IssueId } from './catalogue.ts';

/** One thing that went wrong or deserves to be said, where it happened, in the words of the catalogue. */
export interface Issue {
  readonly id: IssueId;
  readonly severity: 'error' | 'warning' | 'information';
  /** Fills the placeholders of the catalogue's text. Names, types and counts only: never a value out of a message. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Where in the v2 message. */
  readonly at?: Address;
  /** Where in the resource. Shape: Patient.identifier[1].value */
  readonly expression?: string;
  /** The mapping row. Shape: pid-to-patient.yaml:14 */
  readonly row?: string;
  /** The value found there. Shown to the operator and to the client that sent it; never in an ERR segment or a log line. */
  readonly value?: string;
}

/** Where an issue happened and what fills its text; `severity` overrides the catalogue's. */
export interface IssueDetails {
  readonly at?: Address | undefined;
  readonly expression?: string | undefined;
  readonly row?: string | undefined;
  readonly value?: string | undefined;
  readonly severity?: Issue['severity'];
  readonly [parameter: string]: unknown;
}

const PLACES = new Set(['at', 'expression', 'row', 'value', 'severity']);

/**
 * An issue of the catalogue, placed.
 *
 * Shape: issue('table-value-not-found', { at, table: 'AdministrativeSex', value: 'Q' })
 */
export function issue(id: IssueId, details: IssueDetails = {}): Issue {
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(details)) if (!PLACES.has(name)) parameters[name] = String(value);
  return {
    id,
    severity: details.severity ?? catalogue[id].severity,
    parameters,
    ...(details.at === undefined ? {} : { at: details.at }),
    ...(details.expression === undefined ? {} : { expression: details.expression }),
    ...(details.row === undefined ? {} : { row: details.row }),
    ...(details.value === undefined ? {} : { value: details.value }),
  };
}

/** The catalogue's entry of an issue. */
export function entryOf(item: Issue): CatalogueEntry {
  return catalogue[item.id];
}

/** The sentence of an issue: the catalogue's text with its placeholders filled. It holds no value of a message. */
export function textOf(item: Issue): string {
  const at = item.at === undefined ? (item.expression ?? '') : formatAddress(item.at);
  return entryOf(item).text.replace(
    /\{(\w+)\}/g,
    (_, name: string) => item.parameters[name] ?? (name === 'at' ? at : name === 'element' ? (item.expression ?? '') : ''),
  );
}

/** Whether any of the issues is an error. */
export function hasError(issues: readonly Issue[]): boolean {
  return issues.some((item) => item.severity === 'error');
}
