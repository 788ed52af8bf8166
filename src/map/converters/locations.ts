import { addOnce, MadeSoFar } from '../made-so-far.ts';
import { authoritySystem, localUrn } from '../local-names.ts';
import type { Conversion, Frame } from '../run.ts';
import type { Node } from '../node.ts';
import type { Value } from '../value.ts';

interface Level {
  readonly part: number;
  readonly kind: string;
  readonly display: string;
}

/** A level of a place that was sent, among the others. */
interface LevelSent extends Level {
  /** Itself and all the levels it is in. */
  readonly path: readonly string[];
  readonly wider: MadeSoFar | undefined;
  readonly narrowest: boolean;
}

/** The levels of a place from the widest: the part of PL, and the code of its kind. */
const LEVELS: readonly Level[] = [
  { part: 4, kind: 'si', display: 'Site' },
  { part: 7, kind: 'bu', display: 'Building' },
  { part: 8, kind: 'lvl', display: 'Level' },
  { part: 1, kind: 'wa', display: 'Ward' },
  { part: 2, kind: 'ro', display: 'Room' },
  { part: 3, kind: 'bd', display: 'Bed' },
];
const KIND_SYSTEM = 'http://terminology.hl7.org/CodeSystem/location-physical-type';

/**
 * A place as Locations, one for each level that was sent, each part of the next wider one; the reference is to the narrowest.
 *
 * Shape: ICU^101^2^HOSP -> bed 2 in room 101 in ward ICU at site HOSP
 * A level is found again by all the levels it is in: bed 2 is another bed in another room.
 * Source: HL7 v2.5.1 chapter 2A, PL; v2-to-FHIR IG 1.0.0, PL[Location]: the point of care is a ward there by convention only, and the text
 * of PL.9 belongs to the narrowest level
 */
function locationFromPl(value: Value, frame: Frame): Node | undefined {
  const sent = LEVELS.filter(({ part }) => value.child(part).valued);
  let wider: MadeSoFar | undefined;
  const path: string[] = [];
  for (const level of sent) {
    path.push(`${level.kind}=${value.part(level.part)}`);
    wider = locationOf(value, { ...level, path, wider, narrowest: level === sent.at(-1) }, frame);
  }
  return wider === undefined ? undefined : { reference: wider.fullUrl };
}

function locationOf(value: Value, { part, kind, display, path, wider, narrowest }: LevelSent, frame: Frame): MadeSoFar {
  const { run } = frame;
  const made = new MadeSoFar('Location', 'location', value.segment, frame.group);
  const node = made.resource as Node;
  const own = value.child(part);
  const [name, id, idType] = [own.part(1), own.part(2), own.part(3)];
  const system = id === '' ? undefined : authoritySystem({ name: '', id, idType }, run.sender, run.namespace);
  if (system !== undefined) node['identifier'] = [{ system: 'urn:ietf:rfc:3986', value: system }];
  else if (name !== '') node['identifier'] = [{ system: localUrn(run.namespace, 'location'), value: name }];
  node['name'] = name || id;
  node['mode'] = 'instance';
  node['physicalType'] = { coding: [{ system: KIND_SYSTEM, code: kind, display }] };
  if (wider !== undefined) node['partOf'] = { reference: wider.fullUrl };
  run.usage.add(own);
  const description = value.part(9).trim();
  if (narrowest && description !== '') {
    node['description'] = description;
    run.usage.addPart(value, 9);
  }
  for (const element of Object.keys(node)) if (element !== 'resourceType') addOnce(made.spoken, element);
  return run.register(made, { keys: [`${localUrn(run.namespace, 'location')}|${path.join('/')}`], shared: true }, '');
}

/** Conversions of places. */
export const locationConversions: readonly Conversion[] = [
  { name: 'PL to Location', convert: locationFromPl, uses: 'itself' },
  { name: 'DLD to Location', convert: locationFromDld, uses: 'itself' },
];

/** The place a patient was discharged to. */
function locationFromDld(value: Value, frame: Frame): Node | undefined {
  const words = value.part(1, 2).trim();
  const name = words || value.part(1).trim();
  if (name === '') return undefined;
  const { run } = frame;
  const made = new MadeSoFar('Location', 'location', value.segment, frame.group);
  const node = made.resource as Node;
  node['name'] = name;
  node['mode'] = 'instance';
  run.usage.addPart(value, 1, words === '' ? 1 : 2);
  made.spoken.push('name', 'mode');
  return { reference: run.register(made, { keys: [`${localUrn(run.namespace, 'discharge')}|${name}`], shared: true }, '').fullUrl };
}
