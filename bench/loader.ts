import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../src/core/row.ts';
import { withLoad } from '../src/db/transaction.ts';
import { resourceNamed } from '../src/extractors/registry.ts';
import { rowLine } from '../src/loaders/copy-text.ts';
import { loadRows } from '../src/loaders/load.ts';
import { copyColumns } from '../src/loaders/merge-sql.ts';
import { collect, preparerOf } from '../src/streams/collect.ts';
import { onEnd } from './ending.ts';
import { type BenchDatabase, findPsql, median, noise, perSecond, timed, walBytes } from './support.ts';

const appointments = resourceNamed('appointments');
const read = appointments.reads[0];
const { table } = preparerOf(appointments);
const READ_AT = new Date('2026-01-15T12:00:00Z');
const BATCH = 1000;
const STREAMS = 2;

/** An appointment of about 600 bytes as JSON; `version` changes its content. */
function record(index: number, version = 0): Record<string, unknown> {
  const start = new Date(Date.UTC(2025, 0, 1) + index * 60_000).toISOString();
  return {
    id: 1_000_000 + index,
    patientId: 500_000 + (index % 90_000),
    practitionerId: 200 + (index % 40),
    locationId: 111,
    appointmentTypeId: 300 + (index % 20),
    startTime: start,
    endTime: start,
    durationMinutes: 30,
    status: ['SCHEDULED', 'CONFIRMED', 'CHECKED_OUT', 'NO_SHOW'][index % 4],
    note: `Visit ${index}: follow-up after treatment, version ${version}. ${'Bring the medication list. '.repeat(9)}`,
    createdAt: start,
    updatedAt: new Date(Date.UTC(2025, 6, 1) + version * 1000).toISOString(),
  };
}

const rowsOf = (records: readonly Record<string, unknown>[]): Row[] => {
  if (read === undefined) throw new Error('appointments have no read');
  const collected = collect(appointments, read, records, {
    accountId: '1001',
    context: { location_id: '111' },
    readAt: READ_AT,
    unknown: () => new Map(),
  });
  return collected.get('appointments')?.rows ?? [];
};

/** Loads JSON pages through the whole loader (check, hash, look-up, COPY, merge) in two streams, as a backfill does. */
async function load(database: BenchDatabase, pages: readonly string[]): Promise<void> {
  let next = 0;
  const stream = async () => {
    while (next < pages.length) {
      const records = JSON.parse(pages[next++] ?? '[]') as Record<string, unknown>[];
      const rows = rowsOf(records);
      await withLoad(database.pool, (tx) => loadRows(tx, table, rows, { runId: '1', now: READ_AT }));
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, stream));
}

const pagesOf = (count: number, version = 0): string[] =>
  Array.from({ length: count / BATCH }, (_, page) =>
    JSON.stringify(Array.from({ length: BATCH }, (_, index) => record(page * BATCH + index, version))),
  );

async function writeCopyFile(path: string, pages: readonly string[]): Promise<void> {
  const file = createWriteStream(path);
  const line = rowLine(table, { runId: '1', now: READ_AT });
  for (const page of pages) {
    let text = '';
    for (const row of rowsOf(JSON.parse(page) as Record<string, unknown>[])) text += line(row);
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

export interface LoaderFigures {
  readonly rows: number;
  readonly copyRate: number;
  readonly copyNoise: number;
  readonly loadRate: number;
  readonly loadNoise: number;
  /** The speed of the loader divided by that of psql, compared within each repetition. */
  readonly share: number;
  readonly shareNoise: number;
  readonly unchangedRate: number;
  readonly unchangedTimes: number;
  readonly unchangedNoise: number;
  readonly walPerUnchangedRow: number;
  readonly changedRate: number;
}

/**
 * Measures (a) the loader against `psql \copy` of the same rows into a table with the same primary key, and (e) a re-load of
 * unchanged rows. Repetitions of both alternate, so that a machine that slows down slows both.
 */
export async function benchLoader(database: BenchDatabase, rows = 200_000, repetitions = 5): Promise<LoaderFigures> {
  const psql = findPsql();
  if (psql === undefined) throw new Error('psql is not on this machine: the comparison of the loader needs it');
  const folder = mkdtempSync(join(tmpdir(), 'lobbie-bench-copy-'));
  const remove = onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'appointments.copy');
  const pages = pagesOf(rows);
  const changed = pagesOf(rows, 1);
  const copyTimes: number[] = [];
  const loadTimes: number[] = [];
  const unchangedTimes: number[] = [];
  const changedTimes: number[] = [];
  const wal: number[] = [];
  try {
    await writeCopyFile(file, pages);
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      await database.pool.query('DROP TABLE IF EXISTS bench_copy');
      await database.pool.query(
        'CREATE TABLE bench_copy (LIKE lobbie.appointments INCLUDING DEFAULTS INCLUDING INDEXES)',
      );
      await database.pool.query('TRUNCATE lobbie.appointments');
      await database.pool.query('CHECKPOINT');
      const columns = copyColumns(table)
        .map((name) => `"${name}"`)
        .join(', ');
      copyTimes.push(
        await timed(async () =>
          execFileSync(psql, [database.url, '-qc', `\\copy bench_copy (${columns}) FROM '${file}'`], {
            env: { ...process.env, PGOPTIONS: '-c timezone=UTC' },
          }),
        ),
      );
      await database.pool.query('CHECKPOINT');
      loadTimes.push(await timed(() => load(database, pages)));
      await database.pool.query('VACUUM ANALYZE lobbie.appointments');
      await database.pool.query('CHECKPOINT');
      const before = await walBytes(database.pool);
      unchangedTimes.push(await timed(() => load(database, pages)));
      wal.push((await walBytes(database.pool)) - before);
      changedTimes.push(await timed(() => load(database, changed)));
    }
  } finally {
    await remove();
  }
  const shares = copyTimes.map((time, index) => time / (loadTimes[index] ?? Number.NaN));
  const copyRate = perSecond(rows, median(copyTimes));
  const loadRate = perSecond(rows, median(loadTimes));
  const unchangedRate = perSecond(rows, median(unchangedTimes));
  return {
    rows,
    copyRate,
    copyNoise: noise(copyTimes),
    loadRate,
    loadNoise: noise(loadTimes),
    share: median(shares),
    shareNoise: noise(shares),
    unchangedRate,
    unchangedTimes: median(loadTimes.map((time, index) => time / (unchangedTimes[index] ?? Number.NaN))),
    // The median, because autovacuum may run in between and write WAL too.
    walPerUnchangedRow: median(wal) / rows,
    unchangedNoise: noise(unchangedTimes),
    changedRate: perSecond(rows, median(changedTimes)),
  };
}
