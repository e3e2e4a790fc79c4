/**
 * Tries the mutants of `named-mutants-table.ts`, most of them inside of SQL, where the mutation run does not look. In a copy of the
 * tree it runs the tests unbroken, then makes one mutant after the other and runs the test that is named for it. Ends with 1 when a
 * mutant survives, with 2 when it could not measure.
 *
 * usage: npm run mutants:named [-- TEXT...]   only mutants whose name contains one of the texts
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestServer } from '../test/support/server.ts';
import { mutated, NAMED_MUTANTS, type NamedMutant } from './named-mutants-table.ts';
import { type Ran, runTests } from './named-mutants-tests.ts';

async function main(wanted: readonly string[]): Promise<number> {
  const chosen = NAMED_MUTANTS.filter(({ name }) => wanted.length === 0 || wanted.some((text) => name.includes(text)));
  if (chosen.length === 0) throw new Error(`no mutant is named so; there are\n${NAMED_MUTANTS.map(nameOf).join('\n')}`);
  // Before anything takes time: a text that has moved on would silently no longer be tried.
  for (const mutant of chosen) mutated('.', mutant);
  const tree = mkdtempSync(join(tmpdir(), 'lobbie-sync-mutants-'));
  const server = await startTestServer();
  try {
    copyTree(tree);
    const files = [...new Set(chosen.flatMap(({ tests }) => tests))].sort();
    const unbroken = await runTests(tree, server.url, files);
    refuseUnsound(chosen, unbroken);
    console.log(`unbroken: ${unbroken.length} tests of ${files.length} files pass\n`);
    let survived = 0;
    for (const mutant of chosen) {
      const killer = killerOf(mutant, await tried(tree, server.url, mutant));
      if (killer === undefined) survived += 1;
      console.log(
        killer === undefined ? `SURVIVED  ${mutant.name}\n          ${mutant.file}` : `killed    ${mutant.name}`,
      );
      if (killer !== undefined) console.log(`          by "${killer.name}" (${killer.file})`);
    }
    console.log(`\n${chosen.length - survived} of ${chosen.length} mutants killed`);
    return survived === 0 ? 0 : 1;
  } finally {
    await server.stop(false);
    rmSync(tree, { recursive: true, force: true });
  }
}

const nameOf = ({ name }: NamedMutant): string => `  ${name}`;

/** The files of the working tree as they are now, without what git ignores; what is installed is shared. */
function copyTree(tree: string): void {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  for (const file of list.split('\0')) {
    if (file !== '' && existsSync(file)) cpSync(file, join(tree, file));
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(tree, 'node_modules'));
}

/** Makes the mutant in the copy, runs its tests there, and takes it back. */
async function tried(tree: string, databaseUrl: string, mutant: NamedMutant): Promise<readonly Ran[]> {
  const path = join(tree, mutant.file);
  const sound = readFileSync(path, 'utf8');
  writeFileSync(path, mutated(tree, mutant));
  try {
    return await runTests(tree, databaseUrl, mutant.tests, mutant.by);
  } finally {
    writeFileSync(path, sound);
  }
}

/** A test that fails without a mutant, or that is not there, proves nothing about one. */
function refuseUnsound(chosen: readonly NamedMutant[], unbroken: readonly Ran[]): void {
  const failed = unbroken.filter(({ passed }) => !passed);
  if (failed.length > 0) throw new Error(`tests fail unbroken:\n${failed.map(({ name }) => `  ${name}`).join('\n')}`);
  for (const { name, by, tests } of chosen) {
    if (!unbroken.some((test) => test.name.includes(by) && tests.includes(test.file)))
      throw new Error(`${name}: ${tests.join(', ')} has no test "${by}"`);
  }
}

/** The test that noticed the mutant. @throws Error when the test could not judge it: the mutant may be no valid code */
function killerOf({ name, by }: NamedMutant, ran: readonly Ran[]): Ran | undefined {
  const named = ran.filter((test) => test.name.includes(by));
  if (named.length === 0) throw new Error(`${name}: no test was run`);
  const killer = named.find(({ refuted }) => refuted);
  const failed = named.find(({ passed }) => !passed);
  if (killer === undefined && failed !== undefined)
    throw new Error(`${name}: "${failed.name}" ended with an error before it could expect anything`);
  return killer;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
