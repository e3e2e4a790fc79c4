/** When the next request may start. Deterministic: callers pass the time in milliseconds, and nothing here reads a clock. */

/** Starts that a late timer missed are made up for within this time; older ones are dropped. */
const CATCH_UP_MS = 50;

/** A second, and one more because clocks cut off fractions of a millisecond. */
const WINDOW_MS = 1001;

/**
 * Spaces starts evenly on an absolute schedule. A timer that fires late delays one start and not those that follow, so the
 * configured rate is reached although timers have whole milliseconds. A log of the last second's starts limits each sliding second
 * to `floor(rate) + 1` starts, those that are made up for included.
 */
export class Pace {
  #nextAt = Number.NEGATIVE_INFINITY;
  #lastSeen = Number.NEGATIVE_INFINITY;
  /** Instants of the newest starts, oldest first. Starts that are granted and not yet begun come last. */
  readonly #starts: number[] = [];
  #pending = 0;

  /** Milliseconds until a start may be granted at `rate` starts a second; 0 when now. */
  waitMs(now: number, rate: number): number {
    // The machine's clock was set back. Without a reset, nothing would start until it has caught up.
    if (now < this.#lastSeen - WINDOW_MS) this.#reset();
    this.#lastSeen = now;
    const oldest = this.#starts.at(-(Math.floor(rate) + 1));
    const windowFree = oldest === undefined ? now : oldest + WINDOW_MS;
    return Math.max(this.#nextAt - now, windowFree - now, 0);
  }

  /** Grants a start if one is due. */
  tryGrant(now: number, rate: number): boolean {
    if (this.waitMs(now, rate) > 0) return false;
    const interval = 1000 / rate;
    const due = this.#nextAt === Number.NEGATIVE_INFINITY ? now : Math.max(this.#nextAt, now - CATCH_UP_MS);
    this.#nextAt = due + interval;
    this.#starts.push(now);
    this.#pending += 1;
    const keep = Math.max(Math.floor(rate) + 1, this.#pending, 1) * 2;
    if (this.#starts.length > keep * 2) this.#starts.splice(0, this.#starts.length - keep);
    return true;
  }

  /** Begins the oldest granted start. Until then that start counts from the instant of its grant. */
  begin(now: number): void {
    if (this.#pending === 0) return;
    this.#starts[this.#starts.length - this.#pending] = now;
    this.#pending -= 1;
  }

  #reset(): void {
    this.#nextAt = Number.NEGATIVE_INFINITY;
    this.#starts.length = 0;
    this.#pending = 0;
  }
}
