import { compileWhen } from './compile-when.ts';
import { readNeed, reasonsOf } from './compile-map.ts';
import type { CompiledMap } from './compiled-map.ts';
import { resolvePath } from './element-path.ts';
import type { GroupKind } from './groups.ts';
import { keyTextOf } from './key-text.ts';
import type { Library } from './library.ts';
import { barred, isTreeMap, type MappingSource, textOfTree, type Tree, type TreeMap } from './mapping-source.ts';
import type { Join, LinesRule, Link, Make, MessageMap } from './message-map.ts';
import { parsePlace } from './place.ts';
import { compilePlace } from './read-place.ts';
import { Numbering } from './numbering.ts';
import { compileTarget, type Target } from './target.ts';
import type { TraceLine } from './translation.ts';

/** What a message map is compiled with. */
export interface MessageScope {
  readonly source: MappingSource;
  readonly library: Library;
  /** The segment maps, by name. */
  readonly maps: ReadonlyMap<string, CompiledMap>;
}

/** Compiles a message map. Fails: mapping-faulty, added to the library's faults */
export function compileMessage(scope: MessageScope): MessageMap {
  const { source } = scope;
  const data = isTreeMap(source.data) ? source.data : {};
  const name = textOfTree(data['message']) ?? '';
  const groups = compileGroups(data['groups'], scope);
  const makes = compileMakes(source, ['makes'], scope, groups);
  // With rows missing every name that they would have made would be told as well.
  const whole = makes.length === listLength(data['makes']);
  if (whole) checkNames(makes, scope);
  const notMapped = reasonsOf(data['not-mapped']);
  for (const segment of notMapped.keys()) {
    if (makes.some((make) => make.segment === segment)) addFault(scope, `${segment} is both in makes and in not-mapped`, 'not-mapped');
  }
  return {
    name,
    type: name.slice(0, 3),
    events: listOf(data['events']),
    path: source.path,
    groups,
    makes,
    joins: whole ? compileJoins(data['joins'], makes, scope) : [],
    notMapped,
  };
}

function addFault(scope: MessageScope, reason: string, ...path: readonly (string | number)[]): undefined {
  scope.library.faults.add(scope.source, scope.source.lineAt(...path), reason);
}

const listLength = (tree: Tree | undefined): number => (Array.isArray(tree) ? tree.length : 0);

const listOf = (tree: Tree | undefined): string[] =>
  Array.isArray(tree) ? (tree as readonly Tree[]).flatMap((item) => textOfTree(item) ?? []) : [];

function compileGroups(tree: Tree | undefined, scope: MessageScope): GroupKind[] {
  if (!isTreeMap(tree)) return [];
  const kinds = Object.entries(tree).flatMap(([name, said]): GroupKind[] => {
    if (!isTreeMap(said)) return [];
    const bars = (word: string) => barred(textOfTree(said[word]) ?? '');
    return [{ name, starts: bars('starts'), holds: new Set(bars('holds')), within: new Set(bars('in')) }];
  });
  for (const kind of kinds) {
    for (const outer of kind.within) {
      if (!kinds.some((other) => other.name === outer)) addFault(scope, `there is no group ${outer}`, 'groups', kind.name);
    }
  }
  return kinds;
}

/** Compiles rows of `makes`, of a message map or of a sender's `segments`. */
export function compileMakes(
  source: MappingSource,
  path: readonly string[],
  scope: MessageScope,
  groups: readonly GroupKind[],
): readonly Make[] {
  const [word = ''] = path;
  const list = isTreeMap(source.data) ? source.data[word] : undefined;
  if (!Array.isArray(list)) return [];
  const own = { ...scope, source };
  return (list as readonly Tree[]).flatMap((item, index) => {
    if (!isTreeMap(item)) return [];
    return Object.entries(item).flatMap(
      ([segment, said]) => compileMake(segment, isTreeMap(said) ? said : { map: said }, [...path, index, segment], own, groups) ?? [],
    );
  });
}

function compileMake(
  segment: string,
  said: TreeMap,
  path: readonly (string | number)[],
  scope: MessageScope,
  groups: readonly GroupKind[],
): Make | undefined {
  const fault = (reason: string): undefined => addFault(scope, `${segment}: ${reason}`, ...path);
  const word = (name: string) => textOfTree(said[name]);
  const name = word('map') ?? '';
  const map = scope.maps.get(name);
  if (map === undefined)
    return scope.library.faults.addMissing(
      name,
      scope.source,
      scope.source.lineAt(...path),
      `${segment}: there is no map "${name}"`,
    ) as undefined;
  if (map.owner !== segment) return fault(`"${name}" maps ${map.owner}`);
  const into = word('into');
  if (word('finds') === 'true' && (into === undefined || map.identity === undefined))
    return fault('`finds` stands with `into`, and the map has an identity');
  if (into === undefined && map.identity === undefined) return fault(`"${name}" has no identity, so it can only be used with \`into\``);
  const when = compileWhen(word('when'), { dataType: false, owner: segment, fault });
  const within = word('in');
  const known = new Set(['message', ...groups.map((group) => group.name)]);
  for (const group of barred(within ?? '')) if (!known.has(group)) fault(`there is no group ${group}`);
  const line = scope.source.lineAt(...path);
  return {
    absent: traceAbsent(segment, map, line),
    line,
    file: scope.source.path,
    segment,
    map,
    called: word('name') ?? (into === undefined ? map.fhirType.charAt(0).toLowerCase() + map.fhirType.slice(1) : into),
    into,
    when: when === undefined ? undefined : { test: when, text: word('when') ?? '' },
    within: within === undefined ? undefined : new Set(barred(within)),
    required: word('required') === 'true',
    expected: word('expected') === 'true',
    finds: word('finds') === 'true',
    becomes: word('becomes'),
    movedFrom: word('moved-from'),
    links: compileLinks(map, said['link'], path, scope),
    lines: compileLines(said['lines'], segment, fault),
  };
}

