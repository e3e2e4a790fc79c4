import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/cli/main.ts';
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

/** Runs a command to its end, in a process of its own. */
export async function runCommand(place: Place, args: readonly string[]): Promise<Finished> {
  const started = startCommand(place, args);
  const code = await started.ended;
  return { code, out: started.out(), err: started.err(), json: () => JSON.parse(started.out()) };
}

/** Collects what is written to it, in the place of a standard stream. */
class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

/**
 * Runs a command within this process, which takes a tenth of the time of starting one. For tests of what a command does and says;
 * what concerns signals, standard input or the end of the process needs {@link startCommand}.
 */
export async function callCommand(
  args: readonly string[],
  { env, cwd }: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string },
): Promise<Finished> {
  const [stdout, stderr] = [new Sink(), new Sink()];
  const io = { stdout: stdout as never, stderr: stderr as never, env, cwd };
  const code = await main(args, io);
  return { code, out: stdout.text, err: stderr.text, json: () => JSON.parse(stdout.text) };
}
