import type { ElementDefinition, ElementDefinitionConstraint, ElementDefinitionType } from 'fhir/r4.js';
import type { Definitions } from '../fhir/definitions.ts';
import { fhirTypeOf } from '../fhir/element-index.ts';
import { isPrimitiveType } from '../fhir/primitives.ts';
import { Bug } from '../issue/issue-error.ts';
import { compileBinding, maxValueSetOf } from './binding.ts';
import { type CompileInvariant, invariantsOf } from './invariant.ts';
import { primitiveCheck } from './primitive.ts';
import type { ElementShape, RequiredElement, Shape, Slot } from './shape.ts';

const PROFILE = 'http://hl7.org/fhir/StructureDefinition/';
/** Bits of one number; more elements than this in one place exist nowhere in R4. */
const MAX_BITS = 31;

/** The shapes of the base types, each compiled when it is first asked for. */
export class Shapes {
  readonly #definitions: Definitions;
  readonly #compileInvariant: CompileInvariant;
  readonly #shapes = new Map<string, Shape | undefined>();

  constructor(definitions: Definitions, compileInvariant: CompileInvariant) {
    this.#definitions = definitions;
    this.#compileInvariant = compileInvariant;
  }

  /** The shape of a type. Shape: of('Patient'), of('HumanName'); undefined for a type R4 does not have and for a primitive */
  of(type: string): Shape | undefined {
    if (this.#shapes.has(type)) return this.#shapes.get(type);
    const structure = this.#definitions.structure(PROFILE + type);
    const elements = structure?.snapshot?.element;
    if (structure === undefined || elements === undefined || structure.type !== type || isPrimitiveType(type)) {
      // Not remembered: names come from outside, and the memory of wrong ones would grow without end.
      return undefined;
    }
    this.#compile(elements, structure.kind === 'resource');
    return this.#shapes.get(type);
  }

  /** The shape of an element whose children are defined with it. Shape: within('Patient.contact', ...) */
  #within(path: string): Shape | undefined {
    const shape = this.#shapes.get(path);
    if (shape === undefined) throw new Bug(`No shape was compiled for ${path}`);
    return shape;
  }

