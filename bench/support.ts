import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { startEmbeddedPostgres } from '../src/db/embedded/index.ts';
import { migrateToLatest } from '../src/db/migrator.ts';
import { createPool } from '../src/db/pool.ts';
import { onEnd } from './ending.ts';

/** A migrated database on a durable embedded server: the same fsync as in production. */
export interface BenchDatabase {
  readonly url: string;
  /** The server's process id. */
  readonly pid: number;
  readonly pool: pg.Pool;
  /** Drops all synced rows and state. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBenchDatabase(): Promise<BenchDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'lobbie-bench-'));
  const remove = onEnd(() => rmSync(folder, { recursive: true, force: true }));
  // The server may run as another user, who must be able to reach its data.
  chmodSync(folder, 0o711);
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data') });
  const stop = onEnd(() => server.stop());
  await migrateToLatest(server.url);
  const pool = createPool({ connectionString: server.url, max: 8, onError: () => undefined });
  return {
    url: server.url,
    pid: server.pid,
    pool,
    async reset() {
      const { rows } = await pool.query<{ name: string }>(
        `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
         WHERE schemaname = 'lobbie' OR (schemaname = 'lobbie_sync' AND tablename NOT LIKE 'kysely%' AND tablename <> 'audit_log')`,
      );
      await pool.query(`TRUNCATE ${rows.map((row) => row.name).join(', ')}`);
    },
    async stop() {
      await pool.end();
      await stop();
      await remove();
    },
  };
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

/** Half of the span between the fastest and the slowest repetition, as a fraction of the median. */
export const noise = (values: readonly number[]): number =>
  (Math.max(...values) - Math.min(...values)) / 2 / median(values);

export const perSecond = (rows: number, ms: number): number => Math.round((rows / ms) * 1000);

export function machine(): string {
  const cpu = cpus()[0]?.model ?? 'unknown processor';
  return `${cpus().length} × ${cpu}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
}

/** The path of psql, if this machine has one. */
export function findPsql(): string | undefined {
  try {
    return execFileSync('which', ['psql'], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** WAL written since the start of the server, in bytes. */
export async function walBytes(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes`);
  return Number(rows[0]?.bytes);
}

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

export const percent = (share: number, digits = 0): string => `${(share * 100).toFixed(digits)} %`;

/** Prints rows in columns; the first row is the head. */
export function printTable(title: string, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  process.stdout.write(
    `\n${title}\n${[lines[0], widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)].join('\n')}\n`,
  );
}
