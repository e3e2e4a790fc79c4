import { defineConfig } from 'vitest/config';

/**
 * The tests that the mutation run chooses from. Which of them reach a mutant is measured, so a decider that moves needs no
 * edit here. SQL is judged by a database: a test of its text would only repeat it.
 */
export default defineConfig({
  test: {
    include: [
      'test/unit/{api,deletions,extractors,loaders,nightly,push,runs,scheduler,state}/**/*.test.ts',
      'test/integration/loader*.test.ts',
      'test/integration/outbox-writes.test.ts',
    ],
    // It runs the generator, which looks for files that the copy of the tree has elsewhere.
    exclude: ['test/unit/api/operations.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['scripts/mutate-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    allowOnly: false,
  },
});
