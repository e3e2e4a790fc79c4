import type pg from 'pg';
import { withTransaction } from '../../src/db/transaction.ts';
import { resourceNamed } from '../../src/extractors/registry.ts';
import type { Read } from '../../src/extractors/resource.ts';
import { loadRows } from '../../src/loaders/load.ts';
import { type Collected, collect, preparerOf } from '../../src/streams/collect.ts';

export interface ReadOptions {
  readonly accountId: string;
  /** When the request was sent that brings the records. */
  readonly readAt: Date;
  /** Ids of the path. */
  readonly context?: Readonly<Record<string, string>>;
}

/** What a page with these records becomes. */
export function collected(name: string, records: readonly object[], options: ReadOptions): Collected {
  const resource = resourceNamed(name);
  const [read] = resource.reads as readonly [Read];
  return collect(resource, read, records, { context: {}, ...options, unknown: () => new Map() });
}

/** Stores records as a reading would; those within them are stored, too. */
export async function storeRecords(
  pool: pg.Pool,
  name: string,
  records: readonly object[],
  options: ReadOptions,
): Promise<void> {
  await withTransaction(pool, async (tx) => {
    for (const [table, { rows, rejects }] of collected(name, records, options)) {
      if (rejects[0] !== undefined) throw new Error(rejects[0].reason);
      await loadRows(tx, preparerOf(resourceNamed(table)).table, rows, { runId: '1', now: options.readAt });
    }
  });
}
