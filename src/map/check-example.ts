import { formatAddress } from '../issue/address.ts';
import { type Issue, textOf } from '../issue/issue.ts';
import { writtenNumber } from '../fhir/written-number.ts';
import type { Tree } from './mapping-source.ts';
import type { ExampleResult, ExpectedIssue, MapExample } from './run-example.ts';

/**
 * What an example expects and its map does not do, one sentence each; none when all is as expected.
 *
 * Shape: ['.birthDate is 1980, not 1980-03', 'gender should not be there', 'PID-8 is not reported as unused']
 */
export function exampleFaults(example: MapExample, result: ExampleResult): string[] {
  const { made, issues, unused } = result;
  const told = (severity: string) => issues.filter((item) => item.severity === severity);
  const untold = (expected: readonly ExpectedIssue[], severity: string) =>
    expected
      .filter((one) => !told(severity).some((item) => isExpected(one, item)))
      .map(({ id, at }) => `no ${severity} ${id}${at === undefined ? '' : ` at ${at}`}`);
  const surprising = example.fails.length > 0 ? [] : told('error');
  return [
    ...(example.gives === undefined ? [] : missing(example.gives, made, '')),
    ...example.lacks
      .filter((element) => (made as Record<string, unknown> | undefined)?.[element] !== undefined)
      .map((element) => `${element} should not be there`),
    ...untold(example.warns, 'warning'),
    ...untold(example.fails, 'error'),
    ...surprising.map((item) => `${item.id}${item.at === undefined ? '' : ` at ${formatAddress(item.at)}`}: ${textOf(item)}`),
    ...example.unused.filter((place) => !unused.includes(place)).map((place) => `${place} is not reported as unused`),
  ];
}

/** An address without a component stands for any place in it. */
function isExpected({ id, at }: ExpectedIssue, item: Issue): boolean {
  if (item.id !== id) return false;
  const place = item.at === undefined ? undefined : formatAddress(item.at);
  return at === undefined || place === undefined || place === at || (place.startsWith(at) && /^[.[(]/.test(place.slice(at.length)));
}

/** The paths of what was expected and is not there; lists may hold more, in any order. */
function missing(expected: Tree, made: unknown, path: string): string[] {
  if (typeof expected === 'string') return String(made) === expected ? [] : [`${path} is ${String(made)}, not ${expected}`];
  if (Array.isArray(expected)) {
    const list = Array.isArray(made) ? (made as readonly unknown[]) : [];
    return (expected as readonly Tree[]).flatMap((item, index) =>
      list.some((other) => missing(item, other, '').length === 0) ? [] : [`${path}[${index}] is not there`],
    );
  }
  if (typeof made !== 'object' || made === null) return [`${path} is not there`];
  return Object.entries(expected).flatMap(([name, item]) => {
    const value = (made as Record<string, unknown>)[name];
    const written = typeof value === 'number' ? writtenNumber(made, name) : value;
    return missing(item, written, `${path}.${name}`);
  });
}
