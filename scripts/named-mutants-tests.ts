import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What became of one test. */
export interface Ran {
  /** With the names of the groups it is in. */
  readonly name: string;
  readonly file: string;
  readonly passed: boolean;
  /** Whether it failed by what it expects, and not by an error on the way there, as a statement that Postgres refuses. */
  readonly refuted: boolean;
}

/** What the JSON reporter of vitest writes, as far as it is needed here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/**
 * Runs test files of a tree.
 *
 * @param only a part of the names of the tests to run; default: all
 * @throws Error when there is no report, or a file could not be loaded: that tells nothing about its tests
 */
export async function runTests(
  tree: string,
  databaseUrl: string,
  files: readonly string[],
  only?: string,
): Promise<readonly Ran[]> {
  const report = join(tree, 'test-report.json');
  rmSync(report, { force: true });
  const pattern = only === undefined ? [] : ['-t', only.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')];
  const vitest = join(tree, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--reporter=json', `--outputFile=${report}`, ...pattern, ...files],
    // A server of tests is kept for inspection where one fails, except on CI.
    { cwd: tree, env: { ...process.env, CI: 'true', TEST_DATABASE_URL: databaseUrl }, stdio: 'ignore' },
  );
  await once(child, 'exit');
  if (!existsSync(report)) throw new Error(`vitest gave no report about ${files.join(', ')}`);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(tree, name);
    if (assertionResults.length === 0) throw new Error(`${file} was not run: ${message ?? 'it has no tests'}`);
    return assertionResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ fullName, status, failureMessages = [] }) => ({
        ...{ name: fullName, file, passed: status === 'passed' },
        refuted: status === 'failed' && failureMessages.every((text) => text.startsWith('AssertionError')),
      }));
  });
}