/** The line of the trace for a row of `makes` that meets no segment. */
export function traceAbsent(segment: string, { fhirType, rows }: CompiledMap, line: number): TraceLine {
  const at = { segment, occurrence: 1 };
  return { segment: at, type: fhirType, line, outcome: 'not-made', reason: 'no-segment', rowsUsed: 0, rows: rows.length };
}

function compileLinks(map: CompiledMap, tree: Tree | undefined, path: readonly (string | number)[], scope: MessageScope): Link[] {
  const needs = new Map(map.needs);
  if (isTreeMap(tree)) {
    for (const [element, said] of Object.entries(tree)) needs.set(element, readNeed(said, scope.source.lineAt(...path)));
  }
  return [...needs].flatMap(([element, need]) => {
    const target = referenceTarget(map, element, path, scope);
    return target === undefined ? [] : [{ ...need, target }];
  });
}

function referenceTarget(map: CompiledMap, element: string, path: readonly (string | number)[], scope: MessageScope): Target | undefined {
  const resolved = resolvePath(scope.library.definitions, map.fhirType, element);
  if (typeof resolved === 'string') return addFault(scope, `link: ${resolved}`, ...path);
  if (resolved.last.type !== 'Reference') return addFault(scope, `link: ${element} is no Reference`, ...path);
  return compileTarget(resolved, map.slots, new Numbering());
}

function compileLines(tree: Tree | undefined, segment: string, fault: (reason: string) => undefined): LinesRule | undefined {
  if (!isTreeMap(tree)) return undefined;
  const of = parsePlace(textOfTree(tree['of']) ?? '');
  if (of === undefined || of.owner !== segment || of.component !== 0) return fault('lines: `of` is a field of the segment');
  const same = (textOfTree(tree['same']) ?? '').split('+').flatMap((text) => {
    const written = text.trim();
    if (written === '') return [];
    const place = parsePlace(written);
    return place?.owner === segment && place.field > 0
      ? [{ place, key: keyTextOf(place) }]
      : (fault(`lines: "${written}" is no field of the segment`) ?? []);
  });
  return { field: of.field, same, test: compileWhen(textOfTree(tree['when']), { dataType: false, owner: segment, fault }) };
}

function compileJoins(tree: Tree | undefined, makes: readonly Make[], scope: MessageScope): Join[] {
  if (!Array.isArray(tree)) return [];
  return (tree as readonly Tree[]).flatMap((said, index): Join[] => {
    if (!isTreeMap(said)) return [];
    const path = ['joins', index];
    const from = textOfTree(said['from']) ?? '';
    const find = textOfTree(said['find']) ?? '';
    const map = makes.find((make) => make.called === from && make.into === undefined)?.map;
    const missing = [from, find].find((name) => !makes.some((make) => make.called === name && make.into === undefined));
    if (map === undefined || missing !== undefined) return addFault(scope, `joins: nothing is called ${missing ?? from}`, ...path) ?? [];
    const target = referenceTarget(map, textOfTree(said['to']) ?? '', path, scope);
    if (target === undefined) return [];
    const where = Object.entries(isTreeMap(said['where']) ? said['where'] : {}).flatMap(([left, right]) => {
      const pair = [parsePlace(left), parsePlace(textOfTree(right) ?? '')] as const;
      if (pair[0] === undefined || pair[1] === undefined)
        return addFault(scope, `joins: ${left} is compared with no address`, ...path) ?? [];
      return [[pair[0], pair[1]] as const];
    });
    return [
      {
        from,
        find,
        target,
        line: scope.source.lineAt(...path),
        fromPlaces: where.map(([left]) => compilePlace(left, false)),
        findPlaces: where.map(([, right]) => compilePlace(right, false)),
      },
    ];
  });
}

/** Every name a row needs or adds to is made by some row of the message. */
function checkNames(makes: readonly Make[], scope: MessageScope): void {
  const made = new Map(makes.filter((make) => make.into === undefined).map((make) => [make.called, make.map.fhirType]));
  for (const make of makes) {
    const type = make.into === undefined ? undefined : made.get(make.into);
    const place: Pick<MappingSource, 'path'> = { path: make.file };
    if (make.into !== undefined && type === undefined)
      scope.library.faults.addMissing(nameIn(make.into, scope), place, make.line, `nothing is called ${make.into}`);
    else if (type !== undefined && type !== make.map.fhirType) {
      scope.library.faults.add(place, make.line, `${make.into} is a ${type}, and "${make.map.name}" gives a ${make.map.fhirType}`);
    }
    for (const link of make.links) checkLink(make, link, made, place, scope);
  }
}

/** A name as one message map uses it: several rows lack it for one reason. */
const nameIn = (name: string, scope: MessageScope) => `${scope.source.path} ${name}`;

function checkLink(
  make: Make,
  link: Link,
  made: ReadonlyMap<string, string>,
  place: Pick<MappingSource, 'path'>,
  scope: MessageScope,
): void {
  const type = made.get(link.name);
  const { targets } = link.target.last;
  // A map says what it can refer to; a message that makes none of it leaves the element out, unless it is required.
  if (type === undefined && link.required) {
    const reason = `"${make.map.name}" needs ${link.name}, and nothing is called so`;
    scope.library.faults.addMissing(nameIn(link.name, scope), place, make.line, reason);
  }
  if (type !== undefined && targets.length > 0 && !targets.includes(type) && !targets.includes('Resource')) {
    scope.library.faults.add(place, make.line, `${link.target.text} does not refer to a ${type}`);
  }
}
