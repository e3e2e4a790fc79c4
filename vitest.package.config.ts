import { defineConfig } from 'vitest/config';

/** The package as somebody gets it: packed, installed in an empty folder, started. Needs the npm registry. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    globalSetup: ['test/package/install.ts'],
    // Guards against hanging, not deadlines.
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // Two demos at once only make two Postgres fight for the same cores.
    fileParallelism: false,
    allowOnly: false,
  },
});
