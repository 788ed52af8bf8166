import { hash } from 'node:crypto';
import type { Identifier, Patient } from 'fhir/r4.js';
import type { Resource } from '../fhir/resource.ts';

/** A name for a resource that is the same whenever the same facts name it. Shape: idOf('Patient|urn:oid:2.16|12345') is a UUID */
export function idOf(key: string): string {
  const hex = hash('sha256', key);
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * The same of a resource within another: it begins as its parent's does. What one message writes then stands close together in every index
 * by id, and a page is written for several of them.
 */
export function idWithin(parent: string, key: string): string {
  const id = idOf(key);
  return /^[0-9a-f]{8}-/.test(parent) ? parent.slice(0, 9) + id.slice(9) : id;
}

/** Identifier types that tell one patient from another. Social security, licence, insurance, account and visit numbers do not. */
const MATCHING_TYPES = new Set(['MR', 'PI', 'PT', 'MPI']);

function matches(identifier: Identifier): boolean {
  const codes = (identifier.type?.coding ?? []).map((coding) => coding.code);
  return (
    identifier.system !== undefined &&
    identifier.value !== undefined &&
    (codes.length === 0 || codes.some((code) => code !== undefined && MATCHING_TYPES.has(code)))
  );
}

/**
 * The unique keys a resource written over FHIR holds, so that a later message finds it: those of a patient's identifiers.
 *
 * Shape: ['Patient|urn:oid:2.16.840.1.113883.19.5|12345']
 */
export function keysOf(resource: Resource): string[] {
  if (resource.resourceType !== 'Patient') return [];
  const identifiers = (resource as Patient).identifier ?? [];
  return identifiers.filter(matches).map((identifier) => `Patient|${identifier.system}|${identifier.value}`);
}
