import { EXIT, LobbieSyncError, StopError } from '../core/errors.ts';

export interface GuardOptions {
  /** Changes that one run may send. Default: no limit. */
  readonly maxChanges?: number | undefined;
  /** Share of writes that may go wrong, 0 to 1, before a run stops. */
  readonly errorShare: number;
}

/** So many writes are looked at before their share of failures says anything. */
const SAMPLE = 20;

/** What became of a row, as far as the guards care: `lost` was refused or given up, `away` could not be asked about. */
export type Weight = 'sound' | 'lost' | 'away';

/** Stops a run that does more than it was meant to, or more harm than good. */
export class Guards {
  readonly #options: GuardOptions;
  #changes = 0;
  #sound = 0;
  #lost = 0;
  /** Rows in a row that could not be asked about. */
  #away = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Counts a change that is about to be sent. @throws StopError at the cap; the change must not be sent then */
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

  /** Gives back an admission that came to nothing. */
  release(): void {
    this.#changes -= 1;
  }

  /** Notes what became of a row. @throws LobbieSyncError when too many go wrong, or Lobbie is away */
  note(weight: Weight): void {
    this.#away = weight === 'away' ? this.#away + 1 : 0;
    if (this.#away >= SAMPLE) {
      throw new LobbieSyncError(`Lobbie could not be asked about ${this.#away} changes in a row`, {
        code: 'push.unreachable',
        action: 'abort',
        exitCode: EXIT.partial,
        hint: 'They keep their place in the queue: run the same command again later.',
      });
    }
    if (weight === 'away') return;
    if (weight === 'sound') this.#sound += 1;
    else this.#lost += 1;
    const all = this.#sound + this.#lost;
    if (all < SAMPLE || this.#lost <= this.#options.errorShare * all) return;
    throw new LobbieSyncError(`${this.#lost} of ${all} changes went wrong: deliveries stop here`, {
      code: ERROR_SHARE,
      action: 'abort',
      exitCode: EXIT.partial,
      hint: 'See `lobbie-sync push status` for the reasons; the rest of the queue is untouched. LOBBIE_PUSH_ERROR_SHARE sets the share.',
    });
  }
}

/** The code of the error by which a run stops because too much goes wrong. */
export const ERROR_SHARE = 'push.error_share';
