import { spawn } from 'node:child_process';
import { parse } from 'node:path';
import type { Account } from './account.ts';
import { codeOf } from './system-error.ts';

export interface Finished {
  /** The exit code; undefined when the program could not be started or was ended by a signal. */
  readonly exitCode: number | undefined;
  /** Why it could not be started, e.g. `EACCES`. */
  readonly startError: string | undefined;
  readonly pid: number | undefined;
  readonly output: string;
}

/** The environment without PGDATA, PGPORT, PGOPTIONS and the like, which belong to another server. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toUpperCase().startsWith('PG')));
}

/** The options of every Postgres program. It runs in the root directory, because the account may not see the current one. */
export function spawnOptions(program: string, account: Account | undefined) {
  return { cwd: parse(program).root, env: cleanEnvironment(), windowsHide: true, ...account };
}

/** Runs a program to its end and collects what it prints. Never rejects. */
export function run(program: string, args: readonly string[], account: Account | undefined): Promise<Finished> {
  return new Promise((resolve) => {
    let output = '';
    const failed = (error: unknown) =>
      resolve({ exitCode: undefined, startError: codeOf(error) ?? 'unknown', pid: undefined, output });
    try {
      const child = spawn(program, args, { ...spawnOptions(program, account), stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8');
        stream.on('data', (text: string) => {
          output += text;
        });
      }
      child.once('error', failed);
      child.once('close', (code) =>
        resolve({ exitCode: code ?? undefined, startError: undefined, pid: child.pid, output }),
      );
    } catch (error) {
      failed(error);
    }
  });
}
