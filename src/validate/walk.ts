import { type Issue, type IssueDetails, issue } from '../issue/issue.ts';
import type { IssueId } from '../issue/catalogue.ts';

/** How deep elements may nest. Deeper is refused: nothing in R4 needs it, and cyclic values end here. */
const DEPTH_LIMIT = 64;

/** How many issues one validation keeps. A reader is not helped by more, and hostile input cannot make us hold millions; the rest is counted. */
const ISSUE_LIMIT = 500;

/** The resource being walked, and what its invariants ask about the whole. */
export interface Frame {
  readonly resource: Readonly<Record<string, unknown>>;
  /** The container of a contained resource; else the frame itself. */
  readonly root: Frame | undefined;
  /** The entries of the bundle around it by fullUrl, for references that stay inside it. */
  readonly bundle: ReadonlyMap<string, unknown> | undefined;
  /** Contained resources by id. */
  contained: ReadonlyMap<string, Readonly<Record<string, unknown>>> | undefined;
  /** Every `#...` that a reference, uri, url or canonical of the resource holds. */
  localReferences: Set<string> | undefined;
}

/** One validation under way: where it stands and what it has found. The place is written out only when something is found. */
export class Walk {
  readonly issues: Issue[] = [];
  /** Set when the walk had to stop: what comes after would not be the whole truth. */
  stopped = false;
  frame: Frame;
  /** The url of the extension that the walk's place is in. */
  outerExtensionUrl: unknown;
  readonly #labels: string[] = [];
  readonly #indexes: number[] = [];
  readonly #types: string[] = [];
  #depth = 0;
  readonly #said = new Set<string>();
  #hasError = false;

  readonly #resources: ReadonlySet<string>;

  /** How many trials this one is inside of. */
  readonly nesting: number;
  /** What was found out in trials, by value and profile: a value that many point to is tried once. */
  readonly verdicts: Map<unknown, Map<string, boolean>>;
  /** What expressions have cost so far, trials among them. */
  readonly cost: { steps: number };
  #omitted = 0;

  constructor(frame: Frame, start: string, resourceTypes: ReadonlySet<string>, outer?: Walk) {
    this.nesting = outer === undefined ? 0 : outer.nesting + 1;
    this.verdicts = outer?.verdicts ?? new Map();
    this.cost = outer?.cost ?? { steps: 0 };
    this.frame = frame;
    this.#resources = resourceTypes;
    this.enter(start, -1, start);
  }

  /** Steps into an element of a type; `index` is -1 where it does not repeat. False when it is too deep. */
  enter(label: string, index: number, type = ''): boolean {
    const depth = this.#depth++;
    this.#labels[depth] = label;
    this.#indexes[depth] = index;
    this.#types[depth] = type;
    if (depth < DEPTH_LIMIT) return true;
    if (!this.stopped) this.report('too-costly', { reason: `nested deeper than ${DEPTH_LIMIT} elements` });
    this.stopped = true;
    return false;
  }

  /** Steps back out. */
  leave(): void {
    this.#depth--;
  }

  /** Where the walk stands, or a child of it. Shape: Observation.component[0].code */
  location(child?: string, index = -1): string {
    let text = '';
    for (let at = 0; at < this.#depth; at++) {
      if (at > 0) text += '.';
      text += this.#labels[at] ?? '';
      const place = this.#indexes[at] ?? -1;
      if (place >= 0) text += `[${place}]`;
    }
    if (child === undefined) return text;
    return index >= 0 ? `${text}.${child}[${index}]` : `${text}.${child}`;
  }

  /**
   * The paths by which definitions may name the element that the walk's place is in: by each type on the way to it.
   *
   * Shape: for an extension of a family name, HumanName.family, Patient.name.family and string
   */
  containerPaths(): ReadonlySet<string> {
    const paths = new Set<string>();
    let path = '';
    for (let at = this.#depth - 2; at >= 0; at--) {
      const type = this.#types[at] ?? '';
      if (type !== '') paths.add(type + path);
      if (this.#resources.has(type)) {
        if (path === '') paths.add('Resource').add('DomainResource');
        break;
      }
      path = `.${this.#labels[at]}${path}`;
    }
    return paths;
  }

  /** Notes an issue at the place where the walk stands. */
  report(id: IssueId, details: IssueDetails = {}): void {
    this.reportAt(this.location(), id, details);
  }

  /** Notes an issue at a place. */
  reportAt(expression: string, id: IssueId, details: IssueDetails = {}): void {
    const item = issue(id, { ...details, expression });
    const isFull = this.issues.length >= ISSUE_LIMIT;
    // The first error is kept whatever came before: it decides.
    if (!isFull || (item.severity === 'error' && !this.#hasError)) this.issues.push(item);
    else this.#omitted++;
    this.#hasError ||= item.severity === 'error';
  }

  /** Notes an issue the first time only that `key` comes up in this validation. */
  reportOnce(key: string, id: IssueId, details: IssueDetails = {}): void {
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.report(id, details);
  }

  /** Notes an issue of a profile, unless the same was noted before: a slice repeats the rules of what it slices. */
  reportNew(expression: string, id: IssueId, details: IssueDetails & { readonly profile: string; readonly rule: string }): void {
    const key = `${expression} ${details.profile} ${details.rule}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.reportAt(expression, id, details);
  }

  /** A walk of its own from the same place, to try something without saying so. */
  scratch(): Walk {
    return new Walk(this.frame, this.location(), this.#resources, this);
  }

  /** Everything found, and how much more there was. */
  finish(): Issue[] {
    if (this.#omitted > 0) this.issues.push(issue('issues-omitted', { count: this.#omitted }));
    return this.issues;
  }
}

/** A string out of a value that a person reads in an issue: primitives as they stand, the rest by its kind. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}
