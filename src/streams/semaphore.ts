/**
 * A counting semaphore: bounds how many pages of all streams may be read but not yet committed. That bounds memory, and
 * how much an interruption can cost.
 */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes one, in order of asking. */
  async acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Takes one if one is free. For callers that hold some already: waiting could make all wait for each other. */
  tryAcquire(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  release(count = 1): void {
    for (let index = 0; index < count; index += 1) {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
