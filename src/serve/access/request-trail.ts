import type { Access } from '../../secure/access.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import type { Accessed } from '../gate.ts';
import { formatQuery } from '../http/query-string.ts';
import type { Write } from '../../store/store.ts';
import type { Match } from '../route.ts';
import { type Visit, visitOf } from './enter.ts';
import { visitNotes } from './visit-notes.ts';

/** Where a request came from. */
export interface Caller {
  readonly method: string;
  readonly peer: string;
  /** The address it was asked at. */
  readonly server?: string;
}

/** Patients of one record: more of them, as a file of an export has, make several. */
const MOST_PATIENTS = 1_000;

/** What the audit trail will hold of one request; it grows while the request is served. */
export class RequestTrail {
  readonly #context: Context;
  readonly #from: Caller;
  readonly #id: string;
  readonly #notes = visitNotes();
  #match: Match | undefined;
  #access: Access | undefined;
  #query: string | undefined;
  #isNoted = false;
  #written: readonly Write[] = [];

  constructor(context: Context, from: Caller) {
    this.#context = context;
    this.#from = from;
    this.#id = context.gate?.record === undefined ? '' : context.newId();
  }

  /** What is asked, known before who asks: a login that fails is kept too. */
  matched(match: Match): void {
    this.#match = match;
  }

  /** Who asks, and what exactly: the visit it makes. */
  visit(access: Access, { path, query }: FhirRequest): Visit {
    const { gate, store } = this.#context;
    this.#access = access;
    // a job has no type: its address says which it was
    if (query.length > 0) this.#query = `${path.join('/')}?${formatQuery(query)}`;
    else if (path[0]?.startsWith('_') === true || this.#match?.route.name.startsWith('search-') === true) this.#query = path.join('/');
    const note: Visit['note'] = (writes) => {
      if (writes.length === 0) return undefined;
      this.#notes.writes(writes);
      this.#isNoted = true;
      this.#written = writes;
      return gate?.note?.(this.#accessed(200));
    };
    return visitOf(access, store, {
      passed: this.#notes.passed,
      named: this.#notes.named,
      ...(gate?.catchUp === undefined ? {} : { catchUp: gate.catchUp }),
      ...(gate?.note === undefined ? {} : { note }),
    });
  }

  /** Resolves when it is kept. Fails: throws when the trail cannot be written */
  async keep(status: number): Promise<void> {
    const { gate } = this.#context;
    if (gate?.record === undefined || this.#match === undefined || this.#match.route.name === 'capabilities') return;
    const accessed = this.#accessed(status);
    await gate.record({ ...accessed, patients: accessed.patients.slice(0, MOST_PATIENTS) }, this.#isNoted);
    for (let at = MOST_PATIENTS; at < accessed.patients.length; at += MOST_PATIENTS)
      await gate.record({ ...accessed, id: this.#context.newId(), patients: accessed.patients.slice(at, at + MOST_PATIENTS) }, false);
  }

  /** Ids of the patients whose data it was so far. */
  get patients(): ReadonlySet<string> {
    return this.#notes.patients;
  }

  /** What the address names; where it names only a type, the one resource of it that is written. */
  #target(): Accessed['target'] {
    const { type = '', id = '' } = this.#match?.target ?? {};
    if (type === '') return { type: '', id: '' };
    const [written, ...others] = this.#written.filter((one) => one.type === type);
    return { type, id: id === '' && others.length === 0 ? (written?.id ?? '') : id };
  }

  #accessed(status: number): Accessed {
    return {
      id: this.#id,
      interaction: this.#match?.route.name ?? '',
      method: this.#from.method,
      access: this.#access,
      peer: this.#from.peer,
      ...(this.#from.server === undefined ? {} : { server: this.#from.server }),
      target: this.#target(),
      ...(this.#query === undefined ? {} : { query: this.#query }),
      status,
      patients: [...this.#notes.patients],
    };
  }
}
