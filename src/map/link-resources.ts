import { madeNear } from './groups.ts';
import { referenceTo } from './library.ts';
import { addOnce, type MadeSoFar } from './made-so-far.ts';
import type { Making } from './make-resource.ts';
import type { Join, Make, MessageMap } from './message-map.ts';
import type { ReadPlace } from './read-place.ts';
import type { Frame } from './run.ts';
import { NOWHERE, type Target } from './target.ts';

/** Puts the references of what was made, now that all of it is. */
export function linkResources(makings: readonly Making[], map: MessageMap): void {
  for (const { make, frame, made } of makings) {
    if (make.becomes !== undefined || make.movedFrom !== undefined) settleMove(make, made, frame);
    for (const link of make.links) {
      const near = madeNear(link.name, frame.group, frame.segment);
      if (near.length === 0) continue;
      const found = near.includes(made) ? near.filter((other) => other !== made) : near;
      // Of several that fit equally none is right for an element that holds one: to choose would be to invent.
      const repeats = link.target.last.repeats && link.target.last.label === undefined;
      if (repeats || found.length === 1) refer(frame, made, link.target, found);
    }
  }
  for (const join of map.joins) joinResources(join, makings);
}

/** What a merge or a move says of a resource's identity: the one name of each that is near. */
function settleMove(make: Make, made: MadeSoFar, frame: Frame): void {
  const near = (name: string | undefined) => {
    const found = name === undefined ? [] : madeNear(name, frame.group, frame.segment).filter((other) => other !== made);
    return found.length === 1 ? found[0]?.name : undefined;
  };
  const [becomes, movedFrom] = [near(make.becomes), near(make.movedFrom)];
  made.identity = {
    ...made.identity,
    ...(becomes === undefined ? {} : { becomes }),
    ...(movedFrom === undefined ? {} : { movedFrom }),
  };
}

function refer(frame: Frame, made: MadeSoFar, target: Target, others: readonly MadeSoFar[]): void {
  for (let index = 0; index < others.length; index++) {
    if (target.occupied(frame.node, frame.slots)) return;
    target.put(frame.node, frame.slots, target.rest === '' ? NOWHERE : [], index, referenceTo(others[index] as MadeSoFar));
    addOnce(made.spoken, target.top);
  }
}

function joinResources(join: Join, makings: readonly Making[]): void {
  const bySide = (name: string) => makings.filter(({ make }) => make.called === name && make.into === undefined);
  const found = new Map<string, MadeSoFar[]>();
  for (const { made, frame } of bySide(join.find)) {
    const key = keyOf(join.findPlaces, frame);
    if (key === undefined) continue;
    const standing = found.get(key);
    if (standing === undefined) found.set(key, [made]);
    else standing.push(made);
  }
  // Nearly no message has such a reference.
  if (found.size === 0) return;
  for (const { made, frame } of bySide(join.from)) {
    const key = keyOf(join.fromPlaces, frame);
    const others = (key === undefined ? undefined : found.get(key)) ?? [];
    refer(
      frame,
      made,
      join.target,
      others.filter((other) => other !== made),
    );
  }
}

/** The values of several places as one text; undefined when the first is empty. */
function keyOf(places: readonly ReadPlace[], frame: Frame): string | undefined {
  const [first] = places;
  if (first === undefined || first(frame).trim() === '') return undefined;
  return places.map((read) => read(frame).trim()).join('\u001f');
}
