import type { Clock } from '../../src/core/clock.ts';

interface Sleeper {
  /** The clock's time at which it wakes, epoch milliseconds. */
  readonly until: number;
  readonly wake: () => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * A clock for tests of the whole product. It runs as many times as fast as the machine's as it is told to, and jumps on
 * demand; whoever sleeps on it wakes as soon as its time has come.
 *
 * Speed it up only where nothing but waiting depends on it: at ten times the speed every deadline comes ten times as soon.
 *
 * @example
 * const clock = new MovableClock({ speed: 10 });
 * const app = makeApp(place, log, clock); // a pause of one second takes a tenth of it
 * clock.jump(60_000); // a request that has been under way for less than a minute times out now
 */
export class MovableClock implements Clock {
  readonly #speed: number;
  readonly #began = performance.now();
  readonly #sleepers = new Set<Sleeper>();
  #base: number;

  constructor(options: { readonly now?: number; readonly speed?: number } = {}) {
    this.#base = options.now ?? Date.now();
    this.#speed = options.speed ?? 1;
  }

  now(): Date {
    return new Date(this.#ms());
  }

  /** Milliseconds of this clock that each of the sleepers has still to wait. */
  get waits(): readonly number[] {
    return [...this.#sleepers].map(({ until }) => until - this.#ms());
  }

  jump(ms: number): void {
    this.#base += ms;
    for (const sleeper of [...this.#sleepers]) this.#await(sleeper);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = (settle: () => void) => {
        clearTimeout(sleeper.timer);
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', giveUp);
        settle();
      };
      const giveUp = () => leave(() => reject(signal?.reason));
      const sleeper: Sleeper = { until: this.#ms() + ms, wake: () => leave(resolve), timer: undefined };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#sleepers.add(sleeper);
      this.#await(sleeper);
    });
  }

  #ms(): number {
    return this.#base + (performance.now() - this.#began) * this.#speed;
  }

  #await(sleeper: Sleeper): void {
    clearTimeout(sleeper.timer);
    const left = (sleeper.until - this.#ms()) / this.#speed;
    // One timer can't wait longer than 24 days.
    if (left > 0) sleeper.timer = setTimeout(() => this.#await(sleeper), Math.min(left, 86_400_000));
    else sleeper.wake();
  }
}
