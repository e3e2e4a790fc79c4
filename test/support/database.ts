import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, inject, type RunnerTask } from 'vitest';
import { cloneDatabase, databaseName, removeDatabase, withDatabase, withoutPassword } from './databases.ts';
// For the type of inject('database').
import type {} from './global-setup.ts';

export interface TestDatabase {
  /** Connection of its owner. */
  readonly url: string;
  readonly name: string;
}

/**
 * A new database, migrated. `from: 'nothing'` gives an empty one, for tests of migrations themselves.
 * The caller drops it with `dropDatabase`.
 */
export async function createDatabase(options: { readonly from?: 'template' | 'nothing' } = {}): Promise<TestDatabase> {
  const { serverUrl, template, runId } = inject('database');
  const name = databaseName(runId, randomBytes(4).toString('hex'));
  await cloneDatabase(serverUrl, options.from === 'nothing' ? 'template0' : template, name);
  return { url: withDatabase(serverUrl, name), name };
}

/** Removes a database; connections that are still open are ended. */
export async function dropDatabase(database: TestDatabase): Promise<void> {
  await removeDatabase(inject('database').serverUrl, database.name);
}

/**
 * A database for all tests of a file (or of a `describe`): made before them, dropped after them when all passed, else kept
 * until the next run and named on standard output.
 *
 * @example
 * const database = useTestDatabase();
 * test('…', async () => { const pool = createPool({ connectionString: database.url }); … });
 */
export function useTestDatabase(options: { readonly from?: 'template' | 'nothing' } = {}): TestDatabase {
  let made: TestDatabase | undefined;
  const current = (): TestDatabase => {
    if (made === undefined) throw new Error('the test database exists inside tests and hooks only');
    return made;
  };

  beforeAll(async () => {
    made = await createDatabase(options);
  });

  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameters and wants a pattern as the first one
  afterAll(async ({}, suite) => {
    if (made === undefined) return;
    if (hasFailed(suite)) {
      console.log(`kept database ${made.name} for inspection: ${withoutPassword(made.url)}`);
      return;
    }
    await dropDatabase(made);
  });

  return {
    get url() {
      return current().url;
    },
    get name() {
      return current().name;
    },
  };
}

function hasFailed(task: RunnerTask): boolean {
  if (task.result?.state === 'fail') return true;
  return 'tasks' in task && task.tasks.some(hasFailed);
}
