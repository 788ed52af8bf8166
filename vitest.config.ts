import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'test/store/mongo.test.ts', 'test/store/mongo-stay.test.ts', 'test/end-to-end/mongo-crash.test.ts'],
    // The runner has a BASE_URL of its own, which is none.
    env: { BASE_URL: '' },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // No module keeps what a test could see: one process reads and compiles the definitions once for all its files.
    isolate: false,
    // One more than cores: some files wait, for a lock, a full disk, a process that starts.
    maxWorkers: availableParallelism() + 1,
  },
});
