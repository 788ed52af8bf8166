import { formatJson } from '../../fhir/written-number.ts';

/** The members of a JSON object's text, without the braces. */
function membersOf(object: Record<string, unknown>): string {
  return formatJson(object).slice(1, -1);
}

/** What is kept of a resource's text: what follows its beginning, since the columns beside it say the rest as well. Never begins with an opening brace. */
export function tailOf(resource: Record<string, unknown>): string {
  const { resourceType: _type, id: _id, meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _updated, ...others } = (meta ?? {}) as Record<string, unknown>;
  const [inMeta, after] = [membersOf(others), membersOf(rest)];
  return `${inMeta === '' ? '' : `,${inMeta}`}}${after === '' ? '' : `,${after}`}}`;
}

/** How the text of a version begins. Shape: {"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"..." */
export function headOf(type: string, id: string, version: number, updated: number): string {
  const meta = `"versionId":"${version}","lastUpdated":"${new Date(updated).toISOString()}"`;
  return `{"resourceType":${JSON.stringify(type)},"id":${JSON.stringify(id)},"meta":{${meta}`;
}

/** What is kept of a text another store made; one that begins otherwise is kept whole. */
export function withoutHead(text: string, type: string, id: string, version: number, updated: number): string {
  const head = headOf(type, id, version, updated);
  return text.startsWith(head) ? text.slice(head.length) : text;
}

/** What is kept, whole again. */
export function withHead(kept: string, type: string, id: string, version: number, updated: number): string {
  return kept === '' || kept.startsWith('{') ? kept : headOf(type, id, version, updated) + kept;
}
