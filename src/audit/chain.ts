import { createHash } from 'node:crypto';
import type { AuditRecord } from './audit-record.ts';

/** Records that were kept together, as a link of the chain: each holds the hash of the one before. */
export interface Link {
  /** Counted from 1. */
  readonly number: number;
  /** Hex; empty for the first. */
  readonly before: string;
  readonly records: readonly AuditRecord[];
  /** Hex: over the number, the hash before and the records. */
  readonly hash: string;
}

/** The last link. */
export interface Head {
  readonly number: number;
  readonly hash: string;
}

/** The chain with nothing in it. */
export const EMPTY: Head = { number: 0, hash: '' };

/** The next link. */
export function linkAfter(head: Head, records: readonly AuditRecord[]): Link {
  const link = { number: head.number + 1, before: head.hash, records };
  return { ...link, hash: hashOf(link) };
}

/** Whether a link is the one that was put after a head, unchanged. */
export function follows(link: Link, head: Head): boolean {
  return link.number === head.number + 1 && link.before === head.hash && link.hash === hashOf(link);
}

/** A link as it is kept. What somebody made of it that is none follows nothing. */
export function readLink({ key, json }: { readonly key: string; readonly json: string }): Link {
  try {
    const link = JSON.parse(json) as Link;
    if (Array.isArray(link.records)) return link;
  } catch {
    // told by whoever checks whether it follows
  }
  return { number: Number(key), before: '', records: [], hash: '' };
}

/** Keys sort as the numbers do. Shape: keyOf(7) is 000000000007 */
export function keyOf(number: number): string {
  return String(number).padStart(12, '0');
}

function hashOf({ number, before, records }: Omit<Link, 'hash'>): string {
  return createHash('sha256')
    .update(JSON.stringify([number, before, records]))
    .digest('hex');
}
