import { componentsOf } from '../../hl7v2/fields.ts';
import { parseMessage } from '../../hl7v2/parse-message.ts';
import type { Mappings } from '../../map/compile-mappings.ts';
import type { Condition } from '../../map/condition.ts';
import { Bug } from '../../issue/issue-error.ts';
import { parsePlace, type Place } from '../../map/place.ts';
import { translate } from '../../map/translate.ts';
import type { Made } from '../../map/translation.ts';
import { type Guide, type GuideMap, type GuideRow, plainName } from './read-guide.ts';
import { readGuideCondition } from './condition.ts';
import { type GuideStep, readGuidePath } from './path.ts';
import { type ByUrl, plainUrl, textWith, valuesAt } from './look.ts';
import { type OwnConditions, ownConditions } from './own-conditions.ts';
import { type Planted, plant } from './plant.ts';
import { HEADER_SHOWS, Plantings, standsForItself } from './plantings.ts';
import { proveValue } from './prove-value.ts';
import { type Change, waysTo } from './satisfy.ts';
import { surroundingsOf } from './surroundings.ts';
import type { WrittenMessage } from './written-message.ts';

/** What shows that a row of the guide is carried: a message, and what came of the field at the row's place. */
export interface Proof {
  readonly message: string;
  /** The value at the path, as JSON. */
  readonly found: string;
}

interface Attempt {
  readonly message: WrittenMessage;
  readonly place: Place;
  readonly type: string;
  readonly row: GuideRow;
  readonly urls: readonly (string | undefined)[];
  readonly planted: Planted | undefined;
}

/** A message, and the changes that meet the conditions. */
interface Setting {
  readonly surroundings: WrittenMessage;
  readonly way: readonly Change[];
}

/** A row of a segment map, and the map. */
interface User {
  readonly map: GuideMap;
  readonly row: GuideRow;
}

const MOST_WAYS = 60;

interface Found {
  readonly text: string;
  readonly within: string;
}

/** Runs messages through parse and translate and looks for what was planted. */
export class Prover {
  readonly #mappings: Mappings;
  readonly #seen = new Map<string, readonly Made[]>();
  readonly #own: OwnConditions;
  readonly #plantings: Plantings;
  /** Rows that were proved, and where: data type maps are proved by them. */
  readonly #carried = new Map<GuideRow, Setting>();

  readonly #users: readonly User[];

  constructor(mappings: Mappings, guide: Guide) {
    this.#mappings = mappings;
    this.#users = guide.segments.flatMap((map) => map.rows.map((row) => ({ map, row })));
    this.#own = ownConditions(mappings);
    this.#plantings = new Plantings(mappings, guide, this.#own);
  }

  /** The first message that shows the row's value at the row's path; undefined when none does. */
  prove(map: GuideMap, row: GuideRow): Proof | undefined {
    const place = parsePlace(row.address === '' ? map.owner : row.address);
    if (place === undefined || place.owner !== map.owner) return undefined;
    const condition = readGuideCondition(row.condition, place.text);
    if (row.condition !== '' && condition === undefined) return undefined;
    const ways = this.#ways(map, place, condition);
    const settings = surroundingsOf(map.owner).flatMap((surroundings) => ways.map((way): Setting => ({ surroundings, way })));
    return this.#search(map, row, place, settings);
  }

  /** Whether some message uses the row's field at all: what a ruling says is carried otherwise is not reported as unused. */
  uses(map: GuideMap, row: GuideRow): boolean {
    const place = parsePlace(row.address === '' ? map.owner : row.address);
    if (place === undefined || place.owner !== map.owner || place.field === 0) return true;
    const ways = this.#ways(map, place, readGuideCondition(row.condition, row.address));
    return surroundingsOf(map.owner).some((surroundings) =>
      ways.some((way) =>
        this.#plantings.of(row, place).some(({ value }) => {
          const message = surroundings.copy();
          for (const change of way) change(message);
          const planted = value(message);
          if (planted !== undefined && !standsForItself(place)) message.set(place, planted.text);
          const parsed = parseMessage(message.toString());
          return parsed.ok && !isUnused(place, translate(parsed.value, this.#mappings).unused);
        }),
      ),
    );
  }

  /** The same for a component, in the fields whose rows carry its type. */
  usesPart(map: GuideMap, row: GuideRow): boolean {
    const component = parsePlace(row.address)?.component ?? 0;
    if (component === 0 || componentsOf(map.owner).length === 0) return true;
    const users = this.#usersOf(map);
    return users.length === 0 || users.some((user) => this.uses(user.map, { ...user.row, address: `${user.row.address}.${component}` }));
  }

