import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { count, environment, type Place, query } from './harness.ts';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildRun {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts a backfill in a process of its own. */
export function spawnBackfill(place: Place, resources: readonly string[] = []): ChildRun {
  return spawnRun(place, 'harness-child.ts', resources);
}

/** Starts a delivery of the outbox in a process of its own. */
export function spawnPush(place: Place): ChildRun {
  return spawnRun(place, 'push-child.ts', []);
}

function spawnRun(place: Place, file: string, args: readonly string[]): ChildRun {
  const child = spawn(process.execPath, [fileOf(`./${file}`), ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...environment(place) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...out })));
  return { child, ended };
}

/** Waits until something is so, or until the process has ended. Answers whether it is so. */
export async function until(process: ChildRun, so: () => boolean | Promise<boolean>): Promise<boolean> {
  for (;;) {
    if (await so()) return true;
    if (process.child.exitCode !== null || process.child.signalCode !== null) return false;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Connections that are held by a trigger of the test, with pg_sleep. */
const HELD = `FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;

/** Waits until a trigger holds the process, or until it has ended. Answers whether it is held. */
export async function untilHeld(process: ChildRun, url: string): Promise<boolean> {
  return await until(process, async () => (await count(url, `SELECT count(*) ${HELD}`)) > 0);
}

/** Kills the process, and its connections that a trigger holds. */
export async function kill(process: ChildRun, url: string): Promise<void> {
  process.child.kill('SIGKILL');
  await process.ended;
  await query(url, `SELECT pg_terminate_backend(pid) ${HELD}`);
}
