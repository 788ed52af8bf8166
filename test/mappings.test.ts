import { describe, expect, test } from 'vitest';
import { formatAddress } from '../src/issue/address.ts';
import type { Issue } from '../src/issue/issue.ts';
import { writtenNumber } from '../src/fhir/written-number.ts';
import { isTreeMap, textOfTree, type Tree } from '../src/map/mapping-source.ts';
import { examplesOf, type ExpectedIssue, runExample } from '../src/map/run-example.ts';
import { faults, mappings } from './map/mappings.ts';

test('every mapping file of the project is without fault', () => {
  expect(faults).toEqual([]);
});

if (faults.length === 0) {
  for (const source of mappings().sources.get('map') ?? []) {
    const name = isTreeMap(source.data) ? (textOfTree(source.data['map']) ?? '') : '';
    const examples = examplesOf(source);
    if (examples.length === 0) continue;
    describe(name, () => {
      for (const example of examples) {
        test(example.name, () => {
          const result = runExample(example, name, mappings().base);
          if (!result.ok) throw new Error('the example is no message');
          const { made, issues, unused } = result.value;
          if (example.gives !== undefined) expect(missing(example.gives, made, '')).toEqual([]);
          for (const element of example.lacks) expect((made as Record<string, unknown> | undefined)?.[element]).toBeUndefined();
          for (const one of example.warns) expect(told(issues, 'warning')).toContain(wanted(one, issues));
          for (const one of example.fails) expect(told(issues, 'error')).toContain(wanted(one, issues));
          if (example.fails.length === 0) expect(told(issues, 'error')).toEqual([]);
          for (const place of example.unused) expect(unused).toContain(place);
        });
      }
    });
  }
}

function told(issues: readonly Issue[], severity: string): string[] {
  return issues
    .filter((item) => item.severity === severity)
    .map((item) => `${item.id} at ${item.at === undefined ? '' : formatAddress(item.at)}`);
}

/** An address without a component stands for any place in it. */
function wanted(one: ExpectedIssue, issues: readonly Issue[]): string {
  const found = issues.find(
    (item) => item.id === one.id && (one.at === undefined || item.at === undefined || formatAddress(item.at).startsWith(one.at)),
  );
  return `${one.id} at ${found?.at === undefined ? (one.at ?? '') : formatAddress(found.at)}`;
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
