import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_FOLDER, startEmbeddedPostgres } from '../../app/embedded.ts';
import type { EmbeddedPostgres } from '../../app/types.ts';
import { type SimulatorAddress, type SimulatorProcess, startSimulatorProcess } from '../simulator-process.ts';

/** Where the demo keeps its database and what it started. */
export class DemoPlace {
  readonly folder: string;
  readonly #simulatorFile: string;

  constructor(cwd: string) {
    this.folder = join(cwd, LOCAL_FOLDER, 'demo');
    this.#simulatorFile = join(this.folder, 'simulator.json');
  }

  get dataDir(): string {
    return join(this.folder, 'postgres');
  }

  async startPostgres(log: (message: string) => void): Promise<EmbeddedPostgres> {
    await mkdir(this.folder, { recursive: true });
    return await startEmbeddedPostgres({ dataDir: this.dataDir, log });
  }

  /** Ends what an earlier demo left running, if anything. */
  async stopLeftPostgres(): Promise<boolean> {
    if (!existsSync(`${this.dataDir}.password`)) return false;
    // Starting is how a running server is found.
    const postgres = await startEmbeddedPostgres({ dataDir: this.dataDir });
    await postgres.stop();
    return postgres.alreadyRunning;
  }

  /** Starts a simulator that outlives this process until it is stopped. */
  async startSimulator(args: readonly string[]): Promise<SimulatorProcess> {
    await mkdir(this.folder, { recursive: true });
    const errors = await open(join(this.folder, 'simulator.log'), 'w');
    try {
      const simulator = await startSimulatorProcess(args, { detached: true, errors: errors.fd });
      const { url, tokenUrl, adminUrl, pid } = simulator;
      await writeFile(this.#simulatorFile, JSON.stringify({ url, tokenUrl, adminUrl, pid }));
      return simulator;
    } finally {
      await errors.close();
    }
  }

  /** Ends the simulator of an earlier demo. Only one that still answers where it was is ended: ids are used again. */
  async stopLeftSimulator(): Promise<boolean> {
    let left: SimulatorAddress;
    try {
      left = JSON.parse(await readFile(this.#simulatorFile, 'utf8')) as SimulatorAddress;
    } catch {
      return false;
    }
    await rm(this.#simulatorFile, { force: true });
    try {
      const answer = await fetch(`${left.adminUrl}/health`, { signal: AbortSignal.timeout(3000) });
      if (!answer.ok) return false;
      process.kill(left.pid, 'SIGTERM');
      return true;
    } catch {
      return false;
    }
  }

  async stopSimulator(simulator: SimulatorProcess): Promise<void> {
    const { child } = simulator;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    await rm(this.#simulatorFile, { force: true });
  }

  /** Lets it live on when this process ends. */
  release(simulator: SimulatorProcess): void {
    simulator.child.stdout?.destroy();
    simulator.child.unref();
  }
}
