import type { StoredVersion } from '../store/store.ts';
import { type Choice, choiceOf, type ResourceReading } from './choose-versions.ts';
import type { ExportRequest } from './export-request.ts';

/** Which versions, of those current at its commit, an export is of. */
export interface Selection {
  /** The seq behind which all stand; undefined: it is told by their time, or all. */
  readonly from: number | undefined;
  readonly isInTime: (version: StoredVersion) => boolean;
  /** The choice among versions of a type; undefined: all of them. */
  readonly choice: (type: string) => Choice | undefined;
  /** Whether a version, which is no deletion, is given. */
  readonly has: (version: StoredVersion) => boolean;
}

/** The selection a request makes. `from`: the commit that its _since stands for, where that is known; `patients`: whose data, undefined: anybody's. */
export function selectionOf(
  request: ExportRequest,
  from: number | undefined,
  patients: ReadonlySet<string> | undefined,
  reading: ResourceReading,
): Selection {
  const choices = new Map(request.types.map((type) => [type, choiceOf(request, type, patients, reading)]));
  const { since = -Infinity, until = Infinity } = request;
  const isInTime = ({ seq, lastUpdated }: StoredVersion) => (from === undefined ? lastUpdated >= since : seq > from) && lastUpdated < until;
  const choice = (type: string) => choices.get(type);
  return {
    from,
    isInTime,
    choice,
    has: (version) => choices.has(version.type) && isInTime(version) && (choice(version.type)?.(version) ?? true),
  };
}
