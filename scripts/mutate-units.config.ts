import { defineConfig } from 'vitest/config';

/**
 * The tests that the mutation run chooses from. Which of them reach a mutant is measured, so a decider that moves needs no
 * edit here. No database: a mutant that loops for ever ends its process, and the next one would wait for a server.
 */
export default defineConfig({
  test: {
    include: [
      'test/unit/{deletions,extractors,loaders,nightly,push,runs,scheduler,state}/**/*.test.ts',
      'test/unit/api/retry*.test.ts',
    ],
    // Importing everything anew for each file takes most of the time, and is added to the time that a mutant may take.
    isolate: false,
    setupFiles: ['scripts/mutate-setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    allowOnly: false,
  },
});
