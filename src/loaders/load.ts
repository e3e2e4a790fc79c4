import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import type { Row, TableSpec } from '../core/row.ts';
import { stagedTables, type Transaction } from '../db/transaction.ts';
import { rowLine } from './copy-text.ts';
import { copyIntoStaging, copyIntoTable, createStaging, findDifferent, mergeStaged, stagingName } from './merge-sql.ts';
import { arrayKeys, hasAccount } from './names.ts';

/** What became of the rows of a batch. `inserted + updated + unchanged` is the number of rows handed in. */
export interface Loaded {
  readonly inserted: number;
  readonly updated: number;
  /** Already stored as they are, repeated within the batch, or older news than what is stored. */
  readonly unchanged: number;
  /** Rows that are new, or differ from what was stored. */
  readonly changed: readonly Row[];
}

export interface LoadOptions {
  readonly runId: string;
  /** When the batch is stored, for `_loaded_at`. */
  readonly now: Date;
  /** Take new rows through the temporary table too: safe against others who insert the same keys. Default false. */
  readonly staged?: boolean;
  /** Tables whose superseded versions are not kept. Default none: every table has its history. */
  readonly noHistory?: ReadonlySet<string>;
}

/** Text handed to the socket at a time; larger chunks gained nothing and only hold memory. */
const CHUNK_CHARS = 64 * 1024;

/** The last copy of every key, in order of first appearance: later pages are later reads. */
export function dedupe(rows: readonly Row[]): Row[] {
  const byKey = new Map<string, Row>();
  for (const row of rows) {
    const key = row.key.length === 1 ? (row.key[0] as string) : JSON.stringify(row.key);
    const earlier = byKey.get(key);
    // A second list must not hide what the first list says in the same batch.
    if (earlier === undefined || !row.secondary || earlier.secondary) byKey.set(key, row);
  }
  return [...byKey.values()];
}

interface Sorted {
  /** Rows whose key is not stored. */
  readonly fresh: Row[];
  /** Rows that are stored with other content, or as deleted. */
  readonly differing: Row[];
}

/** Sorts out what has to be written. Rows that are stored as they are are not locked, not copied, not touched. */
async function sortOut(tx: Transaction, table: TableSpec, rows: readonly Row[]): Promise<Sorted> {
  const offset = hasAccount(table) ? 1 : 0;
  const account = offset === 1 ? [rows[0]?.key[0]] : [];
  const keys = arrayKeys(table).map((_, index) => rows.map((row) => row.key[index + offset]));
  const { rows: found } = await tx.client.query<{ ord: number; absent: boolean }>({
    name: `find_different_${table.name}`,
    text: findDifferent(table),
    values: [...account, ...keys, rows.map((row) => row.hash), rows[0]?.secondary ?? false],
  });
  const fresh: Row[] = [];
  const differing: Row[] = [];
  for (const { ord, absent } of found) (absent ? fresh : differing).push(rows[ord - 1] as Row);
  return { fresh, differing };
}

async function copyRows(
  tx: Transaction,
  sql: string,
  table: TableSpec,
  rows: readonly Row[],
  options: LoadOptions,
): Promise<void> {
  const stream = tx.client.query(copyFrom(sql));
  let failure: unknown;
  const finished = new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', (error) => {
      failure = error;
      reject(error);
    });
  });
  // Without a handler before the first write, an early refusal would be an unhandled rejection.
  finished.catch(() => undefined);
  const toLine = rowLine(table, options);
  let chunk = '';
  for (const row of rows) {
    chunk += toLine(row);
    if (chunk.length >= CHUNK_CHARS) {
      if (failure !== undefined) break;
      if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), finished]);
      chunk = '';
    }
  }
  stream.end(chunk);
  await finished;
}

/**
 * Tells the database which tables keep no superseded versions, until the end of this transaction. Whoever changes rows of
 * such a table by other means than {@link loadRows} calls it before.
 */
export async function withoutHistory(tx: Transaction, tables: ReadonlySet<string>): Promise<void> {
  await tx.client.query(`SELECT set_config('lobbie_sync.no_history', $1, true)`, [[...tables].join(',')]);
}

async function mergeRows(tx: Transaction, table: TableSpec, rows: readonly Row[], options: LoadOptions) {
  const known = stagedTables(tx.client);
  if (!known.has(stagingName(table))) {
    await tx.client.query(createStaging(table));
    known.add(stagingName(table));
  }
  await copyRows(tx, copyIntoStaging(table), table, rows, options);
  if (options.noHistory?.has(table.name)) await withoutHistory(tx, options.noHistory);
  const merged = await tx.client.query<{ inserted: number; updated: number }>(mergeStaged(table));
  return merged.rows[0] ?? { inserted: 0, updated: 0 };
}

/**
 * Stores a batch: keys that repeat are reduced to their last copy; stored hashes are compared by key, so that unchanged
 * rows go no further; rows with new keys are copied straight in, and rows that differ are copied into a temporary table
 * and merged behind the newer-than gate. What they replace goes to `lobbie_history` in the same statement.
 *
 * Runs inside the caller's transaction and commits nothing. A key that another transaction inserts at the same moment is
 * a unique violation (23505) unless `staged` is set: the caller tries again with it.
 */
export async function loadRows(
  tx: Transaction,
  table: TableSpec,
  batch: readonly Row[],
  options: LoadOptions,
): Promise<Loaded> {
  if (batch.length === 0) return { inserted: 0, updated: 0, unchanged: 0, changed: [] };
  const { fresh, differing } = await sortOut(tx, table, dedupe(batch));
  let inserted = 0;
  let updated = 0;
  if (fresh.length > 0 && options.staged !== true) {
    await copyRows(tx, copyIntoTable(table), table, fresh, options);
    inserted = fresh.length;
  }
  const rest = options.staged === true ? [...fresh, ...differing] : differing;
  if (rest.length > 0) {
    const merged = await mergeRows(tx, table, rest, options);
    inserted += merged.inserted;
    updated = merged.updated;
  }
  return { inserted, updated, unchanged: batch.length - inserted - updated, changed: [...fresh, ...differing] };
}
