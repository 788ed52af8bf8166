import { defineConfig } from 'vitest/config';
import { patience } from './test/patience.ts';

/** The suites of the store and of the FHIR API on a server that speaks MongoDB's protocol: `npm run test:mongo`. */
export default defineConfig({
  test: {
    include: [
      'test/store/mongo.test.ts',
      'test/store/mongo-stay.test.ts',
      'test/end-to-end/mongo-crash.test.ts',
      'test/serve/**/*.test.ts',
    ],
    env: { BASE_URL: '' },
    globalSetup: ['test/store/mongo-server.ts'],
    // As in vitest.config.ts.
    isolate: false,
    maxWorkers: 2,
    ...patience,
    testTimeout: 300_000,
  },
});
