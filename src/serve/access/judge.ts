import type { CompartmentParameters } from '../../fhir/compartments.ts';
import type { IndexValues } from '../../fhir/index-values.ts';
import { meetsFilter } from '../../fhir/meets-filter.ts';
import type { Resource } from '../../fhir/resource.ts';
import { EVERYTHING, type Filter } from '../../fhir/search-query.ts';
import type { Access } from '../../secure/access.ts';
import type { Right } from '../../secure/scope.ts';
import type { Store, StoredVersion } from '../../store/store.ts';
import { resourceOf } from '../write/stored-resource.ts';

/** How a resource is read to be judged. */
export interface Reading {
  readonly extract: (resource: Resource) => IndexValues;
  readonly compartmentParameters: CompartmentParameters;
}

/** Says of single resources whether a caller holds a right for them. */
export class Judge {
  readonly #access: Access;
  readonly #store: Store;
  readonly #reading: () => Reading;

  constructor(access: Access, store: Store, reading: () => Reading) {
    this.#access = access;
    this.#store = store;
    this.#reading = reading;
  }

  /** Whether any of the rights is held for a version. Of a deletion it is that of the version that was deleted. */
  async holds(version: StoredVersion, rights: readonly Right[]): Promise<boolean> {
    const limit = this.limit(version.type, rights);
    if (limit === undefined || limit === EVERYTHING) return limit !== undefined;
    let last: StoredVersion | undefined = version;
    while (last?.deleted === true) last = await this.#store.readVersion(last.type, last.id, last.version - 1);
    const resource = resourceOf(last);
    return last !== undefined && resource !== undefined && this.#meets(limit, resource, last);
  }

  /** Whether the right would be held for a resource that is about to be written. */
  holdsFor(type: string, id: string, resource: Record<string, unknown>, rights: readonly Right[]): boolean {
    const limit = this.limit(type, rights);
    if (limit === undefined || limit === EVERYTHING) return limit !== undefined;
    return this.#meets(limit, { ...resource, resourceType: type, id }, { type, id, lastUpdated: 0 });
  }

  /** What a resource of a type must meet for any of the rights to be held; undefined: none is. */
  limit(type: string, rights: readonly Right[]): Filter | undefined {
    const limits = rights.flatMap((right) => this.#access.may(type, right) ?? []);
    if (limits.length <= 1 || limits.includes(EVERYTHING)) return limits.find((limit) => limit === EVERYTHING) ?? limits[0];
    return { op: 'or', of: limits };
  }

  /** The resources a resource refers to. Shape: ['Patient/7f3c'] */
  referencesOf(version: StoredVersion): string[] {
    const values = this.#reading().extract(resourceOf(version) as unknown as Resource);
    return values.references.flatMap(({ type, id }) => (type === undefined || id === undefined ? [] : [`${type}/${id}`]));
  }

  #meets(limit: Filter, resource: object, { type, id, lastUpdated }: Pick<StoredVersion, 'type' | 'id' | 'lastUpdated'>): boolean {
    const { extract, compartmentParameters } = this.#reading();
    return meetsFilter(limit, { type, id, lastUpdated, values: extract(resource as Resource) }, compartmentParameters);
  }
}
