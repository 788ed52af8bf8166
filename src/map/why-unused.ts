import type { MessageMap } from './message-map.ts';

/** Why the places nothing was made of are not mapped, as far as the maps say. Shape: { 'PID-10' => 'race needs a national extension' } */
export function whyUnused(unused: readonly string[], map: MessageMap): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const address of unused) {
    const [, segment = '', field] = /^([A-Z0-9]{3})(?:\[\d+\])?(?:-(\d+))?/.exec(address) ?? [];
    const why = field === undefined ? map.notMapped.get(segment) : whyField(segment, `${segment}-${field}`, map);
    if (why !== undefined) reasons.set(address, why);
  }
  return reasons;
}

function whyField(segment: string, field: string, map: MessageMap): string | undefined {
  return map.makes.find((make) => make.segment === segment && make.map.notMapped.has(field))?.map.notMapped.get(field);
}
