import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';
import { saveListProof } from './list-state.ts';

type Db = Kysely<SyncDatabase>;

/** One reading of a selection from beginning to end; it may take several runs. */
export interface Pass {
  readonly id: string;
  /** Whether an earlier run began it. */
  readonly continued: boolean;
  readonly startedAt: Date;
}

/**
 * Continues the open pass of this kind and selection, or begins one. `restart` gives up the open one first. What is left
 * of passes that ended before is cleared away, so that the cursors table stays as small as one pass.
 */
export async function openPass(
  db: Db,
  options: { readonly kind: string; readonly selectionKey: string; readonly restart: boolean; readonly now: Date },
): Promise<Pass> {
  return await db.transaction().execute(async (tx) => {
    const mine = () =>
      tx
        .selectFrom('lobbie_sync.passes')
        .select(['id', 'started_at'])
        .where('kind', '=', options.kind)
        .where('selection_key', '=', options.selectionKey)
        .where('status', '=', 'open')
        .forUpdate()
        .executeTakeFirst();
    const open = await mine();
    if (open !== undefined && !options.restart) return { id: open.id, continued: true, startedAt: open.started_at };
    if (open !== undefined) await endPass(tx, open.id, 'abandoned', options.now);
    await sql`DELETE FROM lobbie_sync.cursors WHERE pass_id IN
      (SELECT id FROM lobbie_sync.passes WHERE status <> 'open')`.execute(tx);
    await sql`DELETE FROM lobbie_sync.sweep_keys WHERE sweep_id IN
      (SELECT s.id FROM lobbie_sync.sweeps s JOIN lobbie_sync.passes p ON p.id = s.pass_id WHERE p.status <> 'open')`.execute(
      tx,
    );
    const begun = await tx
      .insertInto('lobbie_sync.passes')
      .values({
        kind: options.kind,
        selection_key: options.selectionKey,
        status: 'open',
        started_at: options.now,
        finished_at: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning(['id', 'started_at'])
      .executeTakeFirst();
    const pass = begun ?? (await mine());
    if (pass === undefined) throw new Error('a pass was begun and ended at once by another process');
    return { id: pass.id, continued: begun === undefined, startedAt: pass.started_at };
  });
}

/** Ends a pass. A partial one is not continued: the next reads everything again, so nothing relies on its gaps. */
export async function endPass(
  db: Db,
  passId: string,
  status: 'finished' | 'partial' | 'abandoned',
  at: Date,
): Promise<void> {
  await db
    .updateTable('lobbie_sync.passes')
    .set({ status, finished_at: at })
    .where('id', '=', passId)
    .where('status', '=', 'open')
    .execute();
}

/** What one sweep reads: one list (operation) of one account or location. `locationId` is null for account-wide lists. */
export interface SweepScope {
  readonly accountId: string;
  readonly locationId: string | null;
  readonly resource: string;
  readonly operation: string;
}

export interface Sweep {
  readonly id: string;
  readonly status: 'open' | 'certified' | 'failed';
  readonly startedAt: Date;
}

/** Why a sweep can't be certified whose parents were not all known. */
export const PARENTS_INCOMPLETE = 'parents_incomplete';

export interface OpenSweepOptions {
  /** Whether all parents are known. If not, the next run of the pass reads the scope from its first page again. */
  readonly complete: boolean;
  /** Scope text of the sweep's streams. */
  readonly streams: string;
  readonly now: Date;
  /** False for a look at a part of the list. Default true. */
  readonly whole?: boolean;
}

/**
 * Finds or begins the sweep of a scope within a pass. A failed one is taken up where it stopped, but one that was begun
 * without knowing all parents is begun anew: the missing ones may come before its cursor.
 */
export async function openSweep(db: Db, passId: string, scope: SweepScope, options: OpenSweepOptions): Promise<Sweep> {
  const { complete, streams, now, whole = true } = options;
  return await db.transaction().execute(async (tx) => {
    const earlier = await tx
      .selectFrom('lobbie_sync.sweeps')
      .select(['id', 'status', 'reason', 'started_at'])
      .where('pass_id', '=', passId)
      .where('account_id', '=', scope.accountId)
      .where('location_id', '=', scope.locationId ?? '0')
      .where('resource', '=', scope.resource)
      .where('operation', '=', scope.operation)
      .forUpdate()
      .executeTakeFirst();
    if (earlier?.status === 'certified') {
      return { id: earlier.id, status: 'certified', startedAt: earlier.started_at };
    }
    if (earlier?.reason === PARENTS_INCOMPLETE) {
      await sql`DELETE FROM lobbie_sync.cursors WHERE pass_id = ${passId} AND account_id = ${scope.accountId}
        AND resource = ${scope.resource} AND (scope = ${streams} OR starts_with(scope, ${`${streams}[`}))`.execute(tx);
      await sql`UPDATE lobbie_sync.sweeps SET rows_read = 0, rows_rejected = 0, rows_changed = 0 WHERE id = ${earlier.id}`.execute(
        tx,
      );
    }
    const { rows } = await sql<Sweep>`INSERT INTO lobbie_sync.sweeps
        (pass_id, account_id, location_id, resource, operation, status, started_at, reason, whole)
      VALUES (${passId}, ${scope.accountId}, ${scope.locationId ?? '0'}, ${scope.resource}, ${scope.operation}, 'open',
        ${now}, ${complete ? null : PARENTS_INCOMPLETE}, ${whole})
      ON CONFLICT (pass_id, account_id, location_id, resource, operation) DO UPDATE SET
        status = 'open', reason = excluded.reason
      RETURNING id, status, started_at AS "startedAt"`.execute(tx);
    return rows[0] as Sweep;
  });
}

/** A sweep of a pass, as it stands. */
export interface SweepRow {
  readonly id: string;
  readonly location_id: string;
  readonly operation: string;
  readonly status: 'open' | 'certified' | 'failed';
  readonly whole: boolean;
  readonly rows_rejected: string;
  readonly started_at: Date;
  readonly finished_at: Date | null;
}

/** The sweeps of one resource within a pass that were not judged yet. */
export async function passSweeps(
  db: Db,
  passId: string,
  accountId: string,
  resource: string,
): Promise<readonly SweepRow[]> {
  return await db
    .selectFrom('lobbie_sync.sweeps')
    .select(['id', 'location_id', 'operation', 'status', 'whole', 'rows_rejected', 'started_at', 'finished_at'])
    .where('pass_id', '=', passId)
    .where('account_id', '=', accountId)
    .where('resource', '=', resource)
    .where('judged', '=', false)
    .execute();
}

/**
 * Notes that what these sweeps did not meet was looked at, and with that what they prove of their lists; their keys are forgotten.
 * One transaction: a list is not known to be whole before its absences are noted.
 */
export async function markJudged(
  db: Db,
  accountId: string,
  resource: string,
  sweeps: readonly SweepRow[],
): Promise<void> {
  if (sweeps.length === 0) return;
  const ids = sweeps.map(({ id }) => id);
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('lobbie_sync.sweeps')
      .set({ judged: true })
      .where(sql<boolean>`id = ANY(${ids}::bigint[])`)
      .execute();
    await sql`DELETE FROM lobbie_sync.sweep_keys WHERE sweep_id = ANY(${ids}::bigint[])`.execute(tx);
    for (const sweep of sweeps) {
      if (!sweep.whole || sweep.status !== 'certified') continue;
      await saveListProof(tx, {
        accountId,
        locationId: sweep.location_id === '0' ? null : sweep.location_id,
        resource,
        operation: sweep.operation,
        certifiedAt: sweep.finished_at ?? sweep.started_at,
        oldestCheckedAt: sweep.started_at,
      });
    }
  });
}

/** Adds what a batch of a sweep read. */
export async function addToSweep(
  db: Db,
  sweepId: string,
  { read, rejected, changed }: { readonly read: number; readonly rejected: number; readonly changed: number },
): Promise<void> {
  await sql`UPDATE lobbie_sync.sweeps SET rows_read = rows_read + ${read}, rows_rejected = rows_rejected + ${rejected},
      rows_changed = rows_changed + ${changed}
    WHERE id = ${sweepId}`.execute(db);
}

/** Closes a sweep as certified, or as failed with the code of the reason. */
export async function closeSweep(
  db: Db,
  sweepId: string,
  reason: string | null,
  at: Date,
  options: { /** Whether nothing is left to be judged of it. Default false. */ readonly judged?: boolean } = {},
): Promise<void> {
  await db
    .updateTable('lobbie_sync.sweeps')
    .set({
      status: reason === null ? 'certified' : 'failed',
      reason,
      finished_at: at,
      ...(options.judged === true ? { judged: true } : {}),
    })
    .where('id', '=', sweepId)
    .execute();
}

/** Where a stream stands. */
export interface StreamState<T> {
  readonly scope: string;
  readonly cursor: T | null;
  readonly done: boolean;
}

/** Identifies a stream: the scope text tells list, location and window apart. */
export interface StreamKey {
  readonly passId: string;
  readonly accountId: string;
  readonly resource: string;
  readonly scope: string;
}

/** Stores where a stream stands; in the same transaction as the rows before it. */
export async function saveCursor(db: Db, key: StreamKey, cursor: unknown, done: boolean, at: Date): Promise<void> {
  await sql`INSERT INTO lobbie_sync.cursors (pass_id, account_id, resource, scope, cursor, status, updated_at)
    VALUES (${key.passId}, ${key.accountId}, ${key.resource}, ${key.scope},
      ${cursor === null ? null : JSON.stringify(cursor)}, ${done ? 'done' : 'open'}, ${at})
    ON CONFLICT (pass_id, account_id, resource, scope) DO UPDATE SET
      cursor = excluded.cursor, status = excluded.status, updated_at = excluded.updated_at`.execute(db);
}

/** The streams of a resource that are recorded in a pass and whose scope is `prefix` or a window of it. */
export async function loadCursors<T>(
  db: Db,
  key: Omit<StreamKey, 'scope'>,
  prefix: string,
): Promise<readonly StreamState<T>[]> {
  const rows = await db
    .selectFrom('lobbie_sync.cursors')
    .select(['scope', 'cursor', 'status'])
    .where('pass_id', '=', key.passId)
    .where('account_id', '=', key.accountId)
    .where('resource', '=', key.resource)
    .where(sql<boolean>`(scope = ${prefix} OR starts_with(scope, ${`${prefix}[`}))`)
    .orderBy('scope')
    .execute();
  return rows.map((row) => ({ scope: row.scope, cursor: row.cursor as T | null, done: row.status === 'done' }));
}
