import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import type { Row, TableSpec } from '../core/row.ts';
import { stagedTables, type Transaction } from '../db/transaction.ts';
import { rowLine } from './copy-text.ts';
import { copyIntoStaging, copyIntoTable, createStaging, findDifferent, mergeStaged, stagingName } from './merge-sql.ts';
import { arrayKeys, hasAccount } from './names.ts';

/** The result of loading a batch. `inserted + updated + unchanged` is the number of rows passed in. */
export interface Loaded {
  readonly inserted: number;
  readonly updated: number;
  /** Rows that are stored already, repeated within the batch, or older than the stored version. */
  readonly unchanged: number;
  /** Rows that are new, or differ from what was stored. */
  readonly changed: readonly Row[];
}

export interface LoadOptions {
  readonly runId: string;
  /** When the batch is stored, for `_loaded_at`. */
  readonly now: Date;
  /** Whether new rows go through the temporary table too, which is safe when others insert the same keys. Default false. */
  readonly staged?: boolean;
  /** Tables without history: their superseded versions are not kept. Default: none. */
  readonly noHistory?: ReadonlySet<string>;
}

/** Characters written to the socket at a time; larger chunks were measured to gain nothing and hold more memory. */
const CHUNK_CHARS = 64 * 1024;

/** Reduces repeated keys to their last copy, in order of first appearance. Later copies come from later pages, so they are newer. */
export function dedupe(rows: readonly Row[]): Row[] {
  const byKey = new Map<string, Row>();
  for (const row of rows) {
    const key = row.key.length === 1 ? (row.key[0] as string) : JSON.stringify(row.key);
    const earlier = byKey.get(key);
    // A row of a second list must not hide a row of the first list in the same batch.
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

/** Finds the rows that have to be written. Unchanged rows are not locked and not copied. */
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
 * Tells the history triggers which tables keep no superseded versions, until the end of this transaction. Code that changes rows
 * of such a table without {@link loadRows} must call it first.
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
 * Stores a batch. Repeated keys are reduced to their last copy. Stored hashes are compared by key, so unchanged rows need no
 * write. Rows with new keys are copied directly into the table. Rows that differ are copied into a temporary table and merged, but
 * only if they are newer; the versions they replace go to `lobbie_history` in the same statement.
 *
 * It runs within the caller's transaction and does not commit. If another transaction inserts one of the keys at the same moment,
 * it throws a unique violation (23505); the caller then repeats it with `staged`.
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
