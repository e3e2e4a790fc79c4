/** Ranks that a sort key has room for; the seconds since 2008 stand above them. More rows in one location can't be sorted. */
export const RANKS = 2 ** 23;
const EPOCH = 1_199_145_600;
/** Rows without a time sort last. */
const NO_TIME = 2 ** 30 - 1;

/** Sort key of a row: time, then rank. Rows without a time get the greatest time. */
export function sortKey(seconds: number | null, rank: number): number {
  const time = seconds === null ? NO_TIME : Math.min(Math.max(seconds - EPOCH, 0), NO_TIME - 1);
  return time * RANKS + rank;
}

/** The rank in a sort key. */
export function rankOfKey(key: number): number {
  return key % RANKS;
}

/** Key range of a time window (whole seconds, both ends included); rows without a time are outside of every window. */
export function windowKeys(from: number, to: number): [number, number] {
  const low = Math.max(from - EPOCH, 0);
  const high = Math.min(to - EPOCH, NO_TIME - 1);
  return [low * RANKS, high < low ? low * RANKS - 1 : high * RANKS + RANKS - 1];
}

/** First position in a sorted list whose value is at least `key`. */
function lowerBound(list: ArrayLike<number>, key: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Rows of one location in the order of a time. The rows of the start lie in one sorted typed array; rows that came
 * or moved later lie in a small sorted list, merged while walking.
 */
export class TimeIndex {
  #keys: Float64Array;
  #later: number[] = [];
  #moved = new Set<number>();
  #laterKeys = new Map<number, number>();

  /** @param count ranks 0..count-1 at the start. @param timeOf seconds of a rank, or null. */
  constructor(count: number, timeOf: (rank: number) => number | null) {
    const keys = new Float64Array(count);
    for (let rank = 0; rank < count; rank += 1) keys[rank] = sortKey(timeOf(rank), rank);
    this.#keys = keys.sort();
  }

  /** Adds a rank that came later, or moves one: from then on it stands at `seconds`. */
  place(rank: number, seconds: number | null): void {
    if (rank < this.#keys.length) this.#moved.add(rank);
    const old = this.#laterKeys.get(rank);
    if (old !== undefined) this.#later.splice(lowerBound(this.#later, old), 1);
    const key = sortKey(seconds, rank);
    this.#laterKeys.set(rank, key);
    this.#later.splice(lowerBound(this.#later, key), 0, key);
  }

  /** Calls `visit` with each key in [low, high], in order, until it answers false. */
  walk(low: number, high: number, descending: boolean, visit: (key: number) => boolean): void {
    const step = descending ? -1 : 1;
    let a = descending ? lowerBound(this.#keys, high + 1) - 1 : lowerBound(this.#keys, low);
    let b = descending ? lowerBound(this.#later, high + 1) - 1 : lowerBound(this.#later, low);
    for (;;) {
      while (a >= 0 && a < this.#keys.length && this.#moved.has(rankOfKey(this.#keys[a] as number))) a += step;
      const first = this.#keys[a];
      const second = this.#later[b];
      if (first === undefined && second === undefined) return;
      const takeFirst = second === undefined || (first !== undefined && (descending ? first > second : first < second));
      const key = (takeFirst ? first : second) as number;
      if (descending ? key < low : key > high) return;
      if (!visit(key)) return;
      if (takeFirst) a += step;
      else b += step;
    }
  }
}
