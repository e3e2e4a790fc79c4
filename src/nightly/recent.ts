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

/** Codes of errors when the API refuses or ignores a filter or an order. */
const REFUSED: ReadonlySet<string> = new Set(['api.bad_request', 'api.unprocessable', 'contract.filter_ignored']);

/** The most patients whose lists are read for rows that left a status. The full re-read finds the others. */
const MOST_LEFT = 500;

/** The most pages that are read newest first. If a list got more new rows, the window and the full re-read find them. */
const NEWEST_PAGES = 50;

/**
 * Reads the parts of a long list that can have changed: the newest rows until all are known, the window around today, every row in a
 * status that it can leave, and the rows that left such a status since they were read.
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
  /** Filters and orders that were refused twice. */
  readonly #refused = new Set<string>();

  constructor(context: RunContext, unit: Unit, sweepId: string) {
    this.#context = context;
    this.#unit = unit;
    this.#sweepId = sweepId;
  }

  async read(strategy: Recent): Promise<boolean> {
    const from = new Date(this.#context.passStartedAt.getTime() - strategy.days * DAY_MS);
    const window = { from: from.toISOString().replace(/\.\d{3}Z$/, 'Z'), to: null };
    if (strategy.newestFirst && !(await this.#optional('order', () => this.#newest()))) return false;
    if (!(await this.#optional('window', () => this.#stream('window', { window, next: null, pages: 0 }, {}))))
      return false;
    // Which rows left a status is known only after its rows were read to the end.
    const walked: string[] = [];
    for (const status of strategy.openStatuses) {
      const walk = async () => {
        const ended = await this.#stream(`status:${status}`, { next: null, pages: 0 }, { status });
        if (ended) walked.push(status);
        return ended;
      };
      if (!(await this.#optional('status', walk))) return false;
    }
    return await this.#optional('patient', () => this.#leftOpen(strategy, walked));
  }

  /**
   * Reads a part by a filter or order that the contract only assumes. If the API refuses it twice, the rotation finds the changes: one
   * refusal may be an accident, after which a run that succeeded would lack changes of the day. Known refusals are not asked about again.
   */
  async #optional(filter: string, part: () => Promise<boolean>): Promise<boolean> {
    for (let first = !this.#refused.has(filter); ; first = false) {
      try {
        return await part();
      } catch (error) {
        if (!(error instanceof LobbieSyncError) || !REFUSED.has(error.code)) throw error;
        if (first) continue;
        this.#refused.add(filter);
        const { logger } = this.#context;
        logger.warn({ code: error.code, unit: unitName(this.#unit) }, 'the API refuses a filter of the nightly sync');
        return true;
      }
    }
  }

  /** Reads a part of the list, and continues where an interrupted run stopped. */
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

  /** Reads newest first, one page after the other, until a page has nothing new. */
  async #newest(): Promise<boolean> {
    const query = { sortBy: 'CREATED_DATE', sortDir: 'DESC' };
    const chunks = listChunks(this.#context, this.#unit, { next: null, pages: 0 }, query);
    for await (const chunk of chunks) {
      const { inserted } = await commitBatch(this.#context, {
        ...chunk,
        unit: this.#unit,
        sweepId: this.#sweepId,
        scope: null,
        parents: [],
      });
      this.#context.semaphore.release(chunk.slots);
      const { pages } = chunk.cursor as ListCursor;
      if (chunk.done || inserted === 0 || pages >= NEWEST_PAGES) return true;
    }
    return false;
  }

  /**
   * Reads the rows that left a status: they are open in the warehouse, and the list of open rows no longer has them. They are read through
   * the list of their patient, which gives them in the same form as the list.
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
