import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVERYTHING, type Include, searchOf } from '../../src/fhir/search-query.ts';
import { MOST_INCLUDED, type SearchPage, type Store } from '../../src/store/store.ts';
import { type Harness, resourceWith, testSettings } from './harness.ts';

/** Includes: forward, reverse, iterated, and where they are cut. */
export function contractOfIncludes(harness: Harness): void {
  describe('includes', () => {
    let store: Store;
    const writeOf = (reference: string, parameters: Record<string, string> = {}) => {
      const [type = '', id = ''] = reference.split('/');
      const references = Object.entries(parameters).map(([parameter, target]) => {
        const [targetType = '', targetId = ''] = target.split('/');
        return { parameter, type: targetType, id: targetId };
      });
      return { type, id, resource: resourceWith(type, id, { references }) };
    };
    const search = async (type: string, id: string, ...includes: readonly Include[]): Promise<SearchPage> => {
      const page = await store.search(searchOf(type, id === '*' ? EVERYTHING : { op: 'id', ids: [id] }, { includes }));
      if (!page.ok) throw new Error(JSON.stringify(page.issues));
      return page.value;
    };
    const included = async (...parameters: Parameters<typeof search>): Promise<string[]> =>
      (await search(...parameters)).included.map((found) => `${found.type}/${found.id}`).sort();
    const forward = (source: string, parameter?: string, more: Partial<Include> = {}): Include => ({
      direction: 'forward',
      source,
      iterate: false,
      ...(parameter === undefined ? {} : { parameter }),
      ...more,
    });
    const reverse = (source: string, parameter?: string, more: Partial<Include> = {}): Include => ({
      ...forward(source, parameter, more),
      direction: 'reverse',
    });

    beforeEach(async () => {
      store = await harness.open(testSettings());
      await store.commit({
        writes: [
          writeOf('Observation/o1', { subject: 'Patient/p', encounter: 'Encounter/e', performer: 'Practitioner/gone' }),
          writeOf('Observation/o2', { subject: 'Patient/p', member: 'Observation/o1' }),
          writeOf('Patient/p', { organization: 'Organization/x' }),
          writeOf('Encounter/e', { subject: 'Patient/p', provider: 'Organization/x' }),
          writeOf('Organization/x', { partof: 'Organization/y' }),
          writeOf('Organization/y', { partof: 'Organization/x' }),
          writeOf('Condition/c', { subject: 'Patient/p' }),
          writeOf('Group/g', { member: 'Patient/p' }),
          writeOf('Condition/gone', { subject: 'Patient/p' }),
        ],
      });
      await store.commit({ writes: [{ type: 'Condition', id: 'gone' }] });
    });
    afterEach(() => store.close());

    test('forward: what a match refers to by the parameter, where it is there', async () => {
      expect(await included('Observation', 'o1', forward('Observation', 'subject'))).toEqual(['Patient/p']);
      expect(await included('Observation', 'o1', forward('Observation', 'performer'))).toEqual([]);
      expect(await included('Observation', 'o1', forward('Observation', 'none'))).toEqual([]);
      expect(await included('Observation', 'o1', forward('Encounter', 'subject'))).toEqual([]);
    });

    test('forward: everything a match refers to', async () => {
      expect(await included('Observation', 'o1', forward('Observation'))).toEqual(['Encounter/e', 'Patient/p']);
      expect(await included('Observation', 'o1', forward('Observation', undefined, { target: 'Encounter' }))).toEqual(['Encounter/e']);
    });

    test('forward: only of the type asked', async () => {
      expect(await included('Observation', 'o1', forward('Observation', 'subject', { target: 'Group' }))).toEqual([]);
    });

    test('reverse: what refers to a match by the parameter, and is not deleted', async () => {
      expect(await included('Patient', 'p', reverse('Condition', 'subject'))).toEqual(['Condition/c']);
      expect(await included('Patient', 'p', reverse('Observation', 'subject'))).toEqual(['Observation/o1', 'Observation/o2']);
      expect(await included('Patient', 'p', reverse('Group'))).toEqual(['Group/g']);
    });

    test('of every type: whatever refers, and whatever is referred to, of the types named', async () => {
      const every = ['Patient', 'Observation', 'Encounter', 'Organization', 'Condition', 'Basic'];
      const each = (of: typeof forward, more: Partial<Include> = {}) => every.map((source) => of(source, undefined, more));
      expect(await included('Patient', 'p', ...each(reverse))).toEqual(['Condition/c', 'Encounter/e', 'Observation/o1', 'Observation/o2']);
      expect(await included('Observation', 'o1', ...each(forward, { iterate: true }))).toEqual([
        'Encounter/e',
        'Organization/x',
        'Organization/y',
        'Patient/p',
      ]);
      expect(await included('Observation', 'o1', ...each(forward, { target: 'Patient' }), reverse('Observation', 'member'))).toEqual([
        'Observation/o2',
        'Patient/p',
      ]);
    });

    test('a resource is shown once, and a match is not included', async () => {
      const page = await search(
        'Observation',
        '*',
        forward('Observation', 'subject'),
        forward('Observation', 'member'),
        forward('Observation'),
      );
      expect(page.matches).toHaveLength(2);
      expect(page.included.map((found) => found.type).sort()).toEqual(['Encounter', 'Patient']);
    });

    test('without iterate an include follows the matches alone', async () => {
      expect(await included('Observation', 'o1', forward('Observation', 'encounter'), forward('Encounter', 'provider'))).toEqual([
        'Encounter/e',
      ]);
    });

    test('iterated, it follows what was included, round after round, and circles end', async () => {
      const all = ['Encounter/e', 'Organization/x', 'Organization/y'];
      const iterate = { iterate: true };
      expect(
        await included(
          'Observation',
          'o1',
          forward('Observation', 'encounter'),
          forward('Encounter', 'provider', iterate),
          forward('Organization', 'partof', iterate),
        ),
      ).toEqual(all);
      expect(
        await included(
          'Observation',
          'o1',
          forward('Organization', 'partof', iterate),
          forward('Encounter', 'provider', iterate),
          forward('Observation', 'encounter'),
        ),
      ).toEqual(all);
      expect(
        await included(
          'Organization',
          'y',
          reverse('Organization', 'partof', iterate),
          reverse('Patient', 'organization', iterate),
          reverse('Observation', 'subject', iterate),
        ),
      ).toEqual(['Observation/o1', 'Observation/o2', 'Organization/x', 'Patient/p']);
    });

    test('what is included beyond the limit is cut, and the page says so', async () => {
      const writes = Array.from({ length: MOST_INCLUDED }, (_, index) => writeOf(`Condition/c${index}`, { subject: 'Patient/p' }));
      await store.commit({ writes });
      const cut = await search('Patient', 'p', reverse('Condition', 'subject'));
      expect(cut.included).toHaveLength(MOST_INCLUDED);
      expect(cut.includedCut).toBe(true);
      await store.commit({ writes: [{ type: 'Condition', id: 'c' }] });
      const whole = await search('Patient', 'p', reverse('Condition', 'subject'));
      expect(whole.included).toHaveLength(MOST_INCLUDED);
      expect(whole.includedCut).toBeUndefined();
    });
  });
}
