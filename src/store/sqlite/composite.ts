import type { DatabaseSync } from 'node:sqlite';
import type { Filter } from '../../fhir/search-query.ts';
import { Bug } from '../../issue/issue-error.ts';
import { elementMeets, type Element } from './element-meets.ts';

/** Gives a connection the function `composite_meets(parts of an element, parts of a filter)`, both JSON. */
export function addCompositeFunction(database: DatabaseSync): void {
  let lastText = '';
  let last: Filter[] = [];
  database.function('composite_meets', { deterministic: true }, (parts, filters) => {
    if (typeof parts !== 'string' || typeof filters !== 'string') throw new Bug('composite_meets takes two texts');
    if (filters !== lastText) {
      last = JSON.parse(filters) as Filter[];
      lastText = filters;
    }
    const elements = JSON.parse(parts) as Element[];
    return Number(last.every((filter, index) => elementMeets(filter, elements[index] ?? {})));
  });
}
