import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import schema from '../../mappings/mapping.schema.json' with { type: 'json' };
import { barred, type Faults, isTreeMap, type MappingSource } from './mapping-source.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { readYaml } from './read-yaml.ts';

/** The kinds of mapping file; each is told by the word it has and no other kind has. */
export const KINDS = ['map', 'table', 'code-systems', 'message', 'sender', 'guide'] as const;

/** A kind of mapping file. */
export type MappingKind = (typeof KINDS)[number];

// That the schema is one is tested, not asked at each start; and code that runs once for a file is not worth optimizing.
const ajv = new Ajv2020({ allErrors: true, strict: false, validateSchema: false, meta: false, code: { optimize: false } });
ajv.addSchema(schema, 'mapping');
const checks = new Map<MappingKind, ValidateFunction>();

function checkOf(kind: MappingKind): ValidateFunction {
  const known = checks.get(kind);
  if (known !== undefined) return known;
  const check = ajv.compile({ $ref: `mapping#/$defs/${kind}` });
  checks.set(kind, check);
  return check;
}

/**
 * One mapping file, with the line of everything in it; undefined when it is not readable at all.
 *
 * Fails: mapping-faulty, added to `faults`
 */
export function readMapping(path: string, text: string, faults: Faults): { kind: MappingKind; source: MappingSource } | undefined {
  const known = readKnown(path, text, faults);
  if (known === undefined) for (const name of namesIn(text)) faults.addUnreadable(name);
  return known;
}

/** The names a file would have answered to, as far as its words can be made out. */
function namesIn(text: string): string[] {
  const word = (name: string) => new RegExp(`^${name}: *["']?([^"'#\\n]+)`, 'm').exec(text)?.[1]?.trim();
  const name = word('map') ?? word('table');
  if (name === undefined) return [];
  return [name, ...barred(word('also-for') ?? '').map((type) => name.replace(/^\S+/, type))];
}

function readKnown(path: string, text: string, faults: Faults): { kind: MappingKind; source: MappingSource } | undefined {
  const before = faults.issues.length;
  const read = readPlainYaml(text) ?? readYaml(path, text, faults);
  if (read === undefined) return undefined;
  const { data } = read;
  const source: MappingSource = { path, ...read };
  const kind = isTreeMap(data) ? KINDS.find((name) => data[name] !== undefined) : undefined;
  if (kind === undefined) {
    faults.add(source, 1, `a mapping file has one of the words ${KINDS.join(', ')}`);
    return undefined;
  }
  const check = checkOf(kind);
  if (!check(data)) for (const error of meaningful(check.errors ?? [])) addSchemaFault(source, error, faults);
  return faults.issues.length > before ? undefined : { kind, source };
}

/** Of a choice of forms ajv tells why each did not fit; only the innermost complaints help the reader. */
function meaningful(errors: readonly ErrorObject[]): ErrorObject[] {
  const telling = errors.filter((error) => !['oneOf', 'anyOf', 'if'].includes(error.keyword));
  const depth = (error: ErrorObject) => error.instancePath.split('/').length;
  const kept = telling.filter(
    (error) => !telling.some((other) => depth(other) > depth(error) && other.instancePath.startsWith(error.instancePath)),
  );
  return kept.filter((error, index) => kept.findIndex((other) => other.instancePath === error.instancePath) === index);
}

function addSchemaFault(source: MappingSource, error: ErrorObject, faults: Faults): void {
  const steps = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const { additionalProperty, propertyName, allowedValues } = error.params as Record<string, string | string[] | undefined>;
  const word = additionalProperty ?? propertyName;
  const where = steps.length === 0 ? '' : `${steps.join('/')}: `;
  const reason =
    word === undefined
      ? `${where}${error.message ?? 'not as the schema says'}${Array.isArray(allowedValues) ? ` (${allowedValues.join(', ')})` : ''}`
      : `${where}the word ${String(word)} is not known here`;
  faults.add(source, source.lineAt(...steps, ...(typeof word === 'string' ? [word] : [])), reason);
}
