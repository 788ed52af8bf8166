import type { Segment } from '../hl7v2/message.ts';
import { JoinedSegment } from './joined-segment.ts';
import type { LinesRule, Make } from './message-map.ts';
import type { Frame } from './run.ts';
import { Value } from './value.ts';

/** Joins consecutive segments that are lines of one text. */
export function joinLines(make: Make, segments: readonly Segment[], probeAt: (segment: Segment) => Frame): readonly Segment[] {
  const { lines } = make;
  if (lines === undefined) return segments;
  const found: Segment[] = [];
  let open: [Segment, ...Segment[]] | undefined;
  let openKey: string | undefined;
  const close = () => {
    if (open !== undefined) found.push(open.length === 1 ? open[0] : new JoinedSegment(open, lines.field));
    open = undefined;
  };
  for (const segment of segments) {
    const key = lineKey(lines, segment, probeAt(segment));
    if (open !== undefined && key === openKey && open.at(-1)?.position === segment.position - 1) {
      open.push(segment);
      continue;
    }
    close();
    if (key === undefined) found.push(segment);
    else open = [segment];
    openKey = key;
  }
  close();
  return found;
}

/** What must be equal for two segments to be one; undefined when the segment stands alone. */
function lineKey(lines: LinesRule, segment: Segment, frame: Frame): string | undefined {
  if (lines.test !== undefined && !lines.test(frame)) return undefined;
  return lines.same
    .map(({ place, key }) => {
      const source = segment.field(place.field)[0];
      return source === undefined ? '' : key(new Value(segment, place.field, 1, source, place.component, place.subcomponent), frame);
    })
    .join('\u001f');
}
