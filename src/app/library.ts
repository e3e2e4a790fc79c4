import { Readable } from 'node:stream';
import { StopError } from '../core/errors.ts';
import { everything, type Selection } from '../core/selection.ts';
import { StopSignal } from '../core/stop.ts';
import type { WritableResource, WriteOperation } from '../core/writable.ts';
import { type App, openApp } from './app.ts';
import type {
  AddReport,
  ApplyReport,
  NightlyPlan,
  OutboxEntry,
  OutboxSummary,
  Progress,
  RepairReport,
  RunDetails,
  RunReport,
  StatusReport,
} from './types.ts';

export interface CreateAppOptions {
  /** Settings by their names in the environment, e.g. `DATABASE_URL`: that environment itself, or an object of yours. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /** Folder of `.env`. Default: the working directory, where the embedded Postgres lies too when DATABASE_URL is not set. */
  readonly folder?: string;
  /** Where the log goes. Default: standard error. */
  readonly logStream?: NodeJS.WritableStream;
}

/** What every run can be told. */
export interface ReadOptions {
  /** Which accounts, locations and resources. What is left out or empty means all. */
  readonly selection?: Partial<Selection>;
  /** Requests that may be sent. Default: no limit; for `sync` LOBBIE_NIGHTLY_MAX_REQUESTS. */
  readonly maxRequests?: number;
  /** Ends the run in an orderly way: it stores what it has read, and the next run continues it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ReadProgress) => void;
}

/** How far one list is. */
export interface ReadProgress {
  readonly resource: string;
  /** Null for lists that belong to no account. */
  readonly accountId: string | null;
  readonly locationId: string | null;
  readonly state: 'started' | 'reading' | 'done' | 'failed' | 'stopped' | 'skipped';
  /** Records received since the last event of this list. */
  readonly rows: number;
  /** Requests of the run so far. */
  readonly requests: number;
}

/** A change for the outbox. */
export interface QueuedChange {
  readonly resource: WritableResource;
  readonly operation: WriteOperation;
  readonly accountId: string;
  /** Appointments need it. */
  readonly locationId?: string;
  /** The record that is updated or deleted. */
  readonly targetId?: string;
  /** Your own reference; a second change with the same one is refused. */
  readonly externalRef?: string;
  readonly allowNulls?: boolean;
  readonly requestedBy?: string;
  /** By the field names of the API. */
  readonly changes?: Readonly<Record<string, unknown>>;
}

/** The mirror of the Lobbie accounts that the settings name, and the way back. */
export interface LobbieSync {
  /** Brings the database to the current schema. */
  migrate(): Promise<{ readonly applied: readonly string[]; readonly total: number }>;
  /** Reads everything, or goes on where an interrupted backfill stopped unless `restart` is set. */
  backfill(options?: ReadOptions & { readonly restart?: boolean }): Promise<RunReport>;
  /** What the nightly job runs. */
  sync(options?: ReadOptions): Promise<RunReport>;
  /** What a nightly sync would take; no request is sent. */
  plan(options?: Pick<ReadOptions, 'selection' | 'maxRequests'>): Promise<NightlyPlan>;
  /** Counts again, and reads a sample by id; with `repair` it reads again what differs. */
  verify(
    options?: Omit<ReadOptions, 'maxRequests'> & { readonly sample?: number; readonly repair?: boolean },
  ): Promise<RepairReport>;
  /** Freshness of each list, the last runs, what waits for a person. Fails while the database lacks migrations. */
  status(options?: { readonly lastRuns?: number }): Promise<StatusReport>;
  /** A run with its counts by resource and its problems; undefined when there is no such run. */
  run(runId: string): Promise<RunDetails | undefined>;
  /** Puts changes into the outbox, all or none; the report names each fault, never a value. */
  queue(changes: Iterable<QueuedChange>): Promise<AddReport>;
  /** Delivers what waits in the outbox. */
  deliver(options?: Omit<ReadOptions, 'onProgress'> & { readonly ids?: readonly string[] }): Promise<ApplyReport>;
  /** Counts of the outbox, and what a person should look at. */
  outboxSummary(): Promise<OutboxSummary>;
  /** Rows of the outbox, oldest first, without their values. */
  outbox(options?: { readonly ids?: readonly string[]; readonly limit?: number }): Promise<readonly OutboxEntry[]>;
  /** Closes all connections. An embedded Postgres that this object started is stopped. */
  close(): Promise<void>;
}

/**
 * Opens the mirror with the settings that the command line knows.
 *
 * @example
 * const app = createApp({ settings: { ...settings, DATABASE_URL: url } });
 * try {
 *   await app.migrate();
 *   const { status } = await app.backfill();
 * } finally {
 *   await app.close();
 * }
 * @throws ConfigError that lists every setting that is wrong
 */
export function createApp({ settings, folder = '.', logStream }: CreateAppOptions): LobbieSync {
  const log = logStream === undefined ? {} : { logStream };
  return new Library(openApp({ env: settings, cwd: folder, terminal: false, ...log }));
}

class Library implements LobbieSync {
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  async migrate() {
    return await this.#app.migrate();
  }

