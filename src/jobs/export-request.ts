import type { Filter } from '../fhir/search-query.ts';
import type { Issue } from '../issue/issue.ts';
import type { Associated } from './associated-data.ts';

/** What a kick-off asks for. It is kept with the job, so it is data all through. */
export interface ExportRequest {
  /** Everything, what is about any patient, or about the patients of a group. */
  readonly level: 'system' | 'patient' | 'group';
  /** The id of the group. */
  readonly group?: string;
  /** The address asked, as the manifest repeats it. */
  readonly url: string;
  /** In the order they are written. */
  readonly types: readonly string[];
  /** UTC ms, inclusive. */
  readonly since?: number;
  /** UTC ms, exclusive. */
  readonly until?: number;
  /** Of a type: any of these is met. A type that is not named has no filter. */
  readonly filters: readonly { readonly type: string; readonly filter: Filter }[];
  /** `type` undefined: of every type. */
  readonly elements: readonly { readonly type?: string; readonly element: string }[];
  /** Ids of patients: nobody else's data is given. */
  readonly patients?: readonly string[];
  /** The Provenance that goes with what is given. */
  readonly associated?: Associated;
  /** What was left out of the request, leniently: told in the manifest. */
  readonly warnings: readonly Issue[];
}
