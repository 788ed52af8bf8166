import { authoritySystem, codingSystem } from '../local-names.ts';
import type { Conversion, Convert, Frame } from '../run.ts';
import type { Value } from '../value.ts';

/**
 * The system of an identifier from its assigning authority.
 *
 * Shape: HOSP&1.2.3&ISO -> urn:oid:1.2.3; HOSP -> what the sender file says, else urn:chartbridge:local:GENHOSP:HOSP
 * Source: decisions: identifiers
 */
const systemFromHd: Convert = (value, frame) => systemFrom(value, frame, 1);

/** The authority is three parts: its name, its universal id and the kind of that. Used are those the system is made of. */
function systemFrom(value: Value, frame: Frame, first: number): string | undefined {
  const { sender, namespace, usage } = frame.run;
  const [name, id, idType] = [value.part(first), value.part(first + 1), value.part(first + 2)];
  const system = authoritySystem({ name, id, idType }, sender, namespace);
  if (system === undefined) return undefined;
  const byId = id !== '' && system.toLowerCase().includes(id.toLowerCase());
  for (const part of byId ? [first + 1, first + 2] : [first]) usage.addPart(value, part);
  return system;
}

/** The same for EI, whose authority is its parts 2 to 4. */
const systemFromEi: Convert = (value, frame) => systemFrom(value, frame, 2);

/** The same for CNN, whose authority is its parts 9 to 11. */
const systemFromCnn: Convert = (value, frame) => systemFrom(value, frame, 9);

/**
 * The system of a code from the name of its coding system (table 0396), or an OID.
 *
 * Shape: LN -> http://loinc.org; 99LAB -> a urn: of the sender
 */
const systemFromName: Convert = (value, frame) => {
  const { names, sender, namespace } = frame.run;
  const text = value.first.trim();
  return codingSystem(text, '', names, sender, namespace);
};

/** Conversions to the address of a system. */
export const systemConversions: readonly Conversion[] = [
  { name: 'HD to uri', convert: systemFromHd, uses: 'itself' },
  { name: 'EI to uri', convert: systemFromEi, uses: 'itself' },
  { name: 'CNN to uri', convert: systemFromCnn, uses: 'itself' },
  { name: 'ID to system', convert: systemFromName, uses: 'first' },
];
