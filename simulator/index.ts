import type { AddressInfo } from 'node:net';
import { type Document, operationsOf, readContract } from './contract.ts';
import { evolve } from './evolve.ts';
import { FaultEngine, type FaultRule, parseFaults } from './faults.ts';
import { API_BASE } from './http/api.ts';
import { makeServer } from './http/server.ts';
import { TokenBucket } from './limiter.ts';
import { serveDeclared } from './operations/declared.ts';
import { completeOptions, type SimulatorOptions } from './options.ts';
import type { RowsSpec } from './rows/define.ts';
import { loadTables } from './rows/load-tables.ts';
import { Stats, type StatsReport } from './stats.ts';
import { Tokens } from './tokens.ts';
import { type JournalEntry, makeWorld, type World } from './world.ts';

export { FAULT_KINDS, type FaultKind, type FaultRule, parseFaults } from './faults.ts';
export type { AppointmentBody, SimulatorOptions } from './options.ts';
export type { StatsReport } from './stats.ts';
export type { JournalEntry, World } from './world.ts';

/** A running simulator. */
export interface Simulator {
  /** Base of the API; paths follow as /partner/v2/... */
  url: string;
  tokenUrl: string;
  /** Base of the control API. */
  adminUrl: string;
  port: number;
  world: World;
  /** Moves the world on by days (default 1) and reports what changed. */
  evolve(days?: number): JournalEntry[];
  /** Replaces the fault rules. */
  setFaults(rules: readonly FaultRule[]): void;
  stats(): StatsReport;
  resetStats(): void;
  stop(): Promise<void>;
}

/** What a simulator is made of, for tests of lists that the contract does not have. */
export interface SimulatorParts {
  contract?: Document;
  tables?: readonly RowsSpec[];
}

/**
 * Starts the Lobbie API as a local server.
 * @throws Error when an option makes no sense or the port is taken.
 */
export async function startSimulator(options: SimulatorOptions = {}, parts: SimulatorParts = {}): Promise<Simulator> {
  const settings = completeOptions(options);
  const wallClock = (): number => Date.now();
  const document = parts.contract ?? readContract();
  const { reads, tables } = serveDeclared(operationsOf(document), parts.tables ?? (await loadTables()));
  const world = makeWorld(settings, tables);
  const faults = new FaultEngine(settings.seed, settings.faults);
  const stats = new Stats();
  const limiter = settings.rateLimit === undefined ? undefined : new TokenBucket(settings.rateLimit, wallClock);
  const tokens = new Tokens(settings.tokenTtlSeconds, wallClock);
  const app = makeServer({ world, document, reads, tokens, limiter, faults, stats });
  await app.listen({ port: settings.port, host: settings.host });
  const { port } = app.server.address() as AddressInfo;
  const base = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${String(port)}`;
  return {
    url: base + API_BASE,
    tokenUrl: `${base}/oauth/token`,
    adminUrl: `${base}/_sim`,
    port,
    world,
    evolve: (days = 1) => evolve(world, days),
    setFaults: (rules) => faults.set(parseFaults([...rules])),
    stats: () => stats.report(),
    resetStats: () => stats.reset(),
    stop: () => app.close(),
  };
}
