import { addressOf, type Segment } from '../hl7v2/message.ts';
import { formatAddress } from '../issue/address.ts';
import { issue } from '../issue/issue.ts';
import { markRead, runRows } from './compiled-map.ts';
import { type GroupNode, madeNear, segmentNear } from './groups.ts';
import { keysOf } from './identity.ts';
import { MadeSoFar } from './made-so-far.ts';
import type { Make } from './message-map.ts';
import { Frame, type Run } from './run.ts';
import type { Identity, NotMadeReason } from './translation.ts';

/** What one row of a message map made of one segment, and what is left to do: its references. */
export interface Making {
  readonly make: Make;
  readonly made: MadeSoFar;
  readonly frame: Frame;
}

/** Runs one row of a message map on one segment; `probe` is where its conditions look. The trace of the run tells why nothing is made. */
export function makeResource(make: Make, segment: Segment, group: GroupNode, run: Run, probe: Frame): Making | undefined {
  if (make.when !== undefined && !make.when.test(probe)) return notMade(make, segment, run, 'condition-false', make.when.text);
  for (const link of make.links) {
    if (link.required && madeNear(link.name, group, segment).length === 0)
      return notMade(make, segment, run, 'required-missing', `${link.target.text} needs ${link.name}`);
  }
  const standing = make.into === undefined ? undefined : madeNear(make.into, group, segment)[0];
  if (make.into !== undefined && standing === undefined) return notMade(make, segment, run, 'required-missing', `into ${make.into}`);

  const made = standing ?? new MadeSoFar(make.map.fhirType, make.called, segment, group);
  const frame = new Frame(run, segment, group, made.resource, made);
  const mark = run.usage.mark;
  const { outcome, row, used } = runRows(make.map, frame);
  if (outcome === 'missing') {
    const place = row?.place;
    const at = place === undefined ? addressOf(segment) : addressOf(segmentAt(place.owner, frame) ?? segment, place.field);
    run.issues.push(issue('required-field-missing', { at, row: row?.facts.row, target: make.map.fhirType }));
    run.errors++;
    run.usage.takeBack(mark);
    return notMade(make, segment, run, 'required-missing', formatAddress(at), used);
  }
  if (outcome === 'failed') {
    run.usage.takeBack(mark);
    return notMade(make, segment, run, 'row-failed', run.issues.findLast((item) => item.severity === 'error')?.id ?? '', used);
  }
  markRead(make.map, segment, frame);
  run.usage.settle();
  const kept = standing ?? settle(make, made, frame, run);
  if (standing !== undefined && make.finds && make.map.identity !== undefined) {
    const parent = run.made.find(({ name }) => name === standing.identity.within);
    const { keys } = keysOf(make.map.identity, frame, `${make.map.fhirType} ${parent?.fullUrl ?? ''}`);
    standing.identity = { ...standing.identity, keys: [...new Set([...standing.identity.keys, ...keys])] };
  }
  if (standing === undefined) group.addMade(make.called, kept);
  run.trace.push({
    segment: segment.address,
    type: make.map.fhirType,
    line: make.line,
    outcome: 'made',
    name: kept.name,
    rowsUsed: used,
    rows: make.map.rows.length,
  });
  return { make, made: kept, frame };
}

function segmentAt(owner: string, frame: Frame): Segment | undefined {
  return owner === frame.segment.name ? frame.segment : segmentNear(owner, frame.group, frame.segment.position);
}

/** Gives a resource its identity, and its place in the translation. */
function settle(make: Make, made: MadeSoFar, frame: Frame, run: Run): MadeSoFar {
  const rule = make.map.identity;
  if (make.map.profile !== undefined) made.resource.meta = { ...made.resource.meta, profile: [make.map.profile] };
  if (rule === undefined) return run.register(made, { keys: [], shared: false }, '');
  const parent = firstNear(rule.within, frame);
  const kind = `${make.map.fhirType} ${parent?.name ?? ''}`;
  // A key that lacks what it stands within would melt what belongs to different patients.
  const lost = rule.within.length > 0 && parent === undefined;
  const { keys, weak } = lost ? { keys: [], weak: undefined } : keysOf(rule, frame, kind);
  if (weak !== undefined || keys.length === 0) {
    const at = addressOf(frame.segment);
    const place = rule.lines[0]?.first.place;
    run.issues.push(
      issue('identity-missing', {
        at: place === undefined ? at : { ...at, field: place.field },
        target: make.map.fhirType,
        row: `${make.file}:${make.line}`,
      }),
    );
  }
  const { shared } = rule;
  const identity: Identity = parent === undefined ? { keys, shared } : { keys, shared, within: parent.name };
  return run.register(made, identity, parent?.fullUrl ?? '');
}

/** Of several names the first that something near was made under. */
function firstNear(names: readonly string[], frame: Frame): MadeSoFar | undefined {
  for (const name of names) {
    const [found] = madeNear(name, frame.group, frame.segment);
    if (found !== undefined) return found;
  }
  return undefined;
}

function notMade(make: Make, { address }: Segment, run: Run, reason: NotMadeReason, detail: string, rowsUsed = 0): undefined {
  const { line, map } = make;
  const rows = map.rows.length;
  run.trace.push({ segment: address, type: map.fhirType, line, outcome: 'not-made', reason, rowsUsed, rows, detail });
}
