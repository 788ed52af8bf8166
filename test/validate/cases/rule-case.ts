import type { ElementDefinition } from 'fhir/r4.js';
import type { IssueId } from '../../../src/issue/catalogue.ts';

type Json = Record<string, unknown>;

/** One rule, a resource that keeps it and its twin that breaks it in one way only. */
export interface RuleCase {
  readonly rule: string;
  readonly right: Json;
  readonly wrong: Json;
  /** What the twin is told, and where. */
  readonly id: IssueId;
  readonly at: string;
  /** The key of the invariant broken. */
  readonly key?: string;
  /** What else is wrong with the twin, and cannot be otherwise. */
  readonly also?: readonly string[];
  /** The elements of a profile on the type, as its differential has them. */
  readonly profile?: readonly ElementDefinition[];
}
