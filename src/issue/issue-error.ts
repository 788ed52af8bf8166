import { type Issue, textOf } from './issue.ts';

/** Issues on their way up through a layer that cannot return them: a failed start, an Express handler. */
export class IssueError extends Error {
  readonly issues: readonly Issue[];

  constructor(...issues: readonly Issue[]) {
    super(issues.map(textOf).join('; '));
    this.name = 'IssueError';
    this.issues = issues;
  }
}

/** A broken promise of our own code. It becomes the issue `internal`; it never blames the sender. */
export class Bug extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Bug';
  }
}
