import { EXIT, LobbieSyncError, StopError } from '../core/errors.ts';

export interface GuardOptions {
  /** Changes that one run may send. Default: no limit. */
  readonly maxChanges?: number | undefined;
  /** The fraction of writes that may go wrong before a run stops, 0 to 1. */
  readonly maxErrorFraction: number;
}

/** How many results are needed before the fraction of failures counts; also how many unreachable rows in a row end a run. */
const SAMPLE = 20;

/** How many records may lose a value that was not sent before the fraction counts: a queue must not empty a clinic. */
const EMPTIED = 5;

/**
 * A result as the guards count it: `lost` was refused or given up, or changed what was not sent; `emptied` lost values that were not
 * sent; `away` means that Lobbie could not be asked about the row.
 */
export type Weight = 'sound' | 'lost' | 'emptied' | 'away';

/** Stops a run that sends more changes than allowed, or whose changes go wrong too often. */
export class Guards {
  readonly #options: GuardOptions;
  #changes = 0;
  #sound = 0;
  #lost = 0;
  #emptied = 0;
  /** How many rows in a row Lobbie could not be asked about. */
  #away = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Counts a change that is about to be sent. @throws StopError at the cap; then the change must not be sent */
  admit(): void {
    const { maxChanges } = this.#options;
    if (maxChanges !== undefined && this.#changes >= maxChanges) {
      throw new StopError(
        'stop.budget',
        `the cap of ${maxChanges} changes is reached`,
        'Run the same command again for the next ones; --max-changes and LOBBIE_PUSH_MAX_CHANGES set the cap.',
      );
    }
    this.#changes += 1;
  }

  /** Reverses the count of a change that was not sent. */
  release(): void {
    this.#changes -= 1;
  }

  /** Counts the result of a row. @throws LobbieSyncError when too many go wrong, or Lobbie stays unreachable */
  note(weight: Weight): void {
    this.#away = weight === 'away' ? this.#away + 1 : 0;
    if (this.#away >= SAMPLE) {
      throw new LobbieSyncError(`Lobbie could not be asked about ${this.#away} changes in a row`, {
        code: 'push.unreachable',
        action: 'abort',
        exitCode: EXIT.partial,
        hint: 'They stay in the queue: run the same command again later.',
      });
    }
    if (weight === 'away') return;
    if (weight === 'sound') this.#sound += 1;
    else this.#lost += 1;
    if (weight === 'emptied') this.#emptied += 1;
    const all = this.#sound + this.#lost;
    const most = this.#options.maxErrorFraction * all;
    const tooMany = (all >= SAMPLE && this.#lost > most) || (this.#emptied >= EMPTIED && this.#emptied > most);
    if (!tooMany) return;
    throw new LobbieSyncError(`${this.#lost} of ${all} changes went wrong: deliveries stop here`, {
      code: ERROR_SHARE,
      action: 'abort',
      exitCode: EXIT.partial,
      hint: 'See `lobbie-sync push status` for the reasons; the rest of the queue is untouched. LOBBIE_PUSH_ERROR_SHARE sets the fraction that may go wrong.',
    });
  }
}

/** The code of the error that ends a run in which too many changes go wrong. */
export const ERROR_SHARE = 'push.error_share';
