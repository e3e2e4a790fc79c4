import { LobbieSyncError } from '../core/errors.ts';
import { isOpen, type Strategy } from '../extractors/strategy.ts';
import { closeSweep, loadCursors, openSweep } from '../state/passes.ts';
import { sweepKeysSql } from '../state/sweep-keys.ts';
import { commitBatch } from '../streams/commit.ts';
import { type RunContext, type Unit, unitName, unitScope } from '../streams/context.ts';
import { type ListCursor, listChunks } from '../streams/list-stream.ts';
import { pump } from '../streams/stream.ts';
import { outcomeOf, type UnitOutcome } from '../streams/unit-outcome.ts';

type Recent = Extract<Strategy, { kind: 'recent' }>;

const DAY_MS = 86_400_000;

/** Codes that say that the API does not do what a filter or an order asks. */
const REFUSED: ReadonlySet<string> = new Set(['api.bad_request', 'contract.filter_ignored']);

/** Patients whose lists are read at most for rows that left a status; more than that is left to the full re-read. */
const MOST_LEFT = 500;

/** Pages read newest first at most: a list that many new rows came to is left to its window. */
const NEWEST_PAGES = 50;

/**
 * Reads what can have changed in a list that is too long to be read whole every night: the window around today, the newest
 * rows until all are known, every row in a status that it can leave, and the rows that left one since they were read.
 *
 * It proves nothing about the rest of the list, and never deletes.
 */
export async function runRecent(context: RunContext, unit: Unit, strategy: Recent): Promise<UnitOutcome> {
  const sweep = await openSweep(
    context.db,
    context.passId,
    {
      accountId: unit.accountId,
      locationId: unit.locationId,
      resource: unit.resource.name,
      operation: `${unit.read.operation}#recent`,
    },
    { complete: true, streams: `${unitScope(unit)}#`, now: context.clock.now(), whole: false },
  );
  if (sweep.status === 'certified') return { state: 'skipped' };
  try {
    const reader = new RecentReader(context, unit, sweep.id);
    const ended = await reader.read(strategy);
    if (!ended) return { state: 'stopped' };
    await closeSweep(context.db, sweep.id, null, context.clock.now());
    return { state: 'certified' };
  } catch (cause) {
    return await outcomeOf(context, unit, cause, (code) => closeSweep(context.db, sweep.id, code, context.clock.now()));
  }
}

class RecentReader {
  readonly #context: RunContext;
  readonly #unit: Unit;
  readonly #sweepId: string;

  constructor(context: RunContext, unit: Unit, sweepId: string) {
    this.#context = context;
    this.#unit = unit;
    this.#sweepId = sweepId;
  }

  async read(strategy: Recent): Promise<boolean> {
    const from = new Date(this.#context.passStartedAt.getTime() - strategy.days * DAY_MS);
    const window = { from: from.toISOString().replace(/\.\d{3}Z$/, 'Z'), to: null };
    if (strategy.newestFirst && !(await this.#optional(() => this.#newest()))) return false;
    if (!(await this.#stream('window', { window, next: null, pages: 0 }, {}))) return false;
    // Only a walk that ended tells which rows are no longer in its status.
    const walked: string[] = [];
    for (const status of strategy.openStatuses) {
      const walk = async () => {
        const ended = await this.#stream(`status:${status}`, { next: null, pages: 0 }, { status });
        if (ended) walked.push(status);
        return ended;
      };
      if (!(await this.#optional(walk))) return false;
    }
    return await this.#optional(() => this.#leftOpen(strategy, walked));
  }

  /** Some filters and orders are assumed by the contract; where the API refuses one, the rotation is what is left. */
  async #optional(part: () => Promise<boolean>): Promise<boolean> {
    try {
      return await part();
    } catch (error) {
      if (!(error instanceof LobbieSyncError) || !REFUSED.has(error.code)) throw error;
      const { logger } = this.#context;
      logger.warn({ code: error.code, unit: unitName(this.#unit) }, 'the API refuses a filter of the nightly look');
      return true;
    }
  }

  /** A part of the list, from where an interrupted run left it. */
  async #stream(label: string, start: ListCursor, query: Readonly<Record<string, string>>): Promise<boolean> {
    const scope = `${unitScope(this.#unit)}#${label}`;
    const key = {
      passId: this.#context.passId,
      accountId: this.#unit.accountId,
      resource: this.#unit.resource.name,
    };
    const [known] = await loadCursors<ListCursor>(this.#context.db, key, scope);
    if (known?.done) return true;
    const chunks = listChunks(this.#context, this.#unit, known?.cursor ?? start, query);
    return await pump(this.#context, { unit: this.#unit, sweepId: this.#sweepId, scope }, chunks);
  }

  /** Newest first, one page after the other, until a page brings nothing new. */
  async #newest(): Promise<boolean> {
    const query = { sortBy: 'CREATED_DATE', sortDir: 'DESC' };
    const chunks = listChunks(this.#context, this.#unit, { next: null, pages: 0 }, query);
    for await (const chunk of chunks) {
      const { written } = await commitBatch(this.#context, {
        ...chunk,
        unit: this.#unit,
        sweepId: this.#sweepId,
        scope: null,
        parents: [],
      });
      this.#context.semaphore.release(chunk.slots);
      const { pages } = chunk.cursor as ListCursor;
      if (chunk.done || written === 0 || pages >= NEWEST_PAGES) return true;
    }
    return false;
  }

  /**
   * Rows that were open when they were read and are not met among the open ones any more have left that status. They are
   * read again through the list of their patient, which gives them in the form of the list.
   */
  async #leftOpen(strategy: Recent, statuses: readonly string[]): Promise<boolean> {
    const { pool, stop } = this.#context;
    if (statuses.length === 0) return true;
    const { rows } = await pool.query<{ patient: string }>(
      `WITH seen AS MATERIALIZED (${sweepKeysSql('$4')})
       SELECT DISTINCT t.patient_id::text AS patient FROM lobbie.${this.#unit.resource.name} t
       WHERE t.account_id = $1 AND t.location_id = $2 AND ${isOpen(strategy, '$3')} AND t._deleted_at IS NULL AND t.patient_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM seen WHERE seen.k = t.id::text) ORDER BY 1 LIMIT ${MOST_LEFT}`,
      [this.#unit.accountId, this.#unit.locationId, statuses, [this.#sweepId]],
    );
    for (const { patient } of rows) {
      if (stop.requested) return false;
      const chunks = listChunks(this.#context, this.#unit, { next: null, pages: 0 }, { patientId: patient });
      if (!(await pump(this.#context, { unit: this.#unit, sweepId: this.#sweepId, scope: null }, chunks))) return false;
    }
    return true;
  }
}
