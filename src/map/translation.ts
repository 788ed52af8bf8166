import type { Address } from '../issue/address.ts';
import type { Issue } from '../issue/issue.ts';
import type { Resource } from '../fhir/resource.ts';

/** What a message says, in FHIR: before identity is settled and before anything stored is looked at. */
export interface Translation {
  /** The message map used. Shape: ADT_A01 */
  readonly messageMap: string;
  /** Its file, for the trace. Shape: mappings/messages/adt-a01.yaml */
  readonly file: string;
  readonly made: readonly Made[];
  /** One line for each row of the message map and each segment it met, in the order of the map. */
  readonly trace: readonly TraceLine[];
  /** Every valued position no row used, and why nothing speaks of it elsewhere. Shape: ['PID-31', 'ZPD'] */
  readonly unused: readonly string[];
  /** Why places in `unused` are not mapped, where a map says so. Shape: { 'PID-10' => 'race needs a national extension' } */
  readonly why?: ReadonlyMap<string, string>;
  readonly issues: readonly Issue[];
}

/** One resource a message makes. References between resources of one translation are their fullUrls (urn:uuid). */
export interface Made {
  /** Unique in the translation. Shape: patient, encounter, observation[3] */
  readonly name: string;
  /** Deterministic: the same message gives the same one. Shape: urn:uuid:5f1c... */
  readonly fullUrl: string;
  readonly resource: Resource;
  readonly identity: Identity;
  /** Elements the message takes away by an HL7 null. Shape: ['birthDate', 'address'] */
  readonly cleared: readonly string[];
  /** The fields that hold an HL7 null a row reads. Shape: ['PID-7', 'PID-19'] */
  readonly nulled: readonly string[];
  /** Top-level elements the message's segments speak about, valued or nulled; what is not here it leaves alone. */
  readonly spoken: readonly string[];
  /** The segment it was made from. */
  readonly from: Address;
  /** The place in the message each element came from. Shape: { 'Patient.birthDate': PID-7 } */
  readonly origins: ReadonlyMap<string, Address>;
}

/** What finds the resource again when a later message speaks of it. */
export interface Identity {
  /**
   * Business keys, the strongest first: any of them finds it, and it claims all of them.
   * Shape: ['urn:oid:2.16.840.1.113883.19.5|12345']
   */
  readonly keys: readonly string[];
  /** The made resource whose settled id is part of every key: an Encounter is found within its Patient. */
  readonly within?: string;
  /** What it was within before, where the message moves it. */
  readonly movedFrom?: string;
  /** The made resource that goes on in its place, and whose its keys are from now on. */
  readonly becomes?: string;
  /** True when only these keys may make it one with what another sender sent (Patient, Practitioner, Organization); else the sender is part of the key. */
  readonly shared: boolean;
}

/** What became of one row of the message map for one segment. */
export interface TraceLine {
  readonly segment: Address;
  /** The resource type the row makes. */
  readonly type: string;
  /** The line of the message map. */
  readonly line: number;
  readonly outcome: 'made' | 'not-made';
  /** The made resource. */
  readonly name?: string;
  readonly reason?: NotMadeReason;
  /** The words behind the reason: the condition and its values' presence, the address that is required. */
  readonly detail?: string;
  /** Rows of the segment map that gave a value, and rows there are. */
  readonly rowsUsed: number;
  readonly rows: number;
}

/** Why a resource was not made: a closed list. */
export type NotMadeReason = 'no-segment' | 'condition-false' | 'required-missing' | 'row-failed' | 'not-in-message-map';
