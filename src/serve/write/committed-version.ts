import { Bug } from '../../issue/issue-error.ts';
import type { StoredVersion } from '../../store/store.ts';
import type { Committed } from './decision.ts';

/** The version a commit made of a resource that it wrote. */
export function committedVersion(committed: Committed, type: string, id: string): StoredVersion {
  const version = committed.get(`${type}/${id}`);
  if (version === undefined) throw new Bug(`a commit of ${type}/${id} did not give its version`);
  return version;
}
