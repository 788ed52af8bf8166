import { defineConfig } from 'vitest/config';

// The runs that take minutes. Each writes its figures into docs/reliability.md; one after the other, because they measure.
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
