import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StatsReport } from '../simulator/index.ts';
import { onEnd } from './ending.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** The first line that a process prints; fails if the process ends before. */
export async function firstLine(child: ChildProcess, name: string): Promise<string> {
  let text = '';
  child.stdout?.setEncoding('utf8');
  return await new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`${name} ended with ${code} before it answered`)));
  });
}

/** A simulator in a process of its own. */
export interface SimulatorProcess {
  readonly url: string;
  readonly tokenUrl: string;
  readonly pid: number;
  stats(): Promise<StatsReport>;
  /** Moves the simulated world forward. */
  evolve(days: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startSimulatorProcess(options: Readonly<Record<string, number>>): Promise<SimulatorProcess> {
  const args = Object.entries({ port: 0, ...options }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [pathOf('../simulator/main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = onEnd(() => kill(child, 'SIGKILL'));
  const started = JSON.parse(await firstLine(child, 'the simulator')) as Record<
    'url' | 'tokenUrl' | 'adminUrl',
    string
  >;
  return {
    url: started.url,
    tokenUrl: started.tokenUrl,
    pid: child.pid ?? 0,
    evolve: async (days) => {
      const answer = await fetch(`${started.adminUrl}/evolve`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ days }),
      });
      if (!answer.ok) throw new Error(`the simulator did not evolve: ${answer.status}`);
    },
    stats: async () => (await (await fetch(`${started.adminUrl}/stats`)).json()) as StatsReport,
    stop,
  };
}

/** The cost and the result of a run in its own process. */
export interface RunFigures {
  readonly status: string;
  /** Seconds of the run alone, without the start of the process. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakKilobytes: number;
  readonly requests: number;
  readonly received: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

export interface RunPlace {
  readonly simulator: SimulatorProcess;
  readonly databaseUrl: string;
  /** Default 10,000 a second, which no run on one machine reaches. */
  readonly requestsPerSecond?: number;
  /** Default: all. `push` alone delivers the outbox instead. */
  readonly resources?: readonly string[];
}

/** A backfill in a process of its own. */
export interface BackfillProcess {
  readonly pid: number;
  /** Resolves at its end. */
  readonly figures: Promise<RunFigures>;
  stop(): Promise<void>;
}

export function startBackfill(place: RunPlace): BackfillProcess {
  const child = spawn(process.execPath, [pathOf('./child.ts'), ...(place.resources ?? [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // No other variable is passed on, because a setting would change what is measured.
    env: {
      PATH: process.env['PATH'],
      LOBBIE_API_URL: place.simulator.url,
      LOBBIE_TOKEN_URL: place.simulator.tokenUrl,
      LOBBIE_CLIENT_ID: 'demo-client',
      LOBBIE_CLIENT_SECRET: 'demo-secret',
      LOBBIE_ACCOUNT_IDS: '1001,1002',
      LOBBIE_REQUESTS_PER_SECOND: String(place.requestsPerSecond ?? 10_000),
      LOBBIE_CONCURRENCY: '8',
      DATABASE_URL: place.databaseUrl,
      LOG_LEVEL: 'error',
      LOG_FORMAT: 'json',
    },
  });
  const stop = onEnd(() => kill(child, 'SIGKILL'));
  const figures = (async () => {
    const line = await firstLine(child, 'the backfill');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await stop();
    return JSON.parse(line) as RunFigures;
  })();
  // A caller that stops the run early does not wait for its figures.
  figures.catch(() => undefined);
  return { pid: child.pid ?? 0, figures, stop };
}

/** A backfill from start to end. @throws Error when it did not succeed */
export async function backfill(place: RunPlace): Promise<RunFigures> {
  const figures = await startBackfill(place).figures;
  if (figures.status !== 'succeeded') throw new Error(`the backfill ended as ${figures.status}`);
  return figures;
}

/** A delivery of the outbox from start to end. @throws Error when it did not succeed */
export async function deliver(place: RunPlace): Promise<RunFigures> {
  return await backfill({ ...place, resources: ['push'] });
}

/** Seconds of processor time of a process and all its children, ended ones too; NaN where /proc is missing. */
export function cpuSeconds(pid: number): number {
  const TICKS = 100;
  try {
    let ticks = 0;
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const fields = statFields(entry);
      if (fields === undefined) continue;
      const [parent, ...rest] = fields;
      const own = Number(entry) === pid;
      if (own || parent === pid) ticks += rest.slice(0, own ? 4 : 2).reduce((sum, value) => sum + value, 0);
    }
    return ticks / TICKS;
  } catch {
    return Number.NaN;
  }
}

/** Parent, then user, system, children's user and children's system time, in ticks. */
function statFields(pid: string): number[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name is in brackets and may hold any characters.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return [fields[1] ?? 0, ...fields.slice(11, 15)];
  } catch {
    return undefined;
  }
}
