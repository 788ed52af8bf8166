import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatJson } from '../../src/fhir/written-number.ts';
import type { Translation } from '../../src/map/translation.ts';
import { all, msh, translated } from './message.ts';

const samples = new URL('../../samples/', import.meta.url);
const names = readdirSync(samples).filter((name) => name.endsWith('.hl7') && !name.endsWith('.ack.hl7'));
const ORU = msh('ORU^R01^ORU_R01');
const PID = 'PID|1||100^^^EAST^MR||Okafor^Ruth||198003|F';
const OBR = 'OBR|1||A^EAST|24331-1^Lipids^LN|||20260102080000';

/** All a translation says, as one text. */
function told(translation: Translation): string {
  const made = translation.made.map((one) => ({ ...one, origins: [...one.origins] }));
  return formatJson({ ...translation, made, why: [...(translation.why ?? [])] });
}

describe('a message says the same when its values came before', () => {
  test.each(names)('%s', (name) => {
    const lines = readFileSync(new URL(name, samples), 'latin1')
      .trim()
      .split(/[\r\n]+/);
    const first = translated(lines);
    const before = told(first);
    // What becomes of a resource later does not reach into the memory.
    for (const { resource } of first.made) scribble(resource);
    expect(told(translated(lines))).toBe(before);
  });
});

function scribble(node: object): void {
  for (const [name, value] of Object.entries(node)) {
    if (typeof value === 'object' && value !== null) scribble(value);
    else (node as Record<string, unknown>)[name] = 'scribbled';
  }
}

test('a code is read for its own sender: another one means another system by the same name', () => {
  const result = 'OBX|1|ST|GLU^Glucose^L||x||||||F';
  const systems = ['EASTLAB', 'WESTLAB', 'EASTLAB'].map((facility) => {
    const made = translated([ORU.replace('EASTLAB', facility), PID, OBR, result]);
    return (all(made, 'Observation')[0] as unknown as { code: { coding: { system: string }[] } }).code.coding[0]?.system;
  });
  expect(systems).toEqual(['urn:chartbridge:local:EASTLAB:L', 'urn:chartbridge:local:WESTLAB:L', 'urn:chartbridge:local:EASTLAB:L']);
});

test('the same performer twice is one, and both places are used', () => {
  const result = (code: string) => `OBX|1|ST|${code}^x^LN||x||||||F|||||77^Okonkwo^Ada^^^^^X9`;
  const made = translated([ORU, PID, OBR, result('1-1'), result('2-2')]);
  expect(all(made, 'Practitioner')).toHaveLength(1);
  expect(made.unused.filter((place) => place.includes('-16'))).toEqual(['OBX-16.8', 'OBX[2]-16.8']);
});

test('a code that is told about is told each time', () => {
  const result = (code: string) => `OBX|1|ST|${code}^x^LN||x|||QQQ|||F`;
  const made = () => translated([ORU, PID, OBR, result('1-1'), result('2-2')]).issues.filter(({ at }) => at?.field === 8).length;
  expect([made(), made()]).toEqual([2, 2]);
});

test('of joined lines the first may be the one without a text', () => {
  const made = translated([ORU, PID, OBR, 'OBX|1|TX|1-1^x^LN', 'OBX|2|TX|1-1^x^LN||below', 'OBX|3|TX|1-1^x^LN||the line']);
  expect(all(made, 'Observation').map((one) => one['valueString'])).toEqual(['\nbelow\nthe line']);
});

test('a range that comes again keeps its digits, with the unit of its own result', () => {
  const result = (code: string, unit: string) => `OBX|1|NM|${code}^x^LN||5.0|${unit}|4.0-6.50|||F`;
  const made = () => translated([ORU, PID, OBR, result('1-1', 'mmol/L^^UCUM'), result('2-2', 'mg/dL'), result('3-3', 'mmol/L^^UCUM')]);
  made();
  const ranges = all(made(), 'Observation').map((one) => formatJson((one['referenceRange'] as { low: unknown }[])[0]?.low));
  const molar = '{"value":4.0,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}';
  expect(ranges).toEqual([molar, '{"value":4.0,"unit":"mg/dL"}', molar]);
  expect(made().unused.filter((place) => /-[67]/.test(place))).toEqual([]);
});

test('of a value that comes again what nothing was made of is unused again', () => {
  const result = (code: string) => `OBX|1|NM|${code}^x^LN||5|mg/dL^^UCUM^more|4-6|H^High^L^^^^^^over|||F`;
  const made = () => translated([ORU, PID, OBR, result('1-1'), result('2-2')]).unused.filter((place) => /OBX(\[2\])?-[68]/.test(place));
  const first = made();
  expect(first).toContain('OBX-6.4');
  expect(first).toContain('OBX[2]-6.4');
  expect(made()).toEqual(first);
});
