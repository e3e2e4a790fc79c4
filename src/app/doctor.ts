import { createApiClient } from '../api/client.ts';
import { pendingMigrations } from '../db/migrator.ts';
import type { Finding } from '../inspect/finding.ts';
import { type Access, newerOperations } from './access.ts';

/** Checks everything a run needs. */
export async function examineAll(
  access: Access,
  onFinding: ((finding: Finding) => void) | undefined,
): Promise<readonly Finding[]> {
  const { examine } = await import('../inspect/doctor.ts');
  return await examine({
    config: access.config,
    connect: ({ apiUrl, ...lobbie }, onDate) =>
      createApiClient({
        ...lobbie,
        baseUrl: apiUrl,
        logger: access.logger,
        // Somebody waits for the answer, so that a fault which a nightly sync would wait out is reported at once.
        retry: { maxAttempts: 2, maxThrottles: 3, maxWaits: 2 },
        timeoutMs: 20_000,
        fetch: async (url, init) => {
          const response = await fetch(url, init);
          const date = Date.parse(response.headers.get('date') ?? '');
          if (!Number.isNaN(date)) onDate(new Date(date));
          return response;
        },
      }),
    databaseUrl: () => access.databaseUrl(),
    pendingMigrations,
    newerOperations,
    now: () => access.clock.now(),
    ...(onFinding === undefined ? {} : { onFinding }),
  });
}
