import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Need neither a database nor a process of their own. */
const UNITS = ['test/unit/**/*.test.ts', 'test/architecture/**/*.test.ts'];

export default defineConfig({
  test: {
    // Guards against hanging, not deadlines: on a machine that is busy with other work, a test takes ten times as long. No
    // file sets its own, and waiting for a condition (`expect.poll`) lasts as long as the test may.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 600_000, interval: 20 } },
    // Two cores: more workers only make Postgres and the simulator fight for them.
    maxWorkers: 2,
    allowOnly: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        // They share the modules of a worker, which saves starting a process and loading the product for each file.
        test: { name: 'units', include: UNITS, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'database',
          include: ['test/**/*.test.ts'],
          exclude: [...UNITS, 'test/package/**'],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
});