  async backfill(options: ReadOptions & { readonly restart?: boolean } = {}) {
    const { restart } = options;
    return await stoppedBy(options.signal, (stop) =>
      this.#app.run({ kind: 'backfill', restart, stop, ...asked(options) }),
    );
  }

  async sync(options: ReadOptions = {}) {
    const { nightlyMaxRequests: maxRequests } = this.#app.config.sync;
    return await stoppedBy(options.signal, (stop) =>
      this.#app.run({ kind: 'sync', stop, maxRequests, ...asked(options) }),
    );
  }

  async plan({ selection, maxRequests }: Pick<ReadOptions, 'selection' | 'maxRequests'> = {}) {
    return await this.#app.plan({ ...everything, ...selection }, maxRequests ?? null);
  }

  async verify(
    options: Omit<ReadOptions, 'maxRequests'> & { readonly sample?: number; readonly repair?: boolean } = {},
  ) {
    const { sample = 20, repair = false, signal } = options;
    return await stoppedBy(signal, (stop) => this.#app.verify({ sample, repair, stop, ...asked(options) }));
  }

  async status({ lastRuns = 5 }: { readonly lastRuns?: number } = {}) {
    await this.#app.requireSchema();
    return (await this.#app.status(lastRuns)) as StatusReport;
  }

  async run(runId: string) {
    return await this.#app.runDetails(runId);
  }

  async queue(changes: Iterable<QueuedChange>) {
    return await this.#app.push.add({ source: Readable.from(lines(changes)), format: 'ndjson' });
  }

  async deliver(options: Omit<ReadOptions, 'onProgress'> & { readonly ids?: readonly string[] } = {}) {
    const { ids, signal } = options;
    return await stoppedBy(signal, (stop) => this.#app.push.apply({ ids, stop, ...asked(options) }));
  }

  async outboxSummary() {
    return await this.#app.push.summary();
  }

  async outbox({ ids, limit = 100 }: { readonly ids?: readonly string[]; readonly limit?: number } = {}) {
    return await this.#app.push.list({ ids, limit });
  }

  async close() {
    await this.#app.close();
  }
}

/** The options of a run as the App takes them. */
function asked({ selection, maxRequests, onProgress }: ReadOptions) {
  return {
    selection: { ...everything, ...selection },
    ...(maxRequests === undefined ? {} : { maxRequests }),
    ...(onProgress === undefined ? {} : { onProgress: (progress: Progress) => onProgress(plain(progress)) }),
  };
}

function plain({ unit, state, rows, requests }: Progress): ReadProgress {
  const { accountId, locationId, resource } = unit;
  return {
    ...{ resource: resource.name, state, rows, requests },
    accountId: accountId === '0' ? null : accountId,
    locationId: locationId ?? null,
  };
}

/** Does work that the caller's signal asks to stop in order. */
async function stoppedBy<T>(signal: AbortSignal | undefined, work: (stop: StopSignal) => Promise<T>): Promise<T> {
  const stop = new StopSignal();
  const onAbort = () => stop.request(new StopError('stop.signal', 'stopped by the caller'));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    return await work(stop);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stop.dispose();
  }
}

function* lines(changes: Iterable<QueuedChange>): Generator<Buffer> {
  for (const change of changes) yield Buffer.from(`${JSON.stringify(change)}\n`);
}
