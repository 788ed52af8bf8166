import { defineConfig } from 'vitest/config';
import { patience } from './test/patience.ts';

/** Runs of `npm test` that write figures as well when they are run here. */
const FIGURED = [
  'test/audit/trail.test.ts',
  'test/end-to-end/durability.test.ts',
  'test/end-to-end/faults.test.ts',
  'test/hl7v2/charset.test.ts',
  'test/intake/poison-and-clock.test.ts',
  'test/retention/full-disk.test.ts',
  'test/retention/retention.test.ts',
  'test/secure/authorisation-matrix.test.ts',
  'test/secure/canary.test.ts',
  'test/wire/frame.test.ts',
  'test/wire/mllp.test.ts',
];

// The runs that take minutes, and those. Each writes its figures into docs/reliability.md; one after the other, because they measure.
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts', ...FIGURED],
    env: { FIGURES: '1', BASE_URL: '' },
    fileParallelism: false,
    ...patience,
    testTimeout: 600_000,
  },
});
