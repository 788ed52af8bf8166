import { expect, test } from 'vitest';
import { msh, translated } from './message.ts';

const raised = (...lines: readonly string[]) => {
  const pid = lines[0]?.startsWith('PID') ? [] : ['PID|1||1^^^EAST^MR'];
  return translated([msh('ORU^R01^ORU_R01'), ...pid, 'OBR|1||A^EAST|1-1^x^LN', ...lines].sort((a, b) => order(a) - order(b))).issues.map(
    ({ id, severity }) => ({ id, severity }),
  );
};
const order = (line: string) => ['MSH', 'PID', 'OBR', 'OBX'].indexOf(line.slice(0, 3));
const obx = (rest: string) => `OBX|1|${rest}`;

test('a value that cannot be what it is declared to be is told, and kept', () => {
  expect(raised(obx('NM|1-1^x^LN||1+||||||F'))).toContainEqual({ id: 'number-unreadable', severity: 'warning' });
  expect(raised(obx('ED|1-1^x^LN||^APPLICATION^PDF^Base64^!||||||F'))).toContainEqual({ id: 'attachment-unreadable', severity: 'warning' });
});

test('a value type nobody maps is an error', () => {
  expect(raised(obx('QQQ|1-1^x^LN||1||||||F'))).toContainEqual({ id: 'value-type-unsupported', severity: 'error' });
});

test('a second value of an element that holds one is told', () => {
  expect(raised(obx('ST|1-1^x^LN||x||||||F||||||A^a^L~B^b^L'))).toContainEqual({ id: 'repetition-dropped', severity: 'warning' });
});

test('a code its table does not know is kept as sent, or left out', () => {
  expect(raised(obx('ST|1-1^x^LN||x|||QQ|||F'))).toContainEqual({ id: 'code-kept-as-text', severity: 'warning' });
  expect(raised('PID|1||1^^^EAST^MR|||||Q')).toContainEqual({ id: 'table-value-not-found', severity: 'warning' });
});

test('what a message lacks is told', () => {
  expect(raised('PID|1||||Okafor')).toContainEqual({ id: 'required-field-missing', severity: 'error' });
  expect(translated([msh('ADT^A01^ADT_A01'), 'PID|1||1^^^EAST^MR']).issues.map(({ id }) => id)).toContain('segment-expected');
  expect(translated([msh('ADT^A01^ADT_A01'), 'PV1|1|I']).issues.map(({ id }) => id)).toContain('segment-sequence');
});
