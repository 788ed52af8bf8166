import { addressOf, type Segment } from '../hl7v2/message.ts';
import { formatAddress } from '../issue/address.ts';
import { issue } from '../issue/issue.ts';
import { markRead, runRows } from './compiled-map.ts';
import { type GroupNode, madeNear, segmentNear } from './groups.ts';
import { keysOf } from './identity.ts';
import { MadeSoFar } from './made-so-far.ts';
import type { Make } from './message-map.ts';
import { Frame, type Run } from './run.ts';
import type { Identity, NotMadeReason, TraceLine } from './translation.ts';

/** What one row of a message map made of one segment, and what is left to do: its references. */
export interface Making {
  readonly trace: TraceLine;
  readonly made: MadeSoFar | undefined;
  readonly frame: Frame | undefined;
}

/** Runs one row of a message map on one segment; `probe` is where its conditions look. */
export function makeResource(make: Make, segment: Segment, group: GroupNode, run: Run, probe: Frame): Making {
  if (make.when !== undefined && !make.when.test(probe)) return notMade(make, segment, 'condition-false', make.when.text);
  const lacking = make.links.find((link) => link.required && madeNear(link.name, group, segment).length === 0);
  if (lacking !== undefined) return notMade(make, segment, 'required-missing', `${lacking.target.text} needs ${lacking.name}`);
  const standing = make.into === undefined ? undefined : madeNear(make.into, group, segment)[0];
  if (make.into !== undefined && standing === undefined) return notMade(make, segment, 'required-missing', `into ${make.into}`);

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
    return notMade(make, segment, 'required-missing', formatAddress(at), used);
  }
  if (outcome === 'failed') {
    run.usage.takeBack(mark);
    return notMade(make, segment, 'row-failed', run.issues.findLast((item) => item.severity === 'error')?.id, used);
  }
  markRead(make.map, segment, frame);
  const kept = standing ?? settle(make, made, frame, run);
  if (standing !== undefined && make.finds && make.map.identity !== undefined) {
    const parent = run.made.find(({ name }) => name === standing.identity.within);
    const { keys } = keysOf(make.map.identity, frame, `${make.map.fhirType} ${parent?.fullUrl ?? ''}`);
    standing.identity = { ...standing.identity, keys: [...new Set([...standing.identity.keys, ...keys])] };
  }
  if (standing === undefined) group.addMade(make.called, kept);
  const trace: TraceLine = {
    segment: addressOf(segment),
    type: make.map.fhirType,
    line: make.line,
    outcome: 'made',
    name: kept.name,
    rowsUsed: used,
    rows: make.map.rows.length,
  };
  return { trace, made: kept, frame };
}

function segmentAt(owner: string, frame: Frame): Segment | undefined {
  return owner === frame.segment.name ? frame.segment : segmentNear(owner, frame.group, frame.segment.position);
}

/** Gives a resource its identity, and its place in the translation. */
function settle(make: Make, made: MadeSoFar, frame: Frame, run: Run): MadeSoFar {
  const rule = make.map.identity;
  if (make.map.profile !== undefined) made.resource.meta = { ...made.resource.meta, profile: [make.map.profile] };
  if (rule === undefined) return run.register(made, { keys: [], shared: false }, '');
  const parent = rule.within.map((name) => madeNear(name, frame.group, frame.segment)[0]).find((one) => one !== undefined);
  const kind = `${make.map.fhirType} ${parent?.name ?? ''}`;
  // A key that lacks what it stands within would melt what belongs to different patients.
  const lost = rule.within.length > 0 && parent === undefined;
  const { keys, weak } = lost ? { keys: [], weak: undefined } : keysOf(rule, frame, kind);
  if (weak !== undefined || keys.length === 0) {
    const at = addressOf(frame.segment);
    const first = rule.lines[0]?.terms[0];
    const place = first === undefined || first === 'position' ? undefined : first.place;
    run.issues.push(
      issue('identity-missing', {
        at: place === undefined ? at : { ...at, field: place.field },
        target: make.map.fhirType,
        row: `${make.file}:${make.line}`,
      }),
    );
  }
  const identity: Identity = { keys, shared: rule.shared, ...(parent === undefined ? {} : { within: parent.name }) };
  return run.register(made, identity, parent?.fullUrl ?? '');
}

function notMade(make: Make, segment: Segment, reason: NotMadeReason, detail: string | undefined, rowsUsed = 0): Making {
  const { line, map } = make;
  const of = {
    segment: addressOf(segment),
    type: map.fhirType,
    line,
    outcome: 'not-made',
    reason,
    rowsUsed,
    rows: map.rows.length,
  } as const;
  return { trace: detail === undefined ? of : { ...of, detail }, made: undefined, frame: undefined };
}
