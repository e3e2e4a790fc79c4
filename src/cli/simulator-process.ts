import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EXIT, LobbieSyncError } from '../core/errors.ts';

/** In the package all built code lies in one folder. */
const PROGRAM = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('../../simulator/main.ts', import.meta.url)
    : new URL('./simulator-main.js', import.meta.url),
);

/** What the simulator says of itself once it listens. */
export interface SimulatorAddress {
  /** Base of the API; paths follow as /partner/v2/... */
  readonly url: string;
  readonly tokenUrl: string;
  readonly adminUrl: string;
  readonly pid: number;
}

export interface SimulatorProcess extends SimulatorAddress {
  readonly child: ChildProcess;
}

/** A simulator builds its world before it listens; that takes longer with more patients. */
const PATIENCE_MS = 120_000;

/**
 * Starts the simulator and waits until it listens.
 *
 * @param detached it outlives this process and hears no Ctrl+C; its errors go to the file descriptor `errors`
 * @throws LobbieSyncError when it ends before it listens; its own words stand on `errors` then
 */
export async function startSimulatorProcess(
  args: readonly string[],
  options: { readonly detached: boolean; readonly errors: 'inherit' | number },
): Promise<SimulatorProcess> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', options.errors],
    detached: options.detached,
    windowsHide: true,
  });
  try {
    const address = await firstLine(child);
    return { ...address, child };
  } catch (error) {
    child.kill();
    throw error;
  }
}

/** The settings that point lobbie-sync at a simulator. */
export function simulatorSettings(address: SimulatorAddress, accounts: readonly string[]): Record<string, string> {
  return {
    LOBBIE_API_URL: address.url,
    LOBBIE_TOKEN_URL: address.tokenUrl,
    LOBBIE_CLIENT_ID: 'demo-client',
    LOBBIE_CLIENT_SECRET: 'demo-secret',
    LOBBIE_ACCOUNT_IDS: accounts.join(','),
  };
}

async function firstLine(child: ChildProcess): Promise<SimulatorAddress> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(failure('it does not listen after two minutes')), PATIENCE_MS);
  child.once('error', () => reject(failure('it could not be started')));
  child.once('exit', (code) =>
    reject(failure(`it ended with code ${code}`, code === EXIT.usage ? EXIT.usage : undefined)),
  );
  if (child.stdout === null) throw failure('it has no output');
  createInterface({ input: child.stdout }).once('line', resolve);
  try {
    return JSON.parse(await promise) as SimulatorAddress;
  } finally {
    clearTimeout(timer);
  }
}

function failure(reason: string, exitCode?: typeof EXIT.usage): LobbieSyncError {
  return new LobbieSyncError(`the simulator is not running: ${reason}`, {
    code: 'simulator.start',
    action: 'abort',
    hint: 'Its own words stand above; a port that is taken and a faults file that is not JSON are the usual reasons.',
    ...(exitCode === undefined ? {} : { exitCode }),
  });
}
