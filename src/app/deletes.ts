import { everything } from '../core/selection.ts';
import type { StopSignal } from '../core/stop.ts';
import { type ClosedLocationReport, closedLocationReports } from '../inspect/closed-locations.ts';
import {
  type DeleteEntry,
  type DeleteFilter,
  type DeleteGroup,
  deleteEntries,
  deleteGroups,
} from '../inspect/status.ts';
import { approveDeletes, type DeleteChoice, restoreDeletes } from '../runs/decide-deletes.ts';
import type { Access } from './access.ts';

/** What came of an approval. */
export interface ApproveReport {
  readonly runId: string;
  readonly applied: number;
  readonly kept: number;
  /** Could not be read by id now; they still wait. */
  readonly open: number;
  readonly exitCode: number;
}

/** Rows that a whole reading no longer met. */
export class Deletes {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** By account, location and resource. */
  async groups(filter: DeleteFilter): Promise<readonly DeleteGroup[]> {
    await this.#access.requireSchema();
    return await this.#access.ask((db) => deleteGroups(db, filter));
  }

  async list(filter: DeleteFilter, limit: number): Promise<readonly DeleteEntry[]> {
    await this.#access.requireSchema();
    return await this.#access.ask((db) => deleteEntries(db, filter, limit));
  }

  /** Locations whose lists are not read because they are closed, and what was decided about their rows. */
  async closed(filter: Pick<DeleteFilter, 'accounts' | 'locations'> = {}): Promise<readonly ClosedLocationReport[]> {
    await this.#access.requireSchema();
    return await this.#access.ask((db) => closedLocationReports(db, filter));
  }

  /** Applies held deletes; each is read by id once more first. */
  async approve(choice: DeleteChoice, stop: StopSignal): Promise<ApproveReport> {
    const accounts = choice.accountId === undefined ? [] : [choice.accountId];
    const deps = await this.#access.dependenciesFor({ ...everything, accounts });
    // Kept with the run, so that nobody takes it for a nightly sync.
    const selection = { ...everything, accounts, target: { deletes: 'approve' } };
    return await approveDeletes(deps, { selection, stop }, choice);
  }

  /** Takes tombstones off again and refuses held deletes. */
  async restore(choice: DeleteChoice): Promise<{ readonly restored: number }> {
    const deps = await this.#access.dependenciesFor(everything);
    return await this.#access.ask(() => restoreDeletes(deps, choice));
  }
}
