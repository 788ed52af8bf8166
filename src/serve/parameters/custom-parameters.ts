import type { SearchParameter } from 'fhir/r4.js';
import type { Logger } from 'pino';
import type { IndexValues } from '../../fhir/index-values.ts';
import type { LiveDefinitions } from '../../fhir/live-definitions.ts';
import type { Resource } from '../../fhir/resource.ts';
import { checkSearchParameter } from '../../fhir/search-parameter-check.ts';
import { EVERYTHING, searchOf } from '../../fhir/search-query.ts';
import { issue, type Issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Store } from '../../store/store.ts';
import { PARAMETER_STATE } from '../../store/store-digest.ts';
import { resourceOf } from '../write/stored-resource.ts';
import { begun, fingerprintOf, type ParameterState, readParameterState } from './parameter-state.ts';
import { lookThrough } from './look-through.ts';
import { type Knowledge, watchedStore } from './watched-store.ts';

/** What search parameters made at run time are kept up with. */
export interface CustomParametersParts {
  readonly store: Store;
  readonly live: LiveDefinitions;
  /** What the store takes values out with: it must follow `live.indexed`. */
  readonly extract: (resource: Resource) => IndexValues;
  readonly now: () => number;
  /** This process, for its lease. */
  readonly holder: string;
  /** How often it is looked for new ones, and by how much others may be late. Units: ms */
  readonly everyMs: number;
  readonly log: Logger;
}