  #compile(elements: readonly ElementDefinition[], isResource: boolean): void {
    const children = new Map<string, ElementDefinition[]>();
    for (const element of elements) {
      const parent = element.path.slice(0, element.path.lastIndexOf('.'));
      if (!element.path.includes('.')) continue;
      const list = children.get(parent);
      if (list === undefined) children.set(parent, [element]);
      else list.push(element);
    }
    for (const element of elements) {
      const own = children.get(element.path);
      if (own === undefined) continue;
      const isRoot = !element.path.includes('.');
      this.#shapes.set(element.path, this.#shape(element, own, children, isRoot && isResource));
    }
  }

  #shape(
    element: ElementDefinition,
    own: readonly ElementDefinition[],
    children: ReadonlyMap<string, unknown>,
    isResource: boolean,
  ): Shape {
    const slots = new Map<string, Slot>();
    const required: RequiredElement[] = [];
    let requiredBits = 0;
    let bits = 0;
    for (const child of own) {
      const label = labelOf(child.path);
      const isChoice = child.path.endsWith('[x]');
      let bit = 0;
      if (isChoice || (child.min ?? 0) > 0) {
        if (bits === MAX_BITS) throw new Bug(`More than ${MAX_BITS} required elements and choices in ${element.path}`);
        bit = 1 << bits++;
      }
      if ((child.min ?? 0) > 0) {
        requiredBits |= bit;
        required.push({ bit, label, min: child.min ?? 0 });
      }
      for (const type of child.type ?? [undefined]) {
        const compiled = this.#element(child, type, label, isChoice, bit, children.has(child.path));
        slots.set(compiled.name, { element: compiled, isSibling: false });
        if (compiled.primitive !== undefined && compiled.type !== 'xhtml')
          slots.set(`_${compiled.name}`, { element: compiled, isSibling: true });
      }
    }
    return {
      path: element.path,
      isResource,
      slots,
      required,
      requiredBits,
      invariants: [
        ...invariantsOf(element, element.path, this.#compileInvariant),
        ...own.flatMap((child) => this.#ofPrimitive(child, element)),
      ],
    };
  }

  /** The constraints of a primitive are asked of the object that holds it: an expression cannot be evaluated on a bare value. */
  #ofPrimitive(child: ElementDefinition, parent: ElementDefinition) {
    const [type] = child.type ?? [];
    if (type === undefined || !isPrimitiveType(fhirTypeOf(type, child.base?.path ?? child.path))) return [];
    const constraint = (child.constraint ?? []).map((one) => ({
      ...one,
      expression: one.expression && `${labelOf(child.path)}.all(${one.expression})`,
    }));
    return constraint.flatMap((one) => this.#compileInvariant(one as ElementDefinitionConstraint, parent.path) ?? []);
  }

  #element(
    definition: ElementDefinition,
    type: ElementDefinitionType | undefined,
    label: string,
    isChoice: boolean,
    bit: number,
    hasChildren: boolean,
  ): ElementShape {
    const code = type === undefined ? '' : fhirTypeOf(type, definition.base?.path ?? definition.path);
    const name = isChoice ? label + code.charAt(0).toUpperCase() + code.slice(1) : label;
    const content = definition.contentReference?.replace(/^.*#/, '');
    const isResource = code === 'Resource';
    const primitive = primitiveCheck(code);
    const shape = (): Shape | undefined =>
      content !== undefined ? this.#within(content) : hasChildren ? this.#within(definition.path) : this.of(code);
    const own = hasChildren ? [] : this.#ofUse(definition, type, code);
    return {
      name,
      label,
      isList: definition.max !== '1' && definition.max !== '0',
      type: content ?? (hasChildren ? definition.path : code),
      bit,
      isChoice,
      primitive,
      shape: primitive !== undefined || isResource ? () => undefined : shape,
      isResource,
      isAddress: code === 'uri' || code === 'url' || code === 'canonical' || definition.path === 'Reference.reference',
      targets: code === 'Reference' ? targetTypes(type) : undefined,
      binding: this.#binding(definition, code),
      invariants: own,
    };
  }

  /** The binding that can be wrong; of a weaker one its upper bound, which R4 states so strictly that real codes of language break it: a warning. */
  #binding(definition: ElementDefinition, code: string) {
    const own = compileBinding(definition.binding, code, this.#definitions);
    const valueSet = maxValueSetOf(definition);
    return own ?? (valueSet === undefined ? undefined : compileBinding({ strength: 'extensible', valueSet }, code, this.#definitions));
  }

  /** The constraints of this use of a type: those the type does not state of itself, and those of the profile it names. */
  #ofUse(definition: ElementDefinition, type: ElementDefinitionType | undefined, code: string) {
    if (isPrimitiveType(code)) return [];
    const stated = new Set(
      this.#definitions.structure(PROFILE + code)?.snapshot?.element[0]?.constraint?.map((constraint) => constraint.key) ?? [],
    );
    const constraints = [...(definition.constraint ?? [])];
    for (const profile of type?.profile ?? []) {
      constraints.push(...(this.#definitions.structure(profile)?.snapshot?.element[0]?.constraint ?? []));
    }
    const own = constraints.filter((constraint) => !stated.has(constraint.key));
    return invariantsOf({ ...definition, constraint: own }, code, this.#compileInvariant);
  }
}

/** The last step of a path, a choice without its [x]. Shape: Observation.value[x] gives value */
function labelOf(path: string): string {
  const last = path.slice(path.lastIndexOf('.') + 1);
  return last.endsWith('[x]') ? last.slice(0, -3) : last;
}

/** The resource types a Reference may point to; undefined when it may be any. */
function targetTypes(type: ElementDefinitionType | undefined): ReadonlySet<string> | undefined {
  const profiles = type?.targetProfile;
  if (profiles === undefined || profiles.length === 0) return undefined;
  const names = new Set(profiles.map((profile) => profile.slice(profile.lastIndexOf('/') + 1)));
  return names.has('Resource') ? undefined : names;
}