  /** The rows that carry a data type by its map. */
  #usersOf(map: GuideMap): readonly User[] {
    return this.#users.filter(({ row: user }) => this.#carried.has(user) && plainName(user.dataTypeMap) === plainName(map.name));
  }

  #search(map: GuideMap, row: GuideRow, place: Place, settings: readonly Setting[]): Proof | undefined {
    const type = map.to.split('-')[0] ?? '';
    const urls = urlsOf(map, row);
    const plantings = this.#plantings.of(row, place);
    for (const [index, setting] of settings.entries()) {
      const { surroundings, way } = setting;
      // Every code with the first conditions, which are the guide's own; a few with each of ours.
      for (const { bare, value } of plantings.slice(0, index % MOST_WAYS < 12 ? undefined : 6)) {
        const message = surroundings.copy();
        for (const change of way) change(message);
        if (place.owner === 'OBX' && place.field !== 5) message.setField('OBX', 5, plant(message.field('OBX', 2), 'OBX5', bare).text);
        const planted = value(message);
        if (planted !== undefined && place.field !== 0 && !standsForItself(place)) message.set(place, planted.text);
        for (const change of way) change(message);
        const found = this.#shows({ message, place, type, row, urls, planted });
        if (found === undefined) continue;
        this.#carried.set(row, setting);
        return { message: message.toString(), found };
      }
    }
    return undefined;
  }

  /**
   * Proves a row of a data type map by segment maps that use it: the component at the field's place, the element below the field's target.
   */
  provePart(map: GuideMap, row: GuideRow): Proof | undefined {
    const component = componentsOf(map.owner).length === 0 ? 0 : (parsePlace(row.address)?.component ?? 0);
    const users = this.#usersOf(map);
    for (const user of users.slice(0, 4)) {
      const at = component === 0 ? user.row.address : `${user.row.address}.${component}`;
      const moved = (text: string) =>
        text.replace(/\bHD-(\d)/g, 'HD.$1').replace(new RegExp(`\\b${map.owner}\\.(\\d+)`, 'g'), `${user.row.address}.$1`);
      const whole: GuideRow = {
        ...row,
        address: at,
        condition: [user.row.condition, moved(row.condition)].filter((part) => part !== '').join(' AND '),
        target: makesResource(map) ? partPath(row.target) : join(user.row.target, partPath(row.target)),
        vocabulary: row.vocabulary === '' && component === 0 ? user.row.vocabulary : row.vocabulary,
      };
      const target = (one: string) => (makesResource(map) ? one : join(user.row.target, one));
      const rows = [...user.map.rows, ...map.rows.map((one) => ({ ...one, address: at, target: target(partPath(one.target)) }))];
      const place = parsePlace(at);
      const setting = this.#carried.get(user.row);
      const condition = readGuideCondition(whole.condition, at);
      if (place === undefined || setting === undefined || (whole.condition !== '' && condition === undefined)) continue;
      const { surroundings, way } = setting;
      const ways = this.#ways(user.map, place, condition);
      const settings = ways.map((more): Setting => ({ surroundings, way: [...way, ...more] }));
      const proof = this.#search({ ...user.map, rows, to: makesResource(map) ? map.to : user.map.to }, whole, place, settings);
      if (proof !== undefined) return proof;
    }
    return proveValue(this.#mappings, map, row);
  }

  /** Ways to meet the guide's condition, alone and with a condition of ours. */
  #ways(map: GuideMap, place: Place, condition: Condition | undefined): Change[][] {
    const extra = PRECONDITION[map.name];
    const guide = (condition === undefined ? [[]] : waysTo(condition)).map((way) => [...(extra ?? []), ...way]);
    const ours = [...(this.#own.byField.get(`${place.owner}-${place.field}`) ?? []), ...(this.#own.bySegment.get(place.owner) ?? [])];
    return [...guide, ...guide.flatMap((way) => ours.flatMap((own) => waysTo(own).map((more) => [...more, ...way])))].slice(0, MOST_WAYS);
  }

  #shows({ message, place, type, row, urls, planted }: Attempt): string | undefined {
    const path = readGuidePath(row.target.replace('$this', ''));
    const found = this.#valuesIn(message, type, path, urls);
    if (found.length === 0) return undefined;
    const fixed = /^"\s*(.*?)\s*"$/.exec(row.assignment)?.[1];
    if (fixed !== undefined && found.every(({ text }) => isFixed(text, fixed))) return found[0]?.text;
    const blank = message.copy();
    if (place.component !== 0) blank.set(place, '');
    else if (place.field !== 0) blank.setField(place.owner, place.field, '');
    const before = place.field === 0 || standsForItself(place) ? [] : this.#valuesIn(blank, type, path, urls);
    const known = new Set(before.map(({ text, within }) => `${within} ${text}`));
    const fresh = found.filter(({ text, within }) => !known.has(`${within} ${text}`)).map(({ text }) => text);
    if (fixed !== undefined) return fresh.find((text) => isFixed(text, fixed));
    const shows = standsForItself(place) ? HEADER_SHOWS[place.field] : planted?.shows;
    const told = ['url', 'uri', 'system', 'reference'].includes(path.at(-1)?.name ?? '');
    if (told || shows === undefined || shows.length === 0 || row.assignment !== '') return fresh[0];
    return fresh.find((text) => shows.some((each) => text.includes(each)));
  }

  /** What stands at a path of the made resources of a type, as text, and what it stands in. */
  #valuesIn(message: WrittenMessage, type: string, path: readonly GuideStep[], urls: Attempt['urls']): Found[] {
    const made = this.#made(message.toString());
    const byUrl: ByUrl = new Map(made.map(({ fullUrl, resource }) => [fullUrl, resource as Readonly<Record<string, unknown>>]));
    const above = path.at(-1)?.into === undefined ? path.slice(0, -1) : path;
    const last = above === path ? [] : path.slice(-1);
    return made
      .filter(({ resource }) => resource.resourceType === type)
      .flatMap(({ resource }) => valuesAt(resource, above, byUrl, urls))
      .flatMap((parent) => {
        const inside = last[0]?.name === 'extension' ? urls.slice(-1) : [];
        const within = above.length === 0 ? '' : textWith(parent, byUrl);
        return (last.length === 0 ? [parent] : valuesAt(parent, last, byUrl, inside)).map((value) => ({
          text: textWith(value, byUrl),
          within,
        }));
      });
  }

  #made(text: string): readonly Made[] {
    const seen = this.#seen.get(text);
    if (seen !== undefined) return seen;
    const parsed = parseMessage(text);
    const made = parsed.ok ? translate(parsed.value, this.#mappings).made : [];
    // Neighbouring attempts ask for the same messages; those long past do not come again.
    if (this.#seen.size > 500) this.#seen.clear();
    this.#seen.set(text, made);
    return made;
  }
}

