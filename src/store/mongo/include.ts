import type { Include } from '../../fhir/search-query.ts';
import { type IncludeRule, includeRules } from '../include-rules.ts';
import { MOST_INCLUDED } from '../store.ts';
import type { ResourceDocument } from './collections.ts';
import type { Condition } from './comparison.ts';
import type { SearchGround } from './sub-search.ts';
import { anyReferenceTerm, referenceTarget, referenceTerm } from './terms.ts';

/** What the matches of a page include: each once, none that is a match, MOST_INCLUDED at most. */
export async function includedOf(
  matches: readonly ResourceDocument[],
  includes: readonly Include[],
  ground: SearchGround,
): Promise<{ included: ResourceDocument[]; cut: boolean }> {
  const seen = new Set(matches.map(({ _id }) => _id));
  const included: ResourceDocument[] = [];
  let from = matches;
  let rules = includeRules(includes);
  while (from.length > 0 && rules.length > 0) {
    const found: ResourceDocument[] = [];
    for (const condition of conditionsOf(from, rules, seen)) {
      const room = MOST_INCLUDED - included.length - found.length;
      const query = { ...condition, deleted: false };
      const next = await ground.collections.resources
        .find(query, { projection: FIELDS, limit: room + 1 + seen.size, maxTimeMS: ground.timeoutMs, sort: { born: -1 } })
        .toArray();
      for (const document of next) {
        const { _id: name } = document;
        if (seen.has(name)) continue;
        if (included.length + found.length === MOST_INCLUDED) return { included: [...included, ...found], cut: true };
        seen.add(name);
        found.push(document);
      }
    }
    included.push(...found);
    from = found;
    rules = rules.filter(({ iterate }) => iterate);
  }
  return { included, cut: false };
}

const FIELDS = { _id: 1, type: 1, id: 1, ver: 1, lu: 1, seq: 1, born: 1, deleted: 1, res: 1, 'ix.r': 1 } as const;

/** One query for all forward rules, since it is by id; one for each reverse rule. */
function conditionsOf(from: readonly ResourceDocument[], rules: readonly IncludeRule[], seen: ReadonlySet<string>): Condition[] {
  const conditions: Condition[] = [];
  const targets = new Set<string>();
  for (const rule of rules) {
    if (rule.direction === 'forward') {
      for (const document of from) for (const target of forwardTargets(document, rule)) if (!seen.has(target)) targets.add(target);
      continue;
    }
    const pointed = rule.target === undefined ? from : from.filter(({ type }) => type === rule.target);
    const terms = pointed.map(({ type, id }) =>
      rule.parameter === undefined ? anyReferenceTerm(type, id) : referenceTerm(rule.parameter, type, id),
    );
    if (terms.length > 0)
      conditions.push({ type: rule.sources.length === 1 ? rule.sources[0] : { $in: [...rule.sources] }, 'ix.r': { $in: terms } });
  }
  return targets.size === 0 ? conditions : [{ _id: { $in: [...targets] } }, ...conditions];
}

function forwardTargets(document: ResourceDocument, rule: IncludeRule): string[] {
  if (!rule.sources.includes(document.type)) return [];
  return (document.ix.r ?? []).flatMap((term) => {
    const reference = referenceTarget(term);
    if (reference === undefined || (rule.parameter !== undefined && reference.parameter !== rule.parameter)) return [];
    return rule.target === undefined || reference.target.startsWith(`${rule.target}/`) ? [reference.target] : [];
  });
}
