import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { environment, type Place } from './harness.ts';

const BIN = fileURLToPath(new URL('../../bin/lobbie-sync.js', import.meta.url));

export interface Started {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** The exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Starts the command line as a person does, in a process of its own. */
export function startCommand(place: Place, args: readonly string[]): Started {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'] ?? '', ...environment(place) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, out: () => text.stdout, err: () => text.stderr, ended };
}

/** Waits until something is so. Fails when the process ends before, with what it wrote last. */
export async function untilSo(
  started: Pick<Started, 'child' | 'err'>,
  so: () => boolean | Promise<boolean>,
): Promise<void> {
  const { child } = started;
  while (!(await so())) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the process ended before it came about: ${started.err().slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** The document of --json. */
  // biome-ignore lint/suspicious/noExplicitAny: what a command prints is checked by each test
  json(): any;
}

/** Runs a command to its end. */
export async function runCommand(place: Place, args: readonly string[]): Promise<Finished> {
  const started = startCommand(place, args);
  const code = await started.ended;
  return { code, out: started.out(), err: started.err(), json: () => JSON.parse(started.out()) };
}
