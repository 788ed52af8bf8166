import type { Right } from '../../secure/scope.ts';

/** What an interaction needs before it runs, and with which right it looks at resources while it runs. */
export interface MatrixRow {
  /** `public`: no login; `any`: a login, and the store shows what its scopes allow; a right: held for the type of the address. */
  readonly needs: 'public' | 'any' | Right;
  /** The type the right is needed for: that of the address, or that which is looked for inside a compartment. */
  readonly of?: 'inside';
  /** Any of these lets a resource be looked at by its id. */
  readonly sees: readonly Right[];
  readonly writes?: true;
}

const READ: MatrixRow = { needs: 'r', sees: ['r'] };
const SEARCH: MatrixRow = { needs: 's', sees: ['r'] };
const ANY: MatrixRow = { needs: 'any', sees: ['r'] };
const UPDATE: MatrixRow = { needs: 'u', sees: ['u'], writes: true };

/**
 * Who may use which interaction, by Route.name. What has no row here is refused to everybody, and a test fails.
 */
export const MATRIX: ReadonlyMap<string, MatrixRow> = new Map<string, MatrixRow>([
  ['capabilities', { needs: 'public', sees: [] }],
  // each entry needs what its own interaction needs
  ['batch', { needs: 'any', sees: ['r'], writes: true }],
  ['search-system', ANY],
  ['history-system', ANY],
  ['search-type', SEARCH],
  ['create', { needs: 'c', sees: ['r', 'u'], writes: true }],
  ['update', UPDATE],
  ['patch', UPDATE],
  ['delete', { needs: 'd', sees: ['d'], writes: true }],
  ['history-type', READ],
  ['read', READ],
  ['history-instance', READ],
  ['vread', READ],
  ['search-compartment', { needs: 's', of: 'inside', sees: ['r'] }],
  ['$validate', ANY],
  ['$everything', READ],
  ['$meta', READ],
  ['$meta-add', UPDATE],
  ['$meta-delete', UPDATE],
  ['$document', READ],
  ['$merge', { needs: 'any', sees: ['u'], writes: true }],
  ['$unmerge', { needs: 'any', sees: ['u'], writes: true }],
  ['$index-state', READ],
  ['$convert', ANY],
  ['$expand', ANY],
  ['$validate-code', ANY],
  ['$lookup', ANY],
  ['$translate', ANY],
  ['$export', ANY],
  // a job is its owner's alone
  ['job-status', ANY],
  ['job-cancel', ANY],
  ['job-file', ANY],
]);
