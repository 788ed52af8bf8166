import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Real messages from public repositories; tests that need them skip by name where they are missing. */
const SAMPLES = fileURLToPath(new URL('../../../shared/samples/hl7v2/', import.meta.url));

export const haveSamples = existsSync(SAMPLES);

export const sampleNames = haveSamples ? readdirSync(SAMPLES).filter((name) => name.endsWith('.hl7')) : [];

export function sampleBytes(name: string): Uint8Array {
  return readFileSync(SAMPLES + name);
}
