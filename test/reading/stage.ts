import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type OddApi, type OddApiOptions, type OddSpec, startOddApi } from '../odd-api/start.ts';
import { MovableClock } from '../support/clock.ts';
import { dropDatabase, type TestDatabase, useTestDatabase } from '../support/database.ts';
import { DAY_MS, Syncer, type SyncerOptions } from '../support/night.ts';
import { copyDatabase } from '../support/night-database.ts';

/** What the tests of one file work on; see {@link useStage}. */
export class Stage {
  api!: OddApi;
  /** A copy of the filled warehouse, new for each test. */
  database!: TestDatabase;
  /** Works on the copy, a day or more after the backfill. */
  syncer!: Syncer;
  /** The warehouse as the backfill left it; it stays as it is. */
  readonly filled: Readonly<{ url: string }>;
  readonly #options: Partial<SyncerOptions>;

  constructor(filled: Readonly<{ url: string }>, options: Partial<SyncerOptions>) {
    this.filled = filled;
    this.#options = options;
  }

  /** Opens a database as of an instant. */
  open(url: string, now: number, more: Partial<SyncerOptions> = {}): Syncer {
    return new Syncer({
      api: this.api,
      databaseUrl: url,
      accounts: this.api.accountIds.map(String),
      clock: new MovableClock({ now, speed: 50 }),
      ...this.#options,
      ...more,
    });
  }

  /** Makes answers odd until the end of the test. */
  odd(spec: object): void {
    this.api.odd.add(spec as OddSpec);
  }
}

/** An API of another make, a warehouse that a backfill has filled from it, and a copy of that for each test of a file. */
export function useStage(
  world: OddApiOptions,
  options: {
    /** For every syncer. */
    readonly syncer?: Partial<SyncerOptions>;
    /** What follows the backfill, before copies are made. */
    readonly fill?: (syncer: Syncer) => Promise<void>;
    /** Days between the backfill and each test. Default 1. */
    readonly daysLater?: number;
  } = {},
): Stage {
  const filled = useTestDatabase();
  const stage = new Stage(filled, options.syncer ?? {});
  beforeAll(async () => {
    stage.api = await startOddApi(world);
    const first = stage.open(filled.url, Date.now());
    expect(await first.run('backfill')).toMatchObject({ status: 'succeeded' });
    await options.fill?.(first);
    await first.close();
  });
  afterAll(async () => {
    await stage.api.close();
    expect(stage.api.faults).toEqual([]);
  });
  beforeEach(async () => {
    stage.database = await copyDatabase(filled);
    stage.syncer = stage.open(stage.database.url, Date.now() + (options.daysLater ?? 1) * DAY_MS);
  });
  afterEach(async () => {
    stage.api.odd.clear();
    await stage.syncer.close();
    await dropDatabase(stage.database);
  });
  return stage;
}
