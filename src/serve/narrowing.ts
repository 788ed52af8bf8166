import type { Definitions } from '../fhir/definitions.ts';
import { formatJson } from '../fhir/written-number.ts';
import type { StoredVersion } from '../store/store.ts';
import type { View } from './search-request/view.ts';
import { resourceOf } from './write/stored-resource.ts';

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
const ALWAYS = new Set(['resourceType', 'id', 'meta', 'implicitRules']);

/** The text of a version as a view shows it: as stored when it shows all. */
export function narrowJson(version: StoredVersion, view: View, definitions: Definitions): string {
  if (view.summary === 'false' && view.elements.length === 0) return version.json;
  const resource = resourceOf(version) as Record<string, unknown>;
  return formatJson(narrow(resource, view, definitions));
}

/**
 * A resource as _summary and _elements show it, marked SUBSETTED so that nobody takes it for the whole and writes it back.
 *
 * Source: FHIR R4 search, 3.1.1.5.8 (_summary) and 3.1.1.5.9 (_elements)
 */
function narrow(resource: Readonly<Record<string, unknown>>, view: View, definitions: Definitions): Record<string, unknown> {
  const type = String(resource['resourceType']);
  const narrowed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(resource)) {
    const element = name.startsWith('_') ? name.slice(1) : name;
    if (!ALWAYS.has(element) && !isShown(type, element, view, definitions)) continue;
    narrowed[name] = view.summary === 'true' ? summarised(definitions.child(type, element)?.type ?? '', value, definitions) : value;
  }
  const meta = { ...(resource['meta'] as Record<string, unknown> | undefined) };
  const tags = Array.isArray(meta['tag']) ? (meta['tag'] as unknown[]) : [];
  narrowed['meta'] = { ...meta, tag: [...tags, SUBSETTED] };
  return narrowed;
}

function isShown(type: string, element: string, view: View, definitions: Definitions): boolean {
  const info = definitions.child(type, element);
  if (view.elements.length > 0) {
    const choice = info?.path.endsWith('[x]') === true ? info.path.slice(type.length + 1, -3) : element;
    return view.elements.includes(element) || view.elements.includes(choice) || (info?.min ?? 0) > 0;
  }
  switch (view.summary) {
    case 'text':
      return element === 'text' || (info?.min ?? 0) > 0;
    case 'data':
      return element !== 'text';
    default:
      return info?.summary === true;
  }
}

/** Inside a backbone element, again only what its definition marks as summary. */
function summarised(path: string, value: unknown, definitions: Definitions): unknown {
  if (!path.includes('.')) return value;
  if (Array.isArray(value)) return value.map((item) => summarised(path, item, definitions));
  if (typeof value !== 'object' || value === null) return value;
  const kept = { ...(value as Record<string, unknown>) };
  for (const name of Object.keys(kept)) {
    const info = definitions.child(path, name.startsWith('_') ? name.slice(1) : name);
    if (info?.summary !== true && name !== 'id') delete kept[name];
    else kept[name] = summarised(info?.type ?? '', kept[name], definitions);
  }
  return kept;
}
