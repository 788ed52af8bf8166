import { defineConfig } from 'vitest/config';

/** The store suite on a server that speaks MongoDB's protocol: `npm run test:mongo`. */
export default defineConfig({
  test: {
    include: ['test/store/mongo.test.ts', 'test/store/mongo-stay.test.ts'],
    globalSetup: ['test/store/mongo-server.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
});
