import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import { compareInstants } from '../core/instants.ts';
import type { Row, TableSpec } from '../core/row.ts';
import { stagedTables, type Transaction } from '../db/transaction.ts';
import { rowLine } from './copy-text.ts';
import {
  copyIntoStaging,
  copyIntoTable,
  createStaging,
  dropTakenOver,
  findDifferent,
  mergeStaged,
  stagingName,
} from './merge-sql.ts';
import { arrayKeys, hasAccount } from './names.ts';

/** How many rows of a batch were written, and which. `inserted + updated + unchanged` is the number of rows in the batch. */
export interface Loaded {
  readonly inserted: number;
  readonly updated: number;
  /** Rows that are stored already, repeated within the batch, or older than the stored version. */
  readonly unchanged: number;
  /** Rows that were written: new ones, and those that differ from the stored version and are not older than it. */
  readonly changed: readonly Row[];
}

export interface LoadOptions {
  readonly runId: string;
  /** When the batch is stored, for `_loaded_at`. */
  readonly now: Date;
  /** How far clocks may differ, milliseconds. Stored times further in the future are ignored. Default 300,000. */
  readonly maxSkewMs?: number;
  /** Whether new rows are merged too, which is safe when another transaction inserts the same keys. Default false. */
  readonly staged?: boolean;
  /** Tables without history: superseded versions of their rows are discarded. Default: none. */
  readonly noHistory?: ReadonlySet<string>;
}

/** Characters written to the socket at a time; larger chunks were measured to gain nothing and hold more memory. */
const CHUNK_CHARS = 64 * 1024;

/** The default of {@link LoadOptions.maxSkewMs}. */
const MAX_SKEW_MS = 300_000;

/**
 * Reduces repeated keys to one row each, in order of first appearance. The row of the later read remains. Within one answer, the
 * later `updated_at` of the records decides; if one is missing or both are equal, the later row in the batch remains.
 */
export function dedupe(table: Pick<TableSpec, 'columns' | 'versioned'>, rows: readonly Row[]): Row[] {
  const stampAt = table.versioned ? table.columns.findIndex(({ name }) => name === 'updated_at') : -1;
  const byKey = new Map<string, Row>();
  for (const row of rows) {
    const key = row.key.length === 1 ? (row.key[0] as string) : JSON.stringify(row.key);
    const earlier = byKey.get(key);
    if (earlier === undefined || replaces(row, earlier, stampAt)) byKey.set(key, row);
  }
  return [...byKey.values()];
}

function replaces(row: Row, earlier: Row, stampAt: number): boolean {
  // A row of a second list must not hide a row of the first list in the same batch.
  if (row.secondary !== earlier.secondary) return earlier.secondary;
  const order = row.readAt.getTime() - earlier.readAt.getTime();
  if (order !== 0) return order > 0;
  const [stamp, other] = [row.values[stampAt], earlier.values[stampAt]];
  return stamp == null || other == null || compareInstants(stamp, other) >= 0;
}

interface Sorted {
  /** Rows whose key is not stored. */
  readonly fresh: Row[];
  /** Rows that are stored with other content, or as deleted. */
  readonly differing: Row[];
  /** Whether one of these is stored under another form of the hash, so that its values decide whether it differs. */
  readonly otherForm: boolean;
}

/** Finds the rows that must be written. Unchanged rows are neither locked nor copied. */
async function sortOut(tx: Transaction, table: TableSpec, rows: readonly Row[]): Promise<Sorted> {
  const offset = hasAccount(table) ? 1 : 0;
  const account = offset === 1 ? [rows[0]?.key[0]] : [];
  const keys = arrayKeys(table).map((_, index) => rows.map((row) => row.key[index + offset]));
  const { rows: found } = await tx.client.query<{ ord: number; absent: boolean; stored: string | null }>({
    name: `find_different_${table.name}`,
    text: findDifferent(table),
    values: [...account, ...keys, rows.map((row) => row.hash), rows[0]?.secondary ?? false],
  });
  const fresh: Row[] = [];
  const differing: Row[] = [];
  let otherForm = false;
  for (const { ord, absent, stored } of found) {
    const row = rows[ord - 1] as Row;
    if (absent) fresh.push(row);
    // A row that was stored under another form of the hash and has not changed since stays as it is: that costs no write.
    else if (stored === null || !row.formerHashes().includes(stored)) {
      differing.push(row);
      otherForm ||= stored !== null && formOf(stored) !== formOf(row.hash);
    }
  }
  return { fresh, differing, otherForm };
}

/** How a hash was made: what stands before its last 16 bytes. */
const formOf = (hash: string): string => hash.slice(0, -32);

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
 * Turns history off for these tables until the end of this transaction. {@link loadRows} does so by itself; every other writer
 * must call this before it changes rows of such a table.
 */
export async function withoutHistory(tx: Transaction, tables: ReadonlySet<string>): Promise<void> {
  await tx.client.query(`SELECT set_config('lobbie_sync.no_history', $1, true)`, [[...tables].join(',')]);
}

async function mergeRows(
  tx: Transaction,
  table: TableSpec,
  { rows, otherForm }: { readonly rows: readonly Row[]; readonly otherForm: boolean },
  options: LoadOptions,
) {
  const known = stagedTables(tx.client);
  if (!known.has(stagingName(table))) {
    await tx.client.query(createStaging(table));
    known.add(stagingName(table));
  }
  await copyRows(tx, copyIntoStaging(table), table, rows, options);
  if (otherForm) await tx.client.query(dropTakenOver(table));
  if (options.noHistory?.has(table.name)) await withoutHistory(tx, options.noHistory);
  const believed = new Date(options.now.getTime() + (options.maxSkewMs ?? MAX_SKEW_MS));
  type Written = { readonly inserted: boolean; readonly key: string; readonly versioned: boolean };
  const { rows: written } = await tx.client.query<Written>(mergeStaged(table), [believed, options.runId]);
  return written.filter(({ versioned }) => versioned);
}

/**
 * Stores a batch. Repeated keys are reduced to one row each. Rows whose stored hash is equal are unchanged and cost nothing more.
 * Rows with new keys are copied into the table. Rows that differ are copied into a temporary table and merged if they are not
 * older than the stored row; the replaced version goes to `lobbie_history` in the same statement.
 *
 * Runs inside the caller's transaction and commits nothing. If another transaction inserts the same key at the same time, Postgres
 * reports a unique violation (23505), and the caller tries again with `staged`.
 */
export async function loadRows(
  tx: Transaction,
  table: TableSpec,
  batch: readonly Row[],
  options: LoadOptions,
): Promise<Loaded> {
  if (batch.length === 0) return { inserted: 0, updated: 0, unchanged: 0, changed: [] };
  const { fresh, differing, otherForm } = await sortOut(tx, table, dedupe(table, batch));
  const copied = options.staged === true ? [] : fresh;
  if (copied.length > 0) await copyRows(tx, copyIntoTable(table), table, copied, options);
  const rest = options.staged === true ? [...fresh, ...differing] : differing;
  const written = rest.length === 0 ? [] : await mergeRows(tx, table, { rows: rest, otherForm }, options);
  const inserted = copied.length + written.filter((row) => row.inserted).length;
  const updated = written.length - written.filter((row) => row.inserted).length;
  const keys = new Set(written.map(({ key }) => key));
  const offset = hasAccount(table) ? 1 : 0;
  const merged = rest.filter((row) => keys.has(row.key.slice(offset).join('/')));
  return { inserted, updated, unchanged: batch.length - inserted - updated, changed: [...copied, ...merged] };
}
