import { formatJson } from '../../fhir/written-number.ts';
import type { Body } from './write-job.ts';

/** The members of a JSON object's text, without the braces. */
function membersOf(object: Record<string, unknown>): string {
  return formatJson(object).slice(1, -1);
}

/** A resource's text in two halves, made once; what the store fills in goes between them. */
export function bodyOf(resource: Record<string, unknown>): Body {
  const { resourceType: _type, id: _id, meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _updated, ...others } = (meta ?? {}) as Record<string, unknown>;
  return { meta: membersOf(others), rest: membersOf(rest) };
}

/** The text of a version. Shape: {"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"..."},...} */
export function textOfBody(type: string, id: string, version: number, updated: number, body: Body): string {
  const meta = `"versionId":"${version}","lastUpdated":"${new Date(updated).toISOString()}"${body.meta === '' ? '' : `,${body.meta}`}`;
  return `{"resourceType":${JSON.stringify(type)},"id":${JSON.stringify(id)},"meta":{${meta}}${body.rest === '' ? '' : `,${body.rest}`}}`;
}
