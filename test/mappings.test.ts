import { describe, expect, test } from 'vitest';
import { exampleFaults } from '../src/map/check-example.ts';
import { isTreeMap, textOfTree } from '../src/map/mapping-source.ts';
import { examplesOf, runExample } from '../src/map/run-example.ts';
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
          expect(exampleFaults(example, result.value)).toEqual([]);
        });
      }
    });
  }
}
