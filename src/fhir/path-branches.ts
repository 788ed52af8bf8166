import type { Definitions, ElementInfo } from './definitions.ts';
import type { PathExpression, PathTest } from './path-expression.ts';
import { textOf } from './index-shape.ts';
import { type ParsedReference, parseReference } from './references.ts';
import type { Resource } from './resource.ts';

/** Takes one value found, with the object and name it stands under, and whatever the walk was begun with. */
export type Take<With> = (value: unknown, owner: object, name: string, resource: Resource, given: With) => void;

/** Walks from a focus to all values, and hands each on. */
export type PathWalk<With> = (focus: unknown, resource: Resource, given: With) => void;

/** The way from a focus to values of one FHIR type. */
export interface Branch {
  /** The FHIR type of what it finds. Shape: CodeableConcept, dateTime, Patient.contact, Resource */
  readonly type: string;
  /** The value set the codes found must be of. */
  readonly valueSet?: string;
  /** Compiled once with what takes the values: a walk itself makes nothing, and there are some hundred for each resource. */
  readonly walk: <With>(take: Take<With>) => PathWalk<With>;
}

type Json = Record<string, unknown>;

/** Whether a test is met, asked of a value. */
type Test = (focus: unknown, resource: Resource) => boolean;

/**
 * Compiles an expression for one type into a branch for each type of value it can find. Empty when it finds nothing in this type.
 */
export function compileBranches(
  expression: PathExpression,
  focusType: string,
  resourceType: string,
  definitions: Definitions,
): readonly Branch[] {
  return new BranchCompiler(focusType, resourceType, definitions).branches(expression);
}

class BranchCompiler {
  readonly #focusType: string;
  readonly #resourceType: string;
  readonly #definitions: Definitions;

  constructor(focusType: string, resourceType: string, definitions: Definitions) {
    this.#focusType = focusType;
    this.#resourceType = resourceType;
    this.#definitions = definitions;
  }

