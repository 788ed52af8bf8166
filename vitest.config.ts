import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { patience } from './test/patience.ts';

/** Those that start processes come first: they are the longest, and wait while others work. */
class ProcessesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const startsProcesses = ({ moduleId }: TestSpecification) => /\/end-to-end\/|crash|full-disk/.test(moduleId);
    const { true: first = [], false: rest = [] } = Object.groupBy(await super.sort(files), (file) => String(startsProcesses(file)));
    return [...first, ...rest];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'test/store/mongo.test.ts', 'test/store/mongo-stay.test.ts', 'test/end-to-end/mongo-crash.test.ts'],
    // The runner has a BASE_URL of its own, which is none.
    env: { BASE_URL: '' },
    ...patience,
    // No module keeps what a test could see: one process reads and compiles the definitions once for all its files.
    isolate: false,
    // Half of the time a file waits: for a lock, a full disk, a process that starts.
    maxWorkers: 2 * availableParallelism(),
    sequence: { sequencer: ProcessesFirst },
  },
});
