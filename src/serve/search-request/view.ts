import type { Parameter } from '../http/query-string.ts';
import { invalid } from './parameter-issues.ts';

/** How much of each resource is shown. */
export interface View {
  readonly summary: 'true' | 'text' | 'data' | 'count' | 'false';
  readonly elements: readonly string[];
}

/** All of it. */
const WHOLE: View = { summary: 'false', elements: [] };

/** The value of _summary. Fails: parameter-invalid */
export function summaryOf(value: string): View['summary'] {
  const words = ['true', 'text', 'data', 'count', 'false'] as const;
  const found = words.find((word) => word === value);
  if (found === undefined) throw invalid('_summary', `it takes ${words.join(', ')}`);
  return found;
}

/** The value of _elements. Shape: ['birthDate', 'name'] Fails: parameter-invalid */
export function elementsOf(value: string): string[] {
  const elements = value.split(',').map((element) => element.trim().replace(/^[A-Z]\w*\./, ''));
  if (!elements.every((element) => /^[a-z]\w{0,63}$/i.test(element)))
    throw invalid('_elements', 'it takes names of elements at the top of a resource');
  return elements;
}

/** The view that a request other than a search asks for. Fails: parameter-invalid */
export function viewOf(query: readonly Parameter[]): View {
  if (query.length === 0) return WHOLE;
  const summary = query.find(({ name }) => name === '_summary')?.value;
  const elements = query.find(({ name }) => name === '_elements')?.value;
  return {
    summary: summary === undefined || summary === '' ? 'false' : summaryOf(summary),
    elements: elements === undefined || elements === '' ? [] : elementsOf(elements),
  };
}
