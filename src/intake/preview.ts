import { createPatch, type Operation } from 'rfc6902';
import { acknowledgmentCodeOf } from '../issue/error-segment.ts';
import type { Issue } from '../issue/issue.ts';
import type { MessageRow } from '../store/journal.ts';
import type { Effect } from './apply.ts';
import { storedResource } from './as-stored.ts';
import { decideMessage, type ProcessDependencies } from './process.ts';
import type { Reading } from './read.ts';

/** What processing a message now would do. It holds what the resources hold: for those who may read them. */
export interface Preview {
  readonly code: 'AA' | 'AE' | 'AR';
  readonly issues: readonly Issue[];
  /** The resources that would be new or other; none when nothing would be applied. */
  readonly changes: readonly PreviewedChange[];
}

/** One resource that would be new or other. */
export interface PreviewedChange {
  /** Shape: Patient/7f3c */
  readonly reference: string;
  readonly action: 'created' | 'updated';
  /** JSON Patch from what is stored to what would be; of a new resource, one `add` of the whole. */
  readonly patch: readonly Operation[];
}

/** Decides on a message as processing would, and stops there. Fails: throws IssueError store-busy or store-unavailable */
export async function previewMessage(row: MessageRow, reading: Reading, deps: ProcessDependencies): Promise<Preview> {
  const { issues, effects } = await decideMessage(row, reading, deps);
  const code = acknowledgmentCodeOf(issues);
  return { code, issues, changes: code === 'AA' ? (effects?.effects ?? []).flatMap(changeOf) : [] };
}

function changeOf({ action, resource, settled }: Effect): PreviewedChange[] {
  if (action === 'unchanged') return [];
  const reference = `${resource.resourceType}/${resource.id}`;
  if (action === 'created') return [{ reference, action, patch: [{ op: 'add', path: '', value: resource }] }];
  const before = storedResource(settled.stored?.json ?? '{}');
  return [{ reference, action, patch: createPatch(before, resource) }];
}