/** What the guide's message maps ask for before they apply a map. */
const PRECONDITION: Readonly<Record<string, Change[]>> = {
  'OBX[Observation-Component]': waysTo({ op: '>', measure: 'count', place: placeOf('OBX-5'), number: 1 })[0] ?? [],
};

function placeOf(text: string): Place {
  const place = parsePlace(text);
  if (place === undefined) throw new Bug(`${text} is no address`);
  return place;
}

/** A data type map to a resource: its rows are looked for in any resource of that type, since a value may make several (a bed, its room ...). */
function makesResource({ to }: GuideMap): boolean {
  return /^(Location|Practitioner|PractitionerRole|Organization|Device|RelatedPerson|Patient|DocumentReference)(-|$)/.test(to);
}

/** A target of a data type map without what only tells instances apart. Shape: '[4].location(Location.mode)' -> mode */
function partPath(target: string): string {
  return target
    .replace(/^\$(this|value)$/, '')
    .replace(/^(\[[\d-]+\]|Quantity)\.?/, '')
    .replace(/^location\(Location\.(.*)\)$/, '$1');
}

/** The path of a part below that of its field, inside the resource a reference leads to. */
function join(target: string, below: string): string {
  if (below === '') return target;
  return target.endsWith(')') ? `${target.slice(0, -1)}.${below})` : `${target}.${below}`;
}

function isUnused({ owner, field, component }: Place, unused: readonly string[]): boolean {
  const whole = `${owner}-${field}`;
  return unused.some((one) => [owner, whole, `${whole}.${component}`].includes(one) || one.startsWith(`${owner}[`));
}

function isFixed(found: string, fixed: string): boolean {
  const text = found.startsWith('"') ? (JSON.parse(found) as string) : found;
  return text === fixed || plainUrl(text) === plainUrl(fixed) || found.includes(`"code":${JSON.stringify(fixed)}`);
}

/** The extensions on the way of a row, outermost first: where the same field has rows for their urls. */
function urlsOf(map: GuideMap, row: GuideRow): readonly (string | undefined)[] {
  return [...row.target.matchAll(/extension(?:\[\d+\])?/g)].map((match) => {
    const prefix = row.target.slice(0, match.index + match[0].length);
    const told = map.rows.find(({ address, target, assignment }) => {
      return address === row.address && [`${prefix}.url`, `${prefix}.uri`].includes(target) && assignment !== '';
    });
    return told === undefined ? undefined : /^"\s*(.*?)\s*"$/.exec(told.assignment)?.[1];
  });
}
