import type { Change, DocumentKey } from '../store.ts';
import type { Collections, KeptText, MessageDocument, ResourceDocument, Session } from './collections.ts';
import { readText } from './long-text.ts';

/** What a group of changes is checked against: what the transaction read, overlaid with what its earlier changes made of it. */
export interface KeptState {
  readonly resources: Map<string, Omit<ResourceDocument, 'ix'>>;
  readonly claims: Map<string, string>;
  /** By document id, as kept. */
  readonly documents: Map<string, { kept: KeptText; text: string | undefined }>;
  /** Their texts only where they are long: a short one needs no thought when another takes its place. */
  readonly messages: Map<string, Pick<MessageDocument, 'sender' | 'status' | 'holder' | 'ack' | 'issues' | 'trace'>>;
}

const LONG_TEXTS = { sender: 1, status: 1, holder: 1, 'ack.parts': 1, 'issues.parts': 1, 'trace.parts': 1 } as const;

/** The id of a document kept beside the resources. */
export function documentId({ kind, key }: DocumentKey): string {
  return `${kind}\u001f${key}`;
}

/** The name under which the parts of a document's text are kept. */
export function documentOwner(id: string): string {
  return `document/${id}`;
}

/** Reads all that the changes decide on, in four reads at most. */
export async function readState(collections: Collections, changes: readonly Change[], session: NonNullable<Session>): Promise<KeptState> {
  const state: KeptState = { resources: new Map(), claims: new Map(), documents: new Map(), messages: new Map() };
  const resources = unique(changes.flatMap(({ writes = [], erase = [] }) => [...writes, ...erase].map(({ type, id }) => `${type}/${id}`)));
  const claims = unique(changes.flatMap((change) => (change.claims ?? []).map(({ key }) => key)));
  const writes = changes.flatMap((change) => change.documents ?? []);
  const documents = unique(writes.map(documentId));
  const compared = new Set(writes.filter(({ expected }) => typeof expected === 'string').map(documentId));
  const messages = unique(changes.flatMap((change) => (change.messages ?? []).map(({ id }) => id)));

  if (resources.length > 0) {
    const fields = { ix: 0 } as const;
    const found = collections.resources.find({ _id: { $in: resources } }, { session, projection: fields });
    for await (const document of found) state.resources.set(`${document.type}/${document.id}`, document);
  }
  if (claims.length > 0)
    for await (const { _id: key, owner } of collections.claims.find({ _id: { $in: claims } }, { session })) state.claims.set(key, owner);
  if (documents.length > 0)
    for await (const { _id, json } of collections.documents.find({ _id: { $in: documents } }, { session })) {
      const text = compared.has(_id) ? await readText(collections, json, documentOwner(_id), session) : undefined;
      state.documents.set(_id, { kept: json, text });
    }
  if (messages.length > 0) {
    const found = collections.messages.find({ _id: { $in: messages } }, { session, projection: LONG_TEXTS });
    for await (const { _id: id, ...message } of found) state.messages.set(id, message);
  }
  return state;
}

function unique(keys: readonly string[]): string[] {
  return [...new Set(keys)];
}
