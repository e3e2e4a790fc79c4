import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** What lies in the future: a clock was ahead when it was written. */
export interface FutureEntries {
  /** A kind of the mirror's own state, or a table of the schema `lobbie`. */
  readonly what: string;
  readonly of: 'state' | 'rows';
  readonly entries: number;
}

/** The latest time that is believed; null where every time is, because clocks may differ by more than there are times. */
export function latestBelieved(now: Date, maxClockSkewMs: number): Date | null {
  const latest = new Date(now.getTime() + maxClockSkewMs);
  return Number.isNaN(latest.getTime()) ? null : latest;
}

/** Counts what lies after an instant. Large tables are counted only where the state gives a reason: that takes reading them. */
export async function countFuture(db: Db, believed: Date): Promise<readonly FutureEntries[]> {
  const { rows: state } = await sql<{ what: string; entries: string }>`SELECT what, entries
    FROM lobbie_sync.future_state(${believed}) ORDER BY what`.execute(db);
  const { rows: tables } = await sql<{ what: string; entries: string }>`SELECT name AS what, entries
    FROM lobbie_sync.future_rows(${believed}, ${state.length > 0}) ORDER BY name`.execute(db);
  return [
    ...state.map(({ what, entries }) => ({ what, of: 'state' as const, entries: Number(entries) })),
    ...tables.map(({ what, entries }) => ({ what, of: 'rows' as const, entries: Number(entries) })),
  ];
}

/**
 * Brings back to the present what lies after an instant, one table at a time, the state last: an interruption leaves the reason to go
 * on. Versions keep their order and tile time.
 */
export async function fixFuture(
  db: Db,
  found: readonly FutureEntries[],
  { now, believed }: { readonly now: Date; readonly believed: Date },
): Promise<void> {
  for (const { what, of } of found) {
    if (of === 'rows') await sql`SELECT lobbie_sync.mend_future_rows(${what}, ${now}, ${believed})`.execute(db);
  }
  await sql`SELECT lobbie_sync.mend_future_state(${now}, ${believed})`.execute(db);
}
