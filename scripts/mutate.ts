/**
 * Mutation run over the pure deciders: changes them one place at a time and sees whether a test notices. Prints the score of
 * each group and every mutant that survived; ends with 1 below the threshold, with 2 when it could not measure.
 *
 * usage: npm run mutate [-- GROUP...]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { findPlaces, type Place } from './mutate-places.ts';

/** Per cent of the mutants that tests have to notice. */
const THRESHOLD = 85;

/** SQL, which a database judges: a test of its text would only repeat it. */
const WITH_DATABASE: Readonly<Record<string, readonly string[]>> = {
  merge: ['loaders/merge-sql.ts'],
  outbox: ['noteOwnWrites'],
};

/** Decided by units alone. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
  pages: ['extractors/page.ts', 'extractors/pages.ts'],
  windows: ['extractors/windows.ts'],
  deletions: ['verdicts', 'needsPerson', 'dependants'],
  retry: ['api/retry.ts', 'api/retry-after.ts'],
  push: [
    'mergeUpdate',
    'verdictOf',
    'changedFields',
    'bodyOf',
    'fieldsWith',
    'ended',
    'decideFailure',
    'attemptEnd',
    'reasonOf',
    'push/proof.ts',
    'push/decide.ts',
    'likenessOfPatient',
    'likenessOfVisit',
  ],
  rotation: ['dueFullRereads', 'rotationQuota', 'targetWithin'],
  schedule: ['scheduler/decide.ts', 'scheduler/cron.ts'],
};

const GROUPS: Readonly<Record<string, readonly string[]>> = { ...WITH_DATABASE, ...UNITS };

type Mutants = Awaited<ReturnType<Stryker['runMutationTest']>>;
type Mutant = Mutants[number];

const caught = ({ status }: Mutant) => status === 'Killed' || status === 'Timeout';
const missed = ({ status }: Mutant) => status === 'Survived' || status === 'NoCoverage';

async function main(chosen: readonly string[]): Promise<number> {
  const unknown = chosen.filter((name) => GROUPS[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`no group ${unknown.join(', ')}; there are ${Object.keys(GROUPS).join(', ')}`);
  const names = chosen.length > 0 ? chosen : Object.keys(GROUPS);
  const groups = names.map((name) => ({ name, places: findPlaces(GROUPS[name] ?? [], 'src') }));
  const mutants: Mutants = [];
  for (const [kind, tests] of [
    [UNITS, 'units'],
    [WITH_DATABASE, 'database'],
  ] as const) {
    const places = groups.filter(({ name }) => name in kind).flatMap((group) => group.places);
    if (places.length > 0) mutants.push(...(await mutate(places, tests)));
  }
  for (const mutant of mutants.filter(missed)) console.log(describe(mutant));
  console.log(`\n${'group'.padEnd(12)}${'mutants'.padStart(8)}${'caught'.padStart(8)}${'score'.padStart(9)}`);
  for (const { name, places } of groups) {
    line(
      name,
      mutants.filter((mutant) => places.some((place) => isIn(place, mutant))),
    );
  }
  const score = line('all', mutants);
  if (score >= THRESHOLD) return 0;
  console.log(`\nbelow the threshold of ${THRESHOLD} %`);
  return 1;
}

async function mutate(places: readonly Place[], tests: 'units' | 'database'): Promise<Mutants> {
  const scratch = mkdtempSync(join(tmpdir(), 'lobbie-sync-mutate-'));
  try {
    return await new Stryker({
      mutate: places.map(({ file, from, to }) => `${file}:${from}-${to}`),
      testRunner: 'vitest',
      vitest: { configFile: `scripts/mutate-${tests}.config.ts`, related: false },
      plugins: ['@stryker-mutator/vitest-runner'],
      coverageAnalysis: 'perTest',
      // Constants of modules: each would run every test, which takes three quarters of the time for a twenty-fifth of the mutants.
      ignoreStatic: true,
      concurrency: 2,
      timeoutMS: 5000,
      reporters: [process.stdout.isTTY ? 'progress' : 'progress-append-only'],
      allowConsoleColors: process.stdout.isTTY,
      thresholds: { high: 100, low: 0, break: null },
      // Mutants are made in a copy of the tree, never in the tree.
      tempDirName: scratch,
      // Named away: rewriting it takes the compiler's JavaScript API, which TypeScript 7 no longer has.
      tsconfigFile: 'none.json',
    }).runMutationTest();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const isIn = ({ file, from, to }: Place, { fileName, location }: Mutant): boolean =>
  fileName.endsWith(file) && location.start.line >= from && location.end.line <= to;

function describe({ fileName, location, mutatorName, replacement, status }: Mutant): string {
  const { line, column } = location.start;
  const untested = status === 'NoCoverage' ? ', reached by no test' : '';
  const code = replacement.replace(/\s+/g, ' ').slice(0, 100);
  return `survived: ${relative('.', fileName)}:${line}:${column} ${mutatorName}${untested}: ${code}`;
}

function line(name: string, mutants: Mutants): number {
  const hit = mutants.filter(caught).length;
  const all = hit + mutants.filter(missed).length;
  // Without a mutant nothing is measured, which is no good score.
  const score = all === 0 ? 0 : (100 * hit) / all;
  console.log(
    `${name.padEnd(12)}${String(all).padStart(8)}${String(hit).padStart(8)}${`${score.toFixed(1)} %`.padStart(9)}`,
  );
  return score;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
