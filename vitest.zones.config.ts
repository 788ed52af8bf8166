import { defineConfig } from 'vitest/config';
import { patience } from './test/patience.ts';

/** What depends on time, in three zones: one without daylight saving, one with it, one that is half an hour off. `npm run test:zones` */
const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata'];

export default defineConfig({
  test: {
    projects: ZONES.map((zone) => ({
      test: {
        name: zone,
        include: ['test/map/**/*.test.ts', 'test/intake/record-*.test.ts', 'test/end-to-end/stay.test.ts', 'test/mappings.test.ts'],
        env: { TZ: zone, BASE_URL: '' },
        pool: 'forks' as const,
        ...patience,
        isolate: false,
      },
    })),
  },
});
