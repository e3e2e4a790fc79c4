/**
 * A bounded queue between reading and storing. The reader waits while the queue is full. The storing side takes all items that are
 * there, so that batches grow when storing is slower than reading.
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

  /** Adds an item; waits while the queue is full. Returns false when the queue was closed and takes no more items. */
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

  /** Closes the queue. Items pushed before can still be taken; after them, `take` throws the error, if there is one. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wakeTaker?.();
    this.#wakeGiver?.();
  }

  /** Takes all items that are there, at least one and at most `limit`. Waits for the first; undefined at the end. */
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

  /** Closes the queue and returns the items that were never taken, so that their slots can be released. */
  drain(): T[] {
    this.end();
    const left = this.#items;
    this.#items = [];
    return left;
  }
}
