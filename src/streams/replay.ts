import type { Kysely } from 'kysely';
import type pg from 'pg';
import { parseJson } from '../api/json.ts';
import type { Clock } from '../core/clock.ts';
import { databaseCode, isDataError } from '../db/pool.ts';
import type { SyncDatabase } from '../db/tables.ts';
import { withTransaction } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import { loadRows } from '../loaders/load.ts';
import { addAudit } from '../state/audit.ts';
import { getReject, listRejects, markReplayed, rejectedJson, type StoredReject } from '../state/rejects.ts';
import { collect, preparerOf } from './collect.ts';

export interface ReplayDependencies {
  readonly pool: pg.Pool;
  readonly db: Kysely<SyncDatabase>;
  readonly clock: Clock;
  readonly actor: string;
}

export interface ReplayReport {
  readonly replayed: readonly string[];
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
}

/** The most rejects that are loaded when no id is given. */
const MOST = 10_000;

/**
 * Tries to load rejected records again, for instance after an upgrade that accepts more values. If a newer version of the record was
 * stored meanwhile, it stays, because the time of the rejection counts as the time of the read.
 */
export async function replayRejects(
  deps: ReplayDependencies,
  choice: { readonly ids?: readonly string[]; readonly resources?: readonly string[] },
): Promise<ReplayReport> {
  const ids =
    choice.ids ??
    (await listRejects(deps.db, { limit: MOST, ...(choice.resources ? { resources: choice.resources } : {}) })).map(
      (each) => each.id,
    );
  const replayed: string[] = [];
  const failed: { id: string; reason: string }[] = [];
  for (const id of [...ids].sort((a, b) => Number(BigInt(a) - BigInt(b)))) {
    const reject = await getReject(deps.db, id);
    const reason =
      reject === undefined
        ? 'there is no such reject'
        : reject.replayed_at !== null
          ? 'it was replayed already'
          : await replay(deps, reject);
    if (reason === undefined) replayed.push(id);
    else failed.push({ id, reason });
  }
  return { replayed, failed };
}

async function replay(deps: ReplayDependencies, reject: StoredReject): Promise<string | undefined> {
  const resource = resourceNamed(reject.resource);
  // A reject holds the record of one row, even if that record came inside another one. So a plain read without a carrier fits.
  const read = { operation: 'listLocations', scope: resource.scope } as const;
  const record = parseJson(await rejectedJson(deps.db, reject.id));
  const collected = collect(resource, read, [record], {
    accountId: reject.account_id ?? '0',
    context: reject.context,
    readAt: reject.rejected_at,
    unknown: () => new Map(),
  });
  const refused = collected.get(resource.name)?.rejects[0];
  if (refused !== undefined) return refused.reason;
  const store = withTransaction(deps.pool, async (tx) => {
    const now = deps.clock.now();
    for (const name of [...collected.keys()].sort()) {
      const { rows } = collected.get(name) ?? { rows: [] };
      await loadRows(tx, preparerOf(resourceNamed(name)).table, rows, { runId: reject.run_id, now });
    }
    await markReplayed(tx.db, reject.id, now);
    await addAudit(
      tx.db,
      {
        actor: deps.actor,
        action: 'rejects.replay',
        resource: reject.resource,
        subject: { reject: reject.id, key: reject.record_key },
        ...(reject.account_id === null ? {} : { accountId: reject.account_id }),
      },
      now,
    );
  });
  return await store.then(
    () => undefined,
    (error: unknown) => {
      if (!isDataError(error)) throw error;
      return `Postgres refuses a value of this record (SQLSTATE ${databaseCode(error)})`;
    },
  );
}
