import type { IncomingMessage } from 'node:http';
import type { Access } from '../../secure/access.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import type { Accessed } from '../gate.ts';
import { formatQuery } from '../http/query-string.ts';
import type { Match } from '../route.ts';
import { type Visit, visitOf } from './enter.ts';
import { visitNotes } from './visit-notes.ts';

/** What the audit trail will hold of one request; it grows while the request is served. */
export class RequestTrail {
  readonly #context: Context;
  readonly #request: IncomingMessage;
  readonly #id: string;
  readonly #notes = visitNotes();
  #match: Match | undefined;
  #access: Access | undefined;
  #query: string | undefined;
  #isNoted = false;

  constructor(context: Context, request: IncomingMessage) {
    this.#context = context;
    this.#request = request;
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
    if (query.length > 0) this.#query = `${path.join('/')}?${formatQuery(query)}`;
    const note: Visit['note'] = (writes) => {
      if (writes.length === 0) return undefined;
      this.#notes.writes(writes);
      this.#isNoted = true;
      return gate?.note?.(this.#accessed(200));
    };
    return visitOf(access, store, {
      passed: this.#notes.passed,
      ...(gate?.catchUp === undefined ? {} : { catchUp: gate.catchUp }),
      ...(gate?.note === undefined ? {} : { note }),
    });
  }

  /** Resolves when it is kept. Fails: throws when the trail cannot be written */
  async keep(status: number): Promise<void> {
    const { gate } = this.#context;
    if (gate?.record === undefined || this.#match === undefined || this.#match.route.name === 'capabilities') return;
    await gate.record(this.#accessed(status), this.#isNoted);
  }

  #accessed(status: number): Accessed {
    return {
      id: this.#id,
      interaction: this.#match?.route.name ?? '',
      method: this.#request.method ?? '',
      access: this.#access,
      peer: this.#request.socket.remoteAddress ?? '',
      target: this.#match?.target ?? { type: '', id: '' },
      ...(this.#query === undefined ? {} : { query: this.#query }),
      status,
      patients: [...this.#notes.patients],
    };
  }
}