/** Search parameters that did not come with R4: SearchParameter resources with status active. */
export interface CustomParameters {
  /** What stands against a SearchParameter that is to be kept. Fails: search-parameter-unusable, told and not thrown */
  check(resource: Readonly<Record<string, unknown>>): readonly Issue[];
  /** Undefined: it is declared and nothing is done with it, since its status is not active. */
  stateOf(id: string): Promise<ParameterState | undefined>;
  /** Takes up what came and went, and looks through what is stored for what is new. */
  round(): Promise<void>;
  /** The store for everybody else in this process: what it answers is true also while another process changes the parameters. */
  over(store: Store): Store;
  /** Takes up what is there, then does a round every so often. */
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Known {
  readonly id: string;
  readonly parameter: SearchParameter;
  readonly state: ParameterState;
  readonly text: string;
}

/** Keeps the search parameters of a store in use. Several processes may do it over one store: one of them looks through at a time. */
export function createCustomParameters(parts: CustomParametersParts): CustomParameters {
  const { store, live, now, everyMs, log } = parts;
  let signature = '';
  let latest: readonly Known[] = [];
  let lookedAt = -Infinity;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const check = (resource: Readonly<Record<string, unknown>>): readonly Issue[] => {
    if (resource['resourceType'] !== 'SearchParameter' || resource['status'] !== 'active') return [];
    const parameter = resource as unknown as SearchParameter;
    const types = parameter.base.flatMap((base) => (live.base.resourceTypes.has(base) ? [base] : [...live.base.resourceTypes]));
    for (const type of types) {
      const taken = live.indexed.searchParameter(type, parameter.code);
      if (taken !== undefined && (taken.url !== parameter.url || live.base.searchParameter(type, parameter.code) !== undefined))
        return [
          issue('search-parameter-unusable', {
            parameter: parameter.code,
            reason: 'another has this code for the same type',
            expression: 'SearchParameter.code',
          }),
        ];
    }
    const checked = checkSearchParameter(parameter, live.base);
    return checked.ok ? [] : checked.issues;
  };

  const refresh = async (): Promise<Known[]> => {
    const begins = now();
    const declared = await declaredIn(store);
    const kept = new Map((await store.listDocuments(PARAMETER_STATE, '', 10_000)).map(({ key, json }) => [key, json]));
    const known: Known[] = [];
    for (const [id, parameter] of declared) {
      const fingerprint = fingerprintOf(parameter);
      const text = kept.get(id);
      let state = text === undefined ? undefined : readParameterState(text);
      kept.delete(id);
      if (!checkSearchParameter(parameter, live.base).ok) continue;
      let json = text ?? '';
      if (state?.fingerprint !== fingerprint) {
        state = begun(fingerprint, now());
        json = JSON.stringify(state);
        const written = await store.commit({ documents: [{ kind: PARAMETER_STATE, key: id, json, expected: text ?? null }] });
        // another process met it too: the next round sees what that wrote
        if (!written.ok) state = begun(fingerprint, now());
        else log.info({ parameter: parameter.code }, 'search parameter met');
      }
      known.push({ id, parameter, state, text: json });
    }
    for (const [key, expected] of kept) await store.commit({ documents: [{ kind: PARAMETER_STATE, key, expected }] });
    take(known);
    lookedAt = begins;
    return known;
  };

  const take = (known: readonly Known[]): void => {
    latest = known;
    const found = known.map(({ id, state }) => `${id} ${state.state} ${state.fingerprint}`).join('\n');
    if (found === signature) return;
    signature = found;
    const inState = (state: ParameterState['state']) => known.filter((one) => one.state.state === state).map(({ parameter }) => parameter);
    live.set(inState('active'), inState('indexing'));
  };

  const round = async (): Promise<void> => {
    for (const { id, parameter, state, text } of await refresh()) {
      if (stopped) return;
      if (state.state === 'active' || state.since + 2 * everyMs > now()) continue;
      if (state.holder !== parts.holder && state.until > now()) continue;
      await lookThrough({ ...parts, id, parameter, state, text, isStopped: () => stopped });
      await refresh();
    }
  };

  let refreshing: Promise<void> | undefined;
  const knowledge: Knowledge = {
    known(asked) {
      if (latest.length === 0) return [];
      const named = asked();
      return latest
        .filter(({ parameter }) => named.some(({ types, code }) => code === parameter.code && isOf(parameter, types)))
        .map(({ id, text }) => ({ kind: PARAMETER_STATE, key: id, json: text }));
    },
    async hold(known) {
      const texts = await store.documents(known);
      return known.every(({ json }, index) => json === texts[index] && readParameterState(json as string).state === 'active');
    },
    // what was committed stays so: a look that failed is repeated with the next round
    refresh: () =>
      (refreshing ??= refresh()
        .then(() => undefined, failed)
        .finally(() => (refreshing = undefined))),
    isLate: () => lookedAt + 1.5 * everyMs < now(),
    revision: () => live.indexed.revision,
  };

  const failed = (error: unknown): void =>
    log.error({ issues: error instanceof IssueError ? error.issues.map(({ id }) => id) : ['internal'] }, 'search parameters');

  const guarded = (): Promise<void> => {
    running ??= round()
      .catch(failed)
      .finally(() => (running = undefined));
    return running;
  };

  return {
    check,
    async stateOf(id) {
      const [text] = await store.documents([{ kind: PARAMETER_STATE, key: id }]);
      return text === undefined ? undefined : readParameterState(text);
    },
    round,
    over: (inner) => watchedStore(inner, knowledge),
    async start() {
      await refresh();
      // looking through may take long, and what came and went is taken up meanwhile
      timer = setInterval(() => void (running === undefined ? guarded() : knowledge.refresh()), everyMs);
      timer.unref();
    },
    async close() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

function isOf({ base }: SearchParameter, types: readonly string[]): boolean {
  return types.length === 0 || base.some((one) => one === 'Resource' || one === 'DomainResource' || types.includes(one));
}

/** The SearchParameter resources with status active, by id. */
async function declaredIn(store: Store): Promise<Map<string, SearchParameter>> {
  const found = new Map<string, SearchParameter>();
  let after: string | undefined;
  do {
    const page = await store.search(
      searchOf('SearchParameter', EVERYTHING, {
        count: 500,
        sort: [{ parameter: '_id', descending: false }],
        ...(after === undefined ? {} : { after }),
      }),
    );
    if (!page.ok) throw new IssueError(...page.issues);
    for (const version of page.value.matches) {
      const parameter = resourceOf(version) as unknown as SearchParameter;
      if (parameter.status === 'active') found.set(version.id, parameter);
    }
    after = page.value.next;
  } while (after !== undefined);
  return found;
}
