import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { TestDatabase } from './database.ts';
import { cloneDatabase, databaseName, withDatabase } from './databases.ts';
// For the type of inject('database').
import type {} from './global-setup.ts';

/** A copy of a database to which nobody is connected. The caller drops it with `dropDatabase`. */
export async function copyDatabase(original: TestDatabase): Promise<TestDatabase> {
  const { serverUrl, runId } = inject('database');
  const name = databaseName(runId, randomBytes(4).toString('hex'));
  await cloneDatabase(serverUrl, original.name, name);
  return { url: withDatabase(serverUrl, name), name };
}
