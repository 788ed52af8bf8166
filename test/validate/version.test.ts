import { describe, expect, test } from 'vitest';
import { compareVersions, meetsVersion } from '../../src/validate/package/version.ts';

describe('versions of packages', () => {
  test.each([
    ['6.1.0', '6.1.0', true],
    ['6.1.0', '6.1.x', true],
    ['6.1.0', '6.x', true],
    ['7.0.0', '6.1.x', false],
    ['6.1.0', '6.1', false],
    ['6.1.0-ballot', '6.1.0', false],
    ['0.1', 'latest', true],
  ])('%s where %s is asked for: %s', (version, wanted, met) => expect(meetsVersion(version, wanted)).toBe(met));

  test('are in the order of their numbers, drafts before releases', () => {
    const sorted = ['6.1.0-ballot', '6.1.0', '6.2.0', '6.10.0-rc1', '6.10.0-rc2', '6.10.0'];
    expect(sorted.toReversed().toSorted(compareVersions)).toEqual(sorted);
  });
});
