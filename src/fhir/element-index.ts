import type { ElementDefinition, ElementDefinitionType, StructureDefinition } from 'fhir/r4.js';
import type { ElementInfo } from './definitions.ts';

const TYPE_BASE = 'http://hl7.org/fhir/StructureDefinition/';
const FHIR_TYPE = `${TYPE_BASE}structuredefinition-fhir-type`;

/** The types a binding can speak of: of a choice it leaves the others alone. Source: FHIR R4 ElementDefinition.binding */
const BINDABLE = new Set(['code', 'Coding', 'CodeableConcept', 'Quantity', 'string', 'uri']);

/** The elements under each path of a structure. */
export type ElementIndex = ReadonlyMap<string, ReadonlyMap<string, ElementInfo>>;

/**
 * The FHIR type an element's type stands for: ids and the values of primitives are written as types of FHIRPath.
 * R4 says `string` for the id of a resource, where its rules are those of `id`.
 *
 * Source: FHIR R4 extension structuredefinition-fhir-type; 2.26.2 (Resource.id)
 */
export function fhirTypeOf(type: ElementDefinitionType, basePath: string | undefined): string {
  if (basePath === 'Resource.id') return 'id';
  if (basePath === 'Element.id') return 'string';
  return type.extension?.find((one) => one.url === FHIR_TYPE)?.valueUrl ?? type.code;
}

function targetsOf(type: ElementDefinitionType): string[] {
  const targets = (type.targetProfile ?? []).filter((url) => url.startsWith(TYPE_BASE)).map((url) => url.slice(TYPE_BASE.length));
  return targets.includes('Resource') ? [] : targets;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function infosOf(element: ElementDefinition, parents: ReadonlySet<string>): ElementInfo[] {
  const name = element.path.slice(element.path.lastIndexOf('.') + 1);
  const { binding } = element;
  const shared = {
    path: element.path,
    min: element.min ?? 0,
    max: element.max === undefined || element.max === '*' ? Number.POSITIVE_INFINITY : Number(element.max),
    summary: element.isSummary === true,
    attribute: element.representation?.includes('xmlAttr') === true,
  };
  if (element.contentReference !== undefined) {
    return [{ ...shared, name, type: element.contentReference.slice(element.contentReference.indexOf('#') + 1), targets: [] }];
  }
  return (element.type ?? []).map((type) => {
    const code = fhirTypeOf(type, element.base?.path ?? element.path);
    return {
      ...shared,
      name: name.endsWith('[x]') ? name.slice(0, -3) + capitalised(code) : name,
      type: parents.has(element.path) ? element.path : code,
      targets: targetsOf(type),
      ...(binding?.valueSet === undefined || !BINDABLE.has(code)
        ? {}
        : { binding: { strength: binding.strength, valueSet: binding.valueSet } }),
    };
  });
}

/** Sorts the elements of a structure's snapshot by the path they stand under. The value of a primitive is not an element in JSON and is left out. */
export function indexElements(structure: StructureDefinition): ElementIndex {
  const elements = (structure.snapshot?.element ?? []).filter((one) => one.sliceName === undefined);
  const parentOf = (path: string) => path.slice(0, path.lastIndexOf('.'));
  const parents = new Set(elements.map((one) => parentOf(one.path)));
  const index = new Map<string, Map<string, ElementInfo>>();
  for (const element of elements) {
    const parent = parentOf(element.path);
    if (parent === '' || (structure.kind === 'primitive-type' && element.path === `${structure.type}.value`)) continue;
    const siblings = index.get(parent) ?? new Map<string, ElementInfo>();
    index.set(parent, siblings);
    for (const info of infosOf(element, parents)) siblings.set(info.name, info);
  }
  return index;
}
