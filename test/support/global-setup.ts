import type { TestProject } from 'vitest/node';
import {
  cloneDatabase,
  databaseName,
  isLeftover,
  listDatabases,
  newRunId,
  removeDatabase,
  withClient,
  withDatabase,
} from './databases.ts';
import { startTestServer } from './server.ts';

/** What a test file needs to make a database of its own. */
export interface ProvidedDatabase {
  readonly serverUrl: string;
  readonly template: string;
  readonly runId: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    database: ProvidedDatabase;
  }
}

/**
 * Once per run: one server, one database with all migrations applied. Test files clone it, which is some fifty times
 * faster than migrating, and never share rows.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  const runId = newRunId(new Date(), process.pid);
  const template = databaseName(runId, 'template');
  try {
    for (const name of await listDatabases(server.url)) {
      if (isLeftover(name, new Date())) await removeDatabase(server.url, name);
    }
    await cloneDatabase(server.url, 'template0', template);
    // Not before it is needed: a mistake in the product's code then fails here, with the server stopped again.
    const { migrateToLatest } = await import('../../src/db/migrator.ts');
    await migrateToLatest(withDatabase(server.url, template));
    // A single connection to the template would make every clone fail.
    await withClient(server.url, (client) => client.query(`alter database ${template} with allow_connections false`));
  } catch (error) {
    await removeDatabase(server.url, template);
    await server.stop(false);
    throw error;
  }
  project.provide('database', { serverUrl: server.url, template, runId });
  console.log(`database: ${server.description}`);

  return async () => {
    await removeDatabase(server.url, template);
    const kept = (await listDatabases(server.url)).filter((name) => name.startsWith(databaseName(runId, '')));
    // On CI nobody looks into a kept database, and a server left behind could hold up the job.
    await server.stop(kept.length > 0 && !process.env['CI']);
  };
}
