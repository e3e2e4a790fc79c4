import type { Kysely } from 'kysely';
import type { SyncDatabase } from '../../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** Whether deliveries are paused, by whom and why. */
export interface PushControl {
  readonly pausedAt: Date | null;
  readonly pausedBy: string | null;
  readonly reason: string | null;
}

export async function readControl(db: Db): Promise<PushControl> {
  const row = await db.selectFrom('lobbie_push.control').selectAll().executeTakeFirst();
  return { pausedAt: row?.paused_at ?? null, pausedBy: row?.paused_by ?? null, reason: row?.reason ?? null };
}

/** Pauses deliveries, or resumes them (`at` null). Writes in flight are completed. */
export async function setPaused(db: Db, at: Date | null, by: string, reason: string | null): Promise<void> {
  await db
    .updateTable('lobbie_push.control')
    .set({ paused_at: at, paused_by: at === null ? null : by, reason: at === null ? null : reason })
    .execute();
}
