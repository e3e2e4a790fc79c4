/** One request as it came in, and how it was answered. */
export interface LoggedRequest {
  readonly n: number;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly op: string;
  /** By the server's clock. */
  readonly time: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
  /** Set once the answer is known. */
  status?: number;
  /** The odd kinds that had a hand in it. */
  odd: readonly string[];
}

/** Every request since the start, or since the last clear. */
export class RequestLog {
  #all: LoggedRequest[] = [];

  add(request: LoggedRequest): void {
    this.#all.push(request);
  }

  get all(): readonly LoggedRequest[] {
    return this.#all;
  }

  of(op: string): readonly LoggedRequest[] {
    return this.#all.filter((request) => request.op === op);
  }

  /** How many requests of an operation; without a name all but those for tokens. */
  count(op?: string): number {
    return op === undefined ? this.#all.filter((request) => request.op !== 'token').length : this.of(op).length;
  }

  /** Counts by operation. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { op } of this.#all) counts[op] = (counts[op] ?? 0) + 1;
    return counts;
  }

  clear(): void {
    this.#all = [];
  }
}
