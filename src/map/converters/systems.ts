import { authoritySystem, codingSystem } from '../local-names.ts';
import type { Conversion, Convert } from '../run.ts';

/**
 * The system of an identifier from its assigning authority.
 *
 * Shape: HOSP&1.2.3&ISO -> urn:oid:1.2.3; HOSP -> what the sender file says, else urn:chartbridge:local:GENHOSP:HOSP
 * Source: decisions: identifiers
 */
export const systemFromHd: Convert = (value, frame) => {
  const { sender, namespace } = frame.run;
  return authoritySystem({ name: value.part(1), id: value.part(2), idType: value.part(3) }, sender, namespace);
};

/** The same for EI, whose authority is its parts 2 to 4. */
const systemFromEi: Convert = (value, frame) => {
  const { sender, namespace, usage } = frame.run;
  const system = authoritySystem({ name: value.part(2), id: value.part(3), idType: value.part(4) }, sender, namespace);
  if (system !== undefined) for (const part of [2, 3, 4]) usage.add(value.child(part));
  return system;
};

/** The same for CNN, whose authority is its parts 9 to 11. */
const systemFromCnn: Convert = (value, frame) => {
  const { sender, namespace, usage } = frame.run;
  const system = authoritySystem({ name: value.part(9), id: value.part(10), idType: value.part(11) }, sender, namespace);
  if (system !== undefined) for (const part of [9, 10, 11]) usage.add(value.child(part));
  return system;
};

/**
 * The system of a code from the name of its coding system (table 0396), or an OID.
 *
 * Shape: LN -> http://loinc.org; 99LAB -> a urn: of the sender
 */
export const systemFromName: Convert = (value, frame) => {
  const { names, sender, namespace } = frame.run;
  const text = value.first.trim();
  return codingSystem(text, '', names, sender, namespace);
};

/** Conversions to the address of a system. */
export const systemConversions: readonly Conversion[] = [
  { name: 'HD to uri', convert: systemFromHd, uses: 'all' },
  { name: 'EI to uri', convert: systemFromEi, uses: 'itself' },
  { name: 'CNN to uri', convert: systemFromCnn, uses: 'itself' },
  { name: 'ID to system', convert: systemFromName, uses: 'first' },
];
