import { translateOffline } from '../../src/intake/translate-offline.ts';
import { faultOf } from '../../src/issue/fault.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';
import { openIntake, projectTranslator, type TestIntake } from './harness.ts';
import { mutant } from './mutate.ts';

const validator = compileValidator(definitions);
const CODES = new Set(['AA', 'AE', 'AR', 'CA', 'CE', 'CR']);

/** What a fuzz run found; everything but the first four is to be empty or small. */
export interface FuzzReport {
  readonly seed: number;
  readonly messages: number;
  /** Of them through the whole intake, with a store. */
  readonly stored: number;
  readonly codes: Readonly<Record<string, number>>;
  /** Messages that threw, or were answered as an error of our own. Shape: '17: TypeError at translate (...)' */
  readonly crashes: readonly string[];
  /** Messages that were not answered with a code of table 0008 though they had a header. */
  readonly unanswered: readonly string[];
  /** Units: ms */
  readonly slowest: { readonly number: number; readonly ms: number };
}

/** Mutants through decoding, parsing, mapping and validation; every `storeEvery`th through the whole intake. */
export async function fuzzRun(seed: number, messages: number, storeEvery: number): Promise<FuzzReport> {
  const gate = await openIntake();
  const codes: Record<string, number> = {};
  const crashes: string[] = [];
  const unanswered: string[] = [];
  let slowest = { number: -1, ms: 0 };
  let stored = 0;
  const count = (code: string) => (codes[code] = (codes[code] ?? 0) + 1);
  for (let number = 0; number < messages; number += 1) {
    const bytes = mutant(seed, number);
    const start = process.threadCpuUsage();
    try {
      const offline = translateOffline(bytes, projectTranslator, { validator, claims: () => [] });
      if (number % storeEvery !== 0) count(offline.code);
      else {
        stored += 1;
        const { answer, acceptBytes } = await sendRaw(gate, bytes);
        const given = [acceptBytes, answer?.bytes]
          .filter((one) => one !== undefined && one.length > 0)
          .map((one) => plainOf(one as Uint8Array));
        count(given.map(codeOf).join('+') || 'none');
        const { header, answerable } = offline.reading;
        const asked = header.acceptAcknowledgment !== '' || header.applicationAcknowledgment !== '';
        // An acknowledgment is never acknowledged.
        if (given.length === 0 && !asked && answerable && header.messageCode !== 'ACK') unanswered.push(`${number}`);
        if (!given.every(isWellFormed)) unanswered.push(`${number}: malformed`);
        const failed = gate.reports.find(({ error }) => error !== undefined && !(error instanceof Error && 'issues' in error));
        if (failed !== undefined) crashes.push(`${number}: ${told(failed.error)}`);
        gate.reports.length = 0;
      }
    } catch (error) {
      crashes.push(`${number}: ${told(error)}`);
    }
    // Time of this thread on the processor: what else the machine and the engine do beside it is no hang of ours.
    const { user, system } = process.threadCpuUsage(start);
    const ms = (user + system) / 1000;
    if (ms > slowest.ms) slowest = { number, ms };
  }
  await gate.close();
  return { seed, messages, stored, codes, crashes, unanswered, slowest };
}

async function sendRaw(gate: TestIntake, bytes: Uint8Array) {
  const reception = await gate.intake.receive(bytes, { name: 'mllp 127.0.0.1:1', synchronous: false });
  return { acceptBytes: reception.accept, answer: await reception.application };
}

/** An answer as text: what matters here is ASCII, in one byte a character or in two, and half a character is no line end. */
function plainOf(bytes: Uint8Array): string {
  const copy = Buffer.from(bytes);
  if (!copy.includes(0)) return copy.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  const wide = copy.subarray(0, copy.length - (copy.length % 2));
  const isBigEndian = wide[0] === 0 || wide[0] === 0xfe;
  return (isBigEndian ? wide.swap16() : wide).toString('utf16le').replace(/^\ufeff/, '');
}

/** MSA-1, with whatever field separator. */
function codeOf(answer: string): string {
  return /\rMSA.([AC][AER])(?![A-Z])/.exec(answer)?.[1] ?? '??';
}

/** An acknowledgment has MSH, MSA, ERR and nothing else, whatever it answers. */
function isWellFormed(answer: string): boolean {
  const names = answer
    .split('\r')
    .filter((line) => line !== '')
    .map((line) => line.slice(0, 3));
  return CODES.has(codeOf(answer)) && names[0] === 'MSH' && names[1] === 'MSA' && names.slice(2).every((name) => name === 'ERR');
}

function told(error: unknown): string {
  const { name, stack } = faultOf(error);
  return `${name} ${error instanceof Error ? error.message.slice(0, 100) : ''} ${stack[0] ?? ''}`;
}