  branches(expression: PathExpression): readonly Branch[] {
    switch (expression.op) {
      case 'focus':
        return [{ type: this.#focusType, walk: (take) => (focus, resource, given) => take(focus, NOWHERE, '', resource, given) }];
      case 'resource':
        return [{ type: this.#resourceType, walk: (take) => (_, resource, given) => take(resource, NOWHERE, '', resource, given) }];
      case 'start':
        return this.#start(expression.name);
      case 'child':
        return this.branches(expression.of).flatMap((branch) => this.#children(branch, expression.name));
      case 'cast':
        return this.#cast(expression.of, expression.type);
      case 'where':
        return this.branches(expression.of).map((branch) => this.#where(branch, expression.test));
      case 'item':
        return this.branches(expression.of).map((branch) => item(branch, expression.index));
      case 'union':
        return expression.of.flatMap((part) => this.branches(part));
      case 'test': {
        const test = this.#test(expression.test, this.#focusType);
        return [
          {
            type: 'boolean',
            walk: (take) => (focus, resource, given) => take(test(focus, resource), NOWHERE, '', resource, given),
          },
        ];
      }
    }
  }

  #start(name: string): readonly Branch[] {
    const focus = this.branches({ op: 'focus' });
    if (!/^[A-Z]/.test(name)) return focus.flatMap((branch) => this.#children(branch, name));
    return this.#isA(this.#focusType, name) ? focus : [];
  }

  #isA(type: string, name: string): boolean {
    if (type === name) return true;
    const base = this.#definitions.structure(type)?.baseDefinition;
    return base !== undefined && this.#isA(base.slice(base.lastIndexOf('/') + 1), name);
  }

  /** The elements of that name: one, or one for each type of a choice. */
  #elements(type: string, name: string): readonly ElementInfo[] {
    const plain = this.#definitions.child(type, name);
    if (plain !== undefined) return [plain];
    return this.#definitions.children(type).filter((info) => info.path.endsWith(`.${name}[x]`));
  }

  #children(branch: Branch, name: string): readonly Branch[] {
    return this.#elements(branch.type, name).map((info) => child(branch, info));
  }

  #cast(of: PathExpression, type: string): readonly Branch[] {
    const wanted = type.toLowerCase();
    return this.branches(of).filter((branch) => branch.type.toLowerCase() === wanted || this.#isA(branch.type, type));
  }

  #where(branch: Branch, condition: PathTest): Branch {
    const test = this.#test(condition, branch.type);
    return {
      ...branch,
      walk: (take) =>
        branch.walk((value, owner, name, resource, given) => {
          if (test(value, resource)) take(value, owner, name, resource, given);
        }),
    };
  }

  #test(test: PathTest, type: string): Test {
    switch (test.op) {
      case 'and':
      case 'or': {
        const [left, right] = [this.#test(test.of[0], type), this.#test(test.of[1], type)];
        if (test.op === 'and') return (focus, resource) => left(focus, resource) && right(focus, resource);
        return (focus, resource) => left(focus, resource) || right(focus, resource);
      }
      case 'refersTo':
        return (focus, resource) => referredType(focus, resource) === test.type;
      case 'exists':
        return this.#any(test.of, type, () => true);
      case 'equals':
        return this.#any(test.of, type, (value) => value === test.value);
      case 'differs':
        return this.#any(test.of, type, (value) => value !== test.value);
    }
  }

  #any(of: PathExpression, type: string, meets: (value: unknown) => boolean): Test {
    const branches = new BranchCompiler(type, this.#resourceType, this.#definitions).branches(of);
    const walks = branches.map(({ walk }) =>
      walk<{ met: boolean }>((value, _owner, _name, _resource, found) => {
        found.met ||= meets(value);
      }),
    );
    return (focus, resource) => {
      const found = { met: false };
      for (const walk of walks) walk(focus, resource, found);
      return found.met;
    };
  }
}

/** What a value that stands under nothing is handed on with. */
const NOWHERE: object = Object.freeze({});

function child(branch: Branch, info: ElementInfo): Branch {
  const { name } = info;
  return {
    type: info.type,
    ...(info.binding?.strength === 'required' ? { valueSet: info.binding.valueSet } : {}),
    walk: (take) =>
      branch.walk((owner, _owner, _name, resource, given) => {
        if (typeof owner !== 'object' || owner === null) return;
        const value = (owner as Json)[name];
        if (!Array.isArray(value)) {
          if (value !== null && value !== undefined) take(value, owner, name, resource, given);
          return;
        }
        for (let index = 0; index < value.length; index++) {
          const one: unknown = value[index];
          if (one !== null && one !== undefined) take(one, value, String(index), resource, given);
        }
      }),
  };
}

function item(branch: Branch, index: number): Branch {
  return {
    ...branch,
    walk<With>(take: Take<With>) {
      const walk = branch.walk<{ seen: number; readonly given: With }>((value, owner, name, resource, count) => {
        if (count.seen++ === index) take(value, owner, name, resource, count.given);
      });
      return (focus: unknown, resource: Resource, given: With) => walk(focus, resource, { seen: 0, given });
    },
  };
}

/** The resource type a reference names: by its text, its `type`, or the contained resource. A canonical names none. */
export function referredType(value: unknown, resource: Resource, parsed = parsedIn(value)): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, resourceType } = value as { type?: unknown; resourceType?: unknown };
  if (typeof resourceType === 'string') return resourceType;
  if (parsed?.kind === 'contained') return containedResource(resource, parsed.fragment)?.resourceType;
  if (parsed !== undefined && parsed.kind !== 'urn' && parsed.type !== undefined) return parsed.type;
  return typeof type === 'string' ? type : undefined;
}

function parsedIn(value: unknown): ParsedReference | undefined {
  const reference = textOf(value, 'reference');
  return reference === undefined ? undefined : parseReference(reference);
}

/** The contained resource a #reference names; the resource itself for the empty fragment. */
function containedResource(resource: Resource, fragment: string): Resource | undefined {
  if (fragment === '') return resource;
  const contained = Array.isArray(resource['contained']) ? (resource['contained'] as Resource[]) : [];
  return contained.find((one) => (one as Resource | null)?.id === fragment);
}
