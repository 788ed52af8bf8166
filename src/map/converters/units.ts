import { codingSystem } from '../local-names.ts';
import type { Conversion, Frame } from '../run.ts';
import type { Node } from '../node.ts';
import type { Value } from '../value.ts';

/** The words of a unit: its name, else its code. */
export function unitText(unit: Value): string {
  return (unit.part(2) || unit.part(1) || unit.part(9)).trim();
}

/**
 * Adds a unit to a Quantity: its words; code and system only where the coding system is named.
 *
 * Shape: g/dL^gram per deciliter^UCUM -> unit, code g/dL, system http://unitsofmeasure.org
 * Source: v2-to-FHIR IG 1.0.0, CWE[Quantity]
 */
export function addUnit(quantity: Node, unit: Value, frame: Frame): void {
  Object.assign(quantity, frame.run.memory.share(partsOfUnit, unit, frame));
}

function partsOfUnit(unit: Value, frame: Frame): Node | undefined {
  const words = unitText(unit);
  if (words === '') return undefined;
  const parts: Node = { unit: words };
  const { names, sender, namespace, usage } = frame.run;
  const code = unit.part(1).trim();
  const named = unit.part(2).trim() !== '';
  const system = codingSystem(unit.part(3), unit.part(14), names, sender, namespace);
  if (code !== '' && system !== undefined) {
    parts['system'] = system;
    parts['code'] = code;
    usage.addPart(unit, 3);
  }
  if (named) usage.addPart(unit, 2);
  if (code !== '' && (system !== undefined || !named)) usage.addPart(unit, 1);
  return parts;
}

/** The unit of a Quantity another row gives the value of. */
function quantityFromUnit(value: Value, frame: Frame): Node | undefined {
  const quantity: Node = {};
  addUnit(quantity, value, frame);
  return Object.keys(quantity).length === 0 ? undefined : quantity;
}

/** Conversions of units. */
export const unitConversions: readonly Conversion[] = [{ name: 'CWE to unit', convert: quantityFromUnit, uses: 'itself' }];
