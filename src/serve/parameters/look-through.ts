import type { SearchParameter } from 'fhir/r4.js';
import { PARAMETER_STATE } from '../../store/store-digest.ts';
import type { CustomParametersParts } from './custom-parameters.ts';
import type { ParameterState } from './parameter-state.ts';
import { recount, Sample } from './recount.ts';

/** Resources taken out at a time: a few milliseconds of work, then requests get their turn. */
const AT_ONCE = 64;
/** How long others leave a parameter alone that somebody looks through for. Units: ms */
const LEASE_MS = 60_000;

/** One parameter to look through what is stored for. */
export interface LookThrough extends CustomParametersParts {
  readonly id: string;
  readonly parameter: SearchParameter;
  readonly state: ParameterState;
  /** The state as it is kept. */
  readonly text: string;
  readonly isStopped: () => boolean;
}

/**
 * Takes out anew what is stored, in the order of commits, from where it was left; at the end a sample is counted again, and only where all is
 * found as it should be is the parameter searched by. It ends early where the parameter changed, or another process goes on with it.
 */
export async function lookThrough(parts: LookThrough): Promise<void> {
  const { store, parameter, id, now, holder, log } = parts;
  let { state, text } = parts;
  const save = async (change: Partial<ParameterState>): Promise<boolean> => {
    const next = { ...state, ...change, holder, until: now() + LEASE_MS };
    const json = JSON.stringify(next);
    const { ok } = await store.commit({ documents: [{ kind: PARAMETER_STATE, key: id, json, expected: text }] });
    if (ok) [state, text] = [next, json];
    return ok;
  };
  if (!(await save({}))) return;

  const bases = new Set<string>(parameter.base);
  const isOf = (type: string) => bases.has('Resource') || bases.has('DomainResource') || bases.has(type);
  const [only] = parameter.base;
  const sample = new Sample();
  const query = {
    current: true,
    after: state.after,
    ...(bases.size === 1 && only !== undefined && parts.live.base.resourceTypes.has(only) ? { type: only } : {}),
  };
  for await (const versions of store.walk(query)) {
    const found = versions.filter(({ type, deleted }) => !deleted && isOf(type));
    for (let at = 0; at < found.length; at += AT_ONCE) await store.reindex(found.slice(at, at + AT_ONCE));
    for (const version of found) sample.add(version);
    if (!(await save({ after: versions.at(-1)?.seq ?? state.after, done: state.done + found.length })) || parts.isStopped()) return;
  }
  const recounted = await recount(sample.versions, parameter.code, store, parts.extract);
  if (recounted === undefined) {
    log.warn({ parameter: parameter.code, differed: state.differed + 1 }, 'search parameter: a recount differs, it begins anew');
    await save({ after: 0, done: 0, differed: state.differed + 1 });
    return;
  }
  await save({ state: 'active', recounted });
  log.info({ parameter: parameter.code, resources: state.done, recounted }, 'search parameter is searched by');
}
