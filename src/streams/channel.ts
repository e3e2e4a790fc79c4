/**
 * A bounded queue between the one who reads and the one who stores. The reader waits when it is full; the storer takes
 * everything that is there, so that batches grow by themselves when storing is the slower side.
 */
export class Channel<T> {
  readonly #capacity: number;
  #items: T[] = [];
  #ended = false;
  #error: unknown;
  #wakeTaker: (() => void) | undefined;
  #wakeGiver: (() => void) | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds an item; waits while the queue is full. False when the taker has gone and nothing more is wanted. */
  async push(item: T): Promise<boolean> {
    while (this.#items.length >= this.#capacity && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wakeGiver = resolve;
      });
    }
    if (this.#ended) return false;
    this.#items.push(item);
    this.#wakeTaker?.();
    return true;
  }

  /** No more items will come. With an error: what was pushed before is still handed out, then the error is thrown. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wakeTaker?.();
    this.#wakeGiver?.();
  }

  /** Everything that is there, at least one item, up to `limit` items; undefined at the end. */
  async take(limit: number): Promise<T[] | undefined> {
    while (this.#items.length === 0) {
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wakeTaker = resolve;
      });
    }
    const taken = this.#items.splice(0, limit);
    this.#wakeGiver?.();
    return taken;
  }

  /** Hands out what was never taken, so that it can be accounted for. */
  drain(): T[] {
    this.end();
    const left = this.#items;
    this.#items = [];
    return left;
  }
}
