import type { Definitions } from '../fhir/definitions.ts';
import type { Sender } from './sender.ts';

/** The FHIR addresses of v2 coding system names and OIDs, from the code-systems file. */
export interface CodeSystemNames {
  /** By name in capitals. Shape: LN -> http://loinc.org */
  readonly names: ReadonlyMap<string, string>;
  /** By OID. */
  readonly oids: ReadonlyMap<string, string>;
}

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem/';
const OID = /^[0-2](?:\.(?:0|[1-9]\d*)){2,}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * What only one sender knows, under a stable address: a local coding system, an assigning authority.
 *
 * Shape: localUrn('GENHOSP', 'L') is urn:chartbridge:local:GENHOSP:L; without a name the sender's own namespace
 */
export function localUrn(namespace: string, name = ''): string {
  const owner = `urn:chartbridge:local:${encoded(namespace)}`;
  return name === '' ? owner : `${owner}:${encoded(name)}`;
}

/** Most names are letters and digits: to look is cheaper than to encode. */
const encoded = (name: string) => (/^[\w.-]*$/.test(name) ? name : encodeURIComponent(name));

/**
 * The FHIR system of a coding system as a v2 message names it; undefined when nothing is named.
 *
 * Shape: codingSystem('LN', '', ...) is http://loinc.org; HL70001 is v2-0001; 99LAB is a urn: of the sender
 * Source: HL7 v2 table 0396; CWE.14 for the OID
 */
export function codingSystem(name: string, oid: string, names: CodeSystemNames, sender: Sender, namespace: string): string | undefined {
  if (name !== '') {
    const known =
      sender.systems.get(name) ??
      names.names.get(name) ??
      names.names.get(name.toUpperCase()) ??
      hl7Table(name) ??
      addressLike(name, names);
    if (known !== undefined) return known;
  }
  if (OID.test(oid)) return names.oids.get(oid) ?? `urn:oid:${oid}`;
  return name === '' ? undefined : localUrn(namespace, name);
}

function hl7Table(name: string): string | undefined {
  const table = /^HL7-?(\d{4})$/i.exec(name)?.[1];
  return table === undefined ? undefined : `${TERMINOLOGY}v2-${table}`;
}

function addressLike(name: string, names: CodeSystemNames): string | undefined {
  if (OID.test(name)) return names.oids.get(name) ?? `urn:oid:${name}`;
  return /^(?:https?:\/\/|urn:)\S+$/.test(name) ? name : undefined;
}

/** The three parts of an HD. */
export interface Authority {
  readonly name: string;
  readonly id: string;
  readonly idType: string;
}

/**
 * The FHIR system of an assigning authority: the OID or UUID it gives, else what the sender's file says of its name, else a urn: of sender
 * and name; undefined when it is empty.
 *
 * Source: HL7 v2.5.1 chapter 2A, HD; decisions: identifiers
 */
export function authoritySystem(authority: Authority, sender: Sender, namespace: string): string | undefined {
  const { name, id, idType } = authority;
  const type = idType.toUpperCase();
  if (OID.test(id) && (type === 'ISO' || type === '')) return `urn:oid:${id}`;
  if (UUID.test(id) && (type === 'UUID' || type === 'GUID' || type === '')) return `urn:uuid:${id.toLowerCase()}`;
  const known = sender.systems.get(name) ?? sender.systems.get(id);
  if (known !== undefined) return known;
  if (type === 'URI' && /^[a-z][a-z0-9+.-]*:\S+$/i.test(id)) return id;
  if (OID.test(name)) return `urn:oid:${name}`;
  const named = name === '' ? id : name;
  return named === '' ? undefined : localUrn(namespace, named);
}

/**
 * The code system a mapping file names in short; undefined when it is none.
 *
 * Shape: v3-ActCode, v2-0203, location-physical-type, LN, or the address itself
 */
export function shortSystem(name: string, names: CodeSystemNames, definitions: Definitions): string | undefined {
  if (name.includes(':')) return name;
  const candidates = [`${TERMINOLOGY}${name}`, `http://hl7.org/fhir/${name}`];
  const loaded = candidates.find((url) => definitions.codeSystem(url) !== undefined);
  if (loaded !== undefined) return loaded;
  if (/^v[23]-\w+$/.test(name)) return TERMINOLOGY + name;
  return names.names.get(name.toUpperCase());
}
