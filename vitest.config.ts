import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'test/store/mongo.test.ts', 'test/store/mongo-stay.test.ts', 'test/end-to-end/mongo-crash.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
