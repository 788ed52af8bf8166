import { WrittenMessage } from './written-message.ts';

/** The least a segment says so that its maps make something; what is under test is written over it. */
const LEAST: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  EVN: { 2: '20260102030405-0500' },
  PID: { 3: 'PIDBASE^^^HOSP^MR' },
  NK1: { 2: 'Kin^Ann' },
  PV1: { 2: 'I', 19: 'VISITBASE^^^HOSP' },
  AL1: { 3: 'ALBASE^Peanut^L' },
  IAM: { 3: 'IAMBASE^Peanut^L' },
  DG1: { 3: 'DGBASE^Flu^L' },
  PR1: { 3: 'PRBASE^Operation^L', 5: '20260102101112-0500' },
  IN1: { 2: 'PLANBASE', 3: 'INSBASE', 4: 'Insurer' },
  ROL: { 1: 'ROLBASE', 2: 'AD', 3: 'AT', 4: '1234^Role^Ann' },
  PRT: { 1: 'PRTBASE', 2: 'AD', 4: 'AT', 5: '1234^Part^Ann', 15: '^PRN^PH^^^555^5550100' },
  ORC: { 1: 'RE' },
  OBR: { 4: 'OBRBASE^Panel^LN' },
  OBX: { 2: 'ST', 3: 'OBXBASE^Test^LN', 5: 'result', 11: 'F' },
  NTE: { 1: '1', 3: 'comment' },
  SPM: { 1: '1', 4: 'BLD' },
  TXA: { 2: 'DS', 12: 'DOCBASE' },
  MRG: { 1: 'OLDBASE^^^HOSP^MR' },
};

/** Where a segment stands: the event, then the segments in their order. The last of its name is the one under test. */
const STANDING: Readonly<Record<string, readonly string[]>> = {
  MSH: ['ADT^A01 EVN PID PV1', 'ADT^A11 EVN PID PV1', 'ADT^A03 EVN PID PV1', 'ADT^A13 EVN PID PV1'],
  SFT: ['ADT^A01 SFT EVN PID PV1'],
  EVN: ['ADT^A01 EVN PID PV1'],
  PID: ['ADT^A01 EVN PID PV1', 'ADT^A08 EVN PID PV1'],
  PD1: ['ADT^A01 EVN PID PD1 PV1'],
  NK1: ['ADT^A01 EVN PID NK1 PV1'],
  PV1: ['ADT^A01 EVN PID PV1'],
  PV2: ['ADT^A01 EVN PID PV1 PV2'],
  AL1: ['ADT^A01 EVN PID PV1 AL1'],
  IAM: ['ADT^A60 EVN PID PV1 IAM', 'ADT^A01 EVN PID PV1 IAM'],
  DG1: ['ADT^A01 EVN PID PV1 DG1'],
  PR1: ['ADT^A01 EVN PID PV1 PR1'],
  IN1: ['ADT^A01 EVN PID PV1 IN1'],
  IN3: ['ADT^A01 EVN PID PV1 IN1 IN3'],
  ROL: ['ADT^A01 EVN PID ROL PV1', 'ADT^A01 EVN PID PV1 ROL'],
  PRT: [
    'ADT^A01 EVN PID PRT PV1',
    'ADT^A01 EVN PID PV1 PRT',
    'ORU^R01 PID PV1 ORC OBR OBX PRT',
    'ORU^R01 PID PRT PV1 ORC OBR OBX',
    'ORU^R01 PID PV1 ORC PRT OBR OBX',
  ],
  MRG: ['ADT^A41 EVN PID MRG', 'ADT^A36 EVN PID MRG', 'ADT^A40 EVN PID MRG'],
  ORC: ['ORU^R01 PID PV1 ORC OBR OBX', 'MDM^T02 EVN PID PV1 ORC OBR TXA OBX'],
  OBR: ['ORU^R01 PID PV1 ORC OBR OBX', 'ORU^R01 PID PV1 OBR OBX', 'MDM^T02 EVN PID PV1 ORC OBR TXA OBX'],
  OBX: ['ORU^R01 PID PV1 ORC OBR OBX', 'MDM^T02 EVN PID PV1 TXA OBX'],
  NTE: [
    'ORU^R01 PID PV1 ORC OBR OBX NTE',
    'ORU^R01 PID PV1 ORC OBR NTE OBX',
    'MDM^T02 EVN PID PV1 ORC OBR NTE TXA OBX',
    'MDM^T02 EVN PID PV1 TXA OBX NTE',
  ],
  TQ1: ['ORU^R01 PID PV1 ORC OBR TQ1 OBX', 'MDM^T02 EVN PID PV1 ORC TQ1 OBR TXA OBX'],
  SPM: ['ORU^R01 PID PV1 ORC OBR OBX SPM'],
  TXA: ['MDM^T02 EVN PID PV1 TXA OBX'],
};

/** The messages a segment is tried in. */
export function surroundingsOf(segment: string): readonly WrittenMessage[] {
  return (STANDING[segment] ?? []).map((standing) => {
    const [type = '', ...names] = standing.split(' ');
    return WrittenMessage.of([headerOf(type), ...names.map(lineOf)]);
  });
}

function headerOf(type: string): string {
  return String.raw`MSH|^~\&|APPBASE|FACBASE|||20260102030405-0500||${type}|CONTROLBASE|P|2.5.1`;
}

function lineOf(name: string): string {
  const fields = LEAST[name] ?? {};
  const count = Math.max(0, ...Object.keys(fields).map(Number));
  return [name, ...Array.from({ length: count }, (_, index) => fields[index + 1] ?? '')].join('|');
}
