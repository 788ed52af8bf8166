import type { IndexValues } from '../../fhir/index-values.ts';
import type { Resource } from '../../fhir/resource.ts';
import { searchOf } from '../../fhir/search-query.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Store, StoredVersion } from '../../store/store.ts';
import { resourceOf } from '../write/stored-resource.ts';

/** The most resources a recount looks at. */
const MOST = 200;

/** Some of many, spread evenly over all, however many there come to be. */
export class Sample {
  #kept: StoredVersion[] = [];
  #stride = 1;
  #met = 0;

  add(version: StoredVersion): void {
    if (this.#met % this.#stride === 0) this.#kept.push(version);
    this.#met += 1;
    if (this.#kept.length <= MOST) return;
    this.#kept = this.#kept.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  get versions(): readonly StoredVersion[] {
    return this.#kept;
  }
}

/**
 * Whether a search by a parameter finds, of a sample, those that have a value and no other. Those that changed meanwhile are passed over.
 * How many were looked at; undefined: there is a difference.
 */
export async function recount(
  sample: readonly StoredVersion[],
  parameter: string,
  store: Store,
  extract: (resource: Resource) => IndexValues,
): Promise<number | undefined> {
  let looked = 0;
  for (const type of new Set(sample.map((version) => version.type))) {
    const ids = sample.filter((version) => version.type === type).map(({ id }) => id);
    const filter = {
      op: 'and',
      of: [
        { op: 'id', ids },
        { op: 'missing', parameter, missing: false },
      ],
    } as const;
    const page = await store.search(searchOf(type, filter, { count: MOST }));
    if (!page.ok) throw new IssueError(...page.issues);
    const found = new Map(page.value.matches.map(({ id, version }) => [id, version]));
    for (const now of await store.readMany(ids.map((id) => ({ type, id })))) {
      const resource = resourceOf(now);
      if (now === undefined || resource === undefined) continue;
      if (found.has(now.id) && found.get(now.id) !== now.version) continue;
      looked += 1;
      if (hasValue(extract(resource as unknown as Resource), parameter) !== found.has(now.id)) return undefined;
    }
  }
  return looked;
}

function hasValue(values: IndexValues, parameter: string): boolean {
  return Object.values(values).some((list: readonly { readonly parameter: string }[]) => list.some((one) => one.parameter === parameter));
}
