import { compilePlace } from './read-place.ts';
import { madeNear } from './groups.ts';
import { referenceTo } from './library.ts';
import type { MadeSoFar } from './made-so-far.ts';
import type { Making } from './make-resource.ts';
import type { Join, Make, MessageMap } from './message-map.ts';
import type { Place } from './place.ts';
import type { Frame } from './run.ts';
import type { Target } from './target.ts';

/** Puts the references of what was made, now that all of it is. */
export function linkResources(makings: readonly (readonly [Make, Making])[], map: MessageMap): void {
  for (const [make, { frame, made }] of makings) {
    if (frame === undefined || made === undefined) continue;
    for (const link of make.links) {
      const found = madeNear(link.name, frame.group, frame.segment).filter((other) => other !== made);
      refer(frame, made, link.target, link.target.last.repeats || link.target.topRepeats ? found : found.slice(0, 1));
    }
  }
  for (const join of map.joins) joinResources(join, makings);
}

function refer(frame: Frame, made: MadeSoFar, target: Target, others: readonly MadeSoFar[]): void {
  for (const [index, other] of others.entries()) {
    if (target.occupied(frame.node, frame.slots)) return;
    target.put(frame.node, frame.slots, [], index, referenceTo(other));
    made.spoken.add(target.top);
  }
}

function joinResources(join: Join, makings: readonly (readonly [Make, Making])[]): void {
  const bySide = (name: string) =>
    makings.flatMap(([make, { made, frame }]) =>
      make.called === name && make.into === undefined && made !== undefined && frame !== undefined ? [{ made, frame }] : [],
    );
  const found = new Map<string, MadeSoFar[]>();
  for (const { made, frame } of bySide(join.find)) {
    const key = keyOf(
      join.where.map(([, place]) => place),
      frame,
    );
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), made]);
  }
  for (const { made, frame } of bySide(join.from)) {
    const key = keyOf(
      join.where.map(([place]) => place),
      frame,
    );
    const others = (key === undefined ? undefined : found.get(key)) ?? [];
    refer(
      frame,
      made,
      join.target,
      others.filter((other) => other !== made),
    );
  }
}

/** The values of several places as one text; undefined when one is empty. */
function keyOf(places: readonly Place[], frame: Frame): string | undefined {
  const values = places.map((place) => compilePlace(place, false)(frame).trim());
  return values.includes('') ? undefined : values.join('\u001f');
}
