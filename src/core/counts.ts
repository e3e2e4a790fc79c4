/** The counters of one resource in a run; the columns of `lobbie_sync.run_resources`. */
export interface Counts {
  requests: number;
  rowsRead: number;
  inserted: number;
  updated: number;
  unchanged: number;
  deleted: number;
  rejected: number;
}

export const zeroCounts = (): Counts => ({
  requests: 0,
  rowsRead: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  rejected: 0,
});

/** Adds `more` to `counts` in place. */
export function addCounts(counts: Counts, more: Partial<Counts>): void {
  for (const name of Object.keys(more) as (keyof Counts)[]) counts[name] += more[name] ?? 0;
}

export const isZero = (counts: Counts): boolean => Object.values(counts).every((count) => count === 0);
