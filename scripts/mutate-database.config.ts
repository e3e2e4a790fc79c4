import { defineConfig } from 'vitest/config';

/**
 * The tests that the mutation run chooses from for SQL.
 */
export default defineConfig({
  test: {
    include: [
      'test/unit/loaders/*.test.ts',
      'test/integration/loader*.test.ts',
      'test/integration/outbox-writes.test.ts',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['scripts/mutate-setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    allowOnly: false,
  },
});
