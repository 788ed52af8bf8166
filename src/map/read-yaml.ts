import { isCollection, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Faults, Tree, TreeMap } from './mapping-source.ts';
import type { PlainYaml } from './plain-yaml.ts';

/**
 * Any YAML, every scalar a string; undefined when it is not readable.
 *
 * Fails: mapping-faulty, added to `faults`
 */
export function readYaml(path: string, text: string, faults: Faults): PlainYaml | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, uniqueKeys: true });
  const before = faults.issues.length;
  for (const error of document.errors) {
    faults.add({ path }, lines.linePos(error.pos[0]).line || 1, error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? 'not YAML');
  }
  visit(document, { Alias: (_, alias) => faults.add({ path }, lineOf(alias, lines), 'anchors and aliases are not part of the format') });
  if (faults.issues.length > before) return undefined;
  return { data: plain(document.contents), lineAt: (...steps) => lineOf(nodeAt(document.contents, steps), lines) };
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
