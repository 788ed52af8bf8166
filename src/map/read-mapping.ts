import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { isCollection, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import schema from '../../mappings/mapping.schema.json' with { type: 'json' };
import { type Faults, isTreeMap, type MappingSource, type Tree, type TreeMap } from './mapping-source.ts';

/** The kinds of mapping file; each is told by the word it has and no other kind has. */
export const KINDS = ['map', 'table', 'code-systems', 'message', 'sender', 'guide'] as const;

/** A kind of mapping file. */
export type MappingKind = (typeof KINDS)[number];

const ajv = new Ajv2020({ allErrors: true, strict: false });
ajv.addSchema(schema, 'mapping');
const checks = new Map<MappingKind, ValidateFunction>(KINDS.map((kind) => [kind, ajv.compile({ $ref: `mapping#/$defs/${kind}` })]));

/**
 * One mapping file, with the line of everything in it; undefined when it is not readable at all.
 *
 * Fails: mapping-faulty, added to `faults`
 */
export function readMapping(path: string, text: string, faults: Faults): { kind: MappingKind; source: MappingSource } | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, uniqueKeys: true });
  const before = faults.issues.length;
  for (const error of document.errors) {
    faults.add({ path }, lines.linePos(error.pos[0]).line || 1, error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? 'not YAML');
  }
  visit(document, { Alias: (_, alias) => faults.add({ path }, lineOf(alias, lines), 'anchors and aliases are not part of the format') });
  if (faults.issues.length > before) return undefined;

  const data = plain(document.contents);
  const source: MappingSource = { path, data, lineAt: (...steps) => lineOf(nodeAt(document.contents, steps), lines) };
  const kind = isTreeMap(data) ? KINDS.find((name) => data[name] !== undefined) : undefined;
  if (kind === undefined) {
    faults.add(source, 1, `a mapping file has one of the words ${KINDS.join(', ')}`);
    return undefined;
  }
  const check = checks.get(kind);
  if (check !== undefined && !check(data)) for (const error of meaningful(check.errors ?? [])) addSchemaFault(source, error, faults);
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

function plain(node: unknown): Tree {
  if (isSeq(node)) return node.items.map(plain);
  if (!isMap(node)) return isScalar(node) && typeof node.value === 'string' ? node.value : '';
  const map = Object.create(null) as Record<string, Tree>;
  for (const pair of node.items) map[String(isScalar(pair.key) ? pair.key.value : pair.key)] = plain(pair.value);
  return map satisfies TreeMap;
}

/** The node at a path; the key where the last step is one, so that its line is the row's. */
function nodeAt(root: Node | null, steps: readonly (string | number)[]): Node | null {
  let node: unknown = root;
  let nearest = root;
  for (const step of steps) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      nearest = pair.key as Node;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (node === undefined) break;
      nearest = node as Node;
    } else break;
  }
  return nearest;
}

function lineOf(node: Node | null, lines: LineCounter): number {
  let start = node?.range?.[0];
  if (start === undefined && isCollection(node)) start = (node.items[0] as Node | undefined)?.range?.[0];
  return start === undefined ? 1 : lines.linePos(start).line || 1;
}
