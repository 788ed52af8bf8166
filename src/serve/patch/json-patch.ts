import { applyPatch, type Operation } from 'rfc6902';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';

/** Operations of one patch, and those of them that copy: each copy can double a resource. */
const MOST_OPERATIONS = 1000;
const MOST_COPIES = 20;

const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/**
 * Applies a JSON Patch to a resource of the caller's own, which is changed in place.
 *
 * Fails: patch-invalid (no operations; a path to id, resourceType, version or a prototype); patch-not-applicable (no such path; a test that fails)
 * Source: RFC 6902; FHIR R4 http, 3.1.0.7
 */
export function applyJsonPatch(resource: Record<string, unknown>, patch: unknown, maxDepth: number): Record<string, unknown> {
  if (!Array.isArray(patch) || patch.length === 0 || patch.length > MOST_OPERATIONS) {
    throw invalid(0, `it is no list of 1 to ${MOST_OPERATIONS} operations`);
  }
  let copies = 0;
  (patch as unknown[]).forEach((item, index) => {
    const operation = readOperation(item, index + 1);
    if (operation.op === 'copy') copies += 1;
    if (copies > MOST_COPIES) throw invalid(index + 1, `more than ${MOST_COPIES} copies`);
    const [error] = applyPatch(resource, [operation]);
    if (error === null) {
      if ((operation.op === 'copy' || operation.op === 'move' || operation.op === 'add') && isDeeper(resource, maxDepth)) {
        throw invalid(index + 1, 'the result is nested too deeply');
      }
      return;
    }
    if (error?.name === 'InvalidOperationError') throw invalid(index + 1, 'the operation is not known');
    const reason = error?.name === 'TestError' ? 'the test fails' : 'there is nothing at its path';
    throw new IssueError(issue('patch-not-applicable', { number: index + 1, reason }));
  });
  return resource;
}

function readOperation(item: unknown, number: number): Operation {
  if (typeof item !== 'object' || item === null) throw invalid(number, 'it is no object');
  const { op, path, from } = item as Record<string, unknown>;
  if (typeof op !== 'string' || !OPERATIONS.has(op)) throw invalid(number, 'op is none of add, remove, replace, move, copy, test');
  checkPointer(path, op !== 'test', number);
  if (op === 'move' || op === 'copy') checkPointer(from, op === 'move', number);
  if ((op === 'add' || op === 'replace' || op === 'test') && !Object.hasOwn(item, 'value')) throw invalid(number, 'value is missing');
  return item as Operation;
}

function checkPointer(pointer: unknown, changes: boolean, number: number): void {
  if (typeof pointer !== 'string' || !pointer.startsWith('/')) throw invalid(number, 'a path begins with a slash');
  const tokens = pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (tokens.some((token) => token === '__proto__' || token === 'constructor' || token === 'prototype')) {
    throw invalid(number, 'the path leads out of the resource');
  }
  const [first, second] = tokens;
  if (!changes) return;
  const isKept = first === 'id' || first === 'resourceType' || (first === 'meta' && (second === 'versionId' || second === 'lastUpdated'));
  if (isKept) throw invalid(number, 'id, type and version are the gateway’s to set');
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  return Object.values(value).some((item) => isDeeper(item, depth - 1));
}

function invalid(number: number, reason: string): IssueError {
  return new IssueError(issue('patch-invalid', { number, reason }));
}
