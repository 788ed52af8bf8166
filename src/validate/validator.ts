import type { Issue } from '../issue/issue.ts';

/** Says whether a resource is what R4, and the profiles it claims or is asked to meet, say it should be. */
export interface Validator {
  /**
   * Every issue found, each with its expression; errors and warnings apart by severity.
   *
   * Shape: validate({ resourceType: 'Patient', gender: 'x' }) gives code-not-in-value-set at Patient.gender
   * Fails: of R4 (400): element-unknown, element-missing, element-repeats, element-type-wrong, value-invalid, code-not-in-value-set,
   *        invariant-not-met, bundle-invalid, too-costly; of a profile or an extension's definition (422): profile-not-met;
   *        warnings: profile-unknown, unit-unknown, display-differs, codes outside extensible value sets;
   *        information on what was not checked: code-not-checked, invariant-not-checked, issues-omitted
   */
  validate(resource: unknown, options?: ValidateOptions): Issue[];
  /** Whether a resource that is good R4 meets a profile too, without a word; undefined when the profile is not loaded. */
  meets(resource: unknown, profile: string): boolean | undefined;
}

/** What else to hold a resource against. */
export interface ValidateOptions {
  /** Canonical addresses of profiles, beside those in meta.profile. */
  readonly profiles?: readonly string[];
  /** Whether the profiles in meta.profile are held against; they are unless this is false. */
  readonly claims?: boolean;
}
