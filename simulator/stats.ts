/** What the simulator has served. */
export interface StatsReport {
  requests: number;
  perOperation: Record<string, number>;
  recordsServed: Record<string, number>;
  statuses: Record<string, number>;
  rejected429: number;
  tokenCalls: number;
}

/** Counts requests and records. */
export class Stats {
  #report: StatsReport = empty();

  /** Counts a data request. */
  request(operation: string): void {
    this.#report.requests += 1;
    add(this.#report.perOperation, operation, 1);
  }

  /** Counts what was answered. */
  answer(operation: string, status: number, records: number): void {
    add(this.#report.statuses, String(status), 1);
    if (records > 0) add(this.#report.recordsServed, operation, records);
    if (status === 429) this.#report.rejected429 += 1;
  }

  /** Counts a token call. */
  token(): void {
    this.#report.tokenCalls += 1;
  }

  /** A copy of the counts. */
  report(): StatsReport {
    return structuredClone(this.#report);
  }

  /** Back to zero. */
  reset(): void {
    this.#report = empty();
  }
}

function empty(): StatsReport {
  return { requests: 0, perOperation: {}, recordsServed: {}, statuses: {}, rejected429: 0, tokenCalls: 0 };
}

function add(counts: Record<string, number>, key: string, amount: number): void {
  counts[key] = (counts[key] ?? 0) + amount;
}
