import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onEnd } from './ending.ts';
import { firstLine, kill } from './processes.ts';
import { startBenchDatabase, timed } from './support.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What one command took. */
export interface CommandFigures {
  readonly name: string;
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly peakMegabytes: number;
}

export interface ScaleReport {
  readonly patients: number;
  readonly checks: number;
  readonly commands: readonly CommandFigures[];
}

/** Lists of one request a patient, each with a check of every patient. */
const PATIENT_LISTS = ['allergies', 'medications', 'problems', 'patient_categories', 'category_transitions'];

/** The peak memory of a process and its children so far, KB; 0 where /proc is missing. */
function peakKilobytes(pid: number): number {
  try {
    const own = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return Math.max(own, ...children.map((child) => peakKilobytes(Number(child))));
  } catch {
    return 0;
  }
}

async function startApi(patients: number): Promise<{ readonly port: string; readonly stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [pathOf('./scale-api.ts'), String(patients)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = onEnd(() => kill(child, 'SIGKILL'));
  return { port: await firstLine(child, 'the API'), stop };
}

/**
 * Measures (h) commands over a warehouse of very many patients: the patients by the product itself from an API that makes them as it
 * is asked, the checks of the lists of single patients by SQL.
 */
export async function benchScale(patients: number, onCommand: (figures: CommandFigures) => void): Promise<ScaleReport> {
  const database = await startBenchDatabase();
  const api = await startApi(patients);
  const folder = mkdtempSync(join(tmpdir(), 'lobbie-scale-'));
  const remove = onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    LOBBIE_API_URL: `http://127.0.0.1:${api.port}`,
    LOBBIE_TOKEN_URL: `http://127.0.0.1:${api.port}/oauth/token`,
    LOBBIE_CLIENT_ID: 'bench',
    LOBBIE_CLIENT_SECRET: 'bench',
    LOBBIE_ACCOUNT_IDS: '1001',
    LOBBIE_REQUESTS_PER_SECOND: '10000',
    DATABASE_URL: database.url,
    LOG_LEVEL: 'error',
  };
  const commands: CommandFigures[] = [];
  const command = async (...args: string[]): Promise<void> => {
    const child = spawn(process.execPath, [pathOf('../bin/lobbie-sync.js'), ...args], {
      cwd: folder,
      env,
      stdio: 'ignore',
    });
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, peakKilobytes(child.pid ?? 0));
    }, 50);
    const seconds = (await timed(() => once(child, 'exit'))) / 1000;
    clearInterval(watch);
    const figures = { name: args.join(' '), exitCode: child.exitCode, seconds, peakMegabytes: peak / 1024 };
    commands.push(figures);
    onCommand(figures);
  };
  /** The status page and the metrics, asked of a daemon. */
  const pages = async (): Promise<void> => {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const child = spawn(process.execPath, [pathOf('../bin/lobbie-sync.js'), 'serve'], {
      cwd: folder,
      env: { ...env, LOBBIE_SYNC_PORT: String(port), LOBBIE_SYNC_CRON: '0 0 1 1 *' },
      stdio: 'ignore',
    });
    const stop = onEnd(() => kill(child, 'SIGKILL'));
    const url = `http://127.0.0.1:${port}`;
    while ((await fetch(`${url}/health`).catch(() => undefined)) === undefined) await setTimeout(50);
    for (const path of ['/', '/metrics']) {
      let status = 0;
      const seconds =
        (await timed(async () => {
          const answer = await fetch(url + path);
          await answer.text();
          status = answer.status;
        })) / 1000;
      const figures = {
        name: `GET ${path}`,
        exitCode: status === 200 ? 0 : status,
        seconds,
        peakMegabytes: peakKilobytes(child.pid ?? 0) / 1024,
      };
      commands.push(figures);
      onCommand(figures);
    }
    await stop();
  };
  try {
    await command('backfill', '--resource', 'patients');
    for (const list of PATIENT_LISTS) {
      await database.pool.query(
        `INSERT INTO lobbie_sync.checks (account_id, resource, parent_id, checked_at)
         SELECT 1001, $1, id, now() - (id % 20) * interval '1 day' FROM lobbie.patients`,
        [list],
      );
    }
    await database.pool.query('VACUUM (ANALYZE)');
    await command('verify', '--resource', 'patients');
    await command('status');
    await command('plan');
    await command('deletes', 'list');
    const gone = `SELECT id FROM lobbie.patients ORDER BY id LIMIT 500`;
    await database.pool.query(
      `WITH gone AS (${gone}), marked AS (UPDATE lobbie.patients p SET _deleted_at = now() FROM gone WHERE p.id = gone.id RETURNING p.id)
       INSERT INTO lobbie_sync.deletes (run_id, account_id, resource, key, status, reason, found_at, decided_at, absent_at)
       SELECT (SELECT max(id) FROM lobbie_sync.runs), 1001, 'patients', id::text, 'applied', 'bench', now(), now(), now() FROM marked`,
    );
    const { rows } = await database.pool.query<{ id: string }>(
      'SELECT id::text AS id FROM lobbie_sync.deletes ORDER BY id LIMIT 1',
    );
    await command('deletes', 'restore', rows[0]?.id ?? '0');
    await pages();
    const { rows: counted } = await database.pool.query<{ checks: string }>(
      'SELECT count(*)::text AS checks FROM lobbie_sync.checks',
    );
    return { patients, checks: Number(counted[0]?.checks), commands };
  } finally {
    await api.stop();
    await database.stop();
    await remove();
  }
}
