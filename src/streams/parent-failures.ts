import { ApiError, ContractError, LobbieSyncError } from '../core/errors.ts';
import type { ParentRead } from './batch.ts';
import type { Unit } from './context.ts';

/** If this number of parents in a row can't be read, the list as a whole can't be read. */
const FAILURES_IN_A_ROW = 5;
/** If at least this number of parents answers 404 and none has the list, the path of the list is probably wrong. */
const ABSENT_IN_DOUBT = 5;
/** A stream with this number of failed parents is given up, because its cursor, which lists them, is one row. */
const MOST_FAILURES = 1000;

/** Collects the parents that could not be read, and decides whether the list as a whole has failed. */
export class ParentFailures {
  readonly #unit: Unit;
  /** Whether the stream reads all parents. Some chosen parents prove nothing about all, since just those may have left. */
  readonly #all: boolean;
  #failed: string[];
  #inARow = 0;
  #lastError: LobbieSyncError | undefined;
  #answered = 0;
  #absent = 0;

  constructor(unit: Unit, failed: readonly string[], all: boolean) {
    this.#unit = unit;
    this.#failed = [...failed];
    this.#all = all;
  }

  /** Parents that could not be read. */
  get ids(): readonly string[] {
    return this.#failed;
  }

  /** Takes the parents that failed out of the collection, for one more try. */
  take(): readonly string[] {
    const taken = this.#failed;
    this.#failed = [];
    this.#inARow = 0;
    return taken;
  }

  giveBack(ids: readonly string[]): void {
    this.#failed.push(...ids);
  }

  /** Counts a parent that was read to its end. */
  answered(): void {
    this.#answered += 1;
    this.#inARow = 0;
  }

  /**
   * Decides what a parent that could not be read means for the stream.
   *
   * @returns the parent, if the answer says that it has no record
   * @throws the error when the list as a whole can't be read
   */
  judge(id: string, asked: Date, error: unknown): readonly ParentRead[] {
    if (error instanceof ApiError && error.code === 'api.not_found') {
      this.#absent += 1;
      this.#lastError = error;
      // For a list, 404 may also mean that the parent is gone. The sweep of the parents finds that out.
      return [{ parentId: id, at: asked, whole: this.#unit.read.absentOn404 === true }];
    }
    const known = error instanceof LobbieSyncError ? error : undefined;
    if (known === undefined || known.action === 'abort' || known.action === 'account') throw error;
    this.#lastError = known;
    this.#failed.push(id);
    this.#inARow += 1;
    if (this.#inARow >= FAILURES_IN_A_ROW || this.#failed.length >= MOST_FAILURES) throw error;
    return [];
  }

  /** Throws at the end of the stream if a parent failed twice, or if no parent has the list. */
  throwIfFailed(): void {
    if (this.#failed.length > 0) throw this.#failure();
    if (!this.#all || this.#unit.read.absentOn404 || this.#answered > 0 || this.#absent < ABSENT_IN_DOUBT) return;
    // A patient who has left explains one 404. If no parent has the list, its path is wrong.
    throw new ContractError(`${this.#unit.read.operation} answers 404 for every parent`, {
      code: 'contract.no_such_list',
      hint: 'The list was not taken as empty. Check LOBBIE_API_URL and LOBBIE_NEWER_PATHS.',
      cause: this.#lastError,
    });
  }

  #failure(): LobbieSyncError {
    const shown = this.#failed.slice(0, 5).join(', ');
    const more = this.#failed.length > 5 ? ` and ${this.#failed.length - 5} more` : '';
    return new ContractError(
      `${this.#unit.read.operation} can't be read for ${shown}${more}: ${this.#lastError?.message}`,
      {
        code: this.#lastError?.code ?? 'api.unavailable',
        hint: this.#lastError?.hint ?? 'Run again; the other rows of this list are stored.',
      },
    );
  }
}
