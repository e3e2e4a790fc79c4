/** Token bucket: a burst of one second, then a steady rate. */
export class TokenBucket {
  #rate: number;
  #left: number;
  #last: number;
  #now: () => number;

  /** @param rate requests per second. @param now milliseconds, rising. */
  constructor(rate: number, now: () => number) {
    this.#rate = rate;
    this.#left = Math.max(1, rate);
    this.#last = now();
    this.#now = now;
  }

  /** Takes a token; answers 0, or the whole seconds after which one is free. */
  take(): number {
    const now = this.#now();
    this.#left = Math.min(Math.max(1, this.#rate), this.#left + ((now - this.#last) / 1000) * this.#rate);
    this.#last = now;
    if (this.#left >= 1) {
      this.#left -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil((1 - this.#left) / this.#rate));
  }
}
