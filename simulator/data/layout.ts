/**
 * Spreads the row indexes of an account over its locations by a repeating pattern, so that "the k-th row of a location"
 * and "the location of row i" are arithmetic and need no memory.
 */
export class Layout {
  readonly locations: number;
  #pattern: number[];
  #rank: number[] = [];
  #slots: number[][];

  /** @param weights relative number of rows per location, small positive integers. */
  constructor(weights: readonly number[]) {
    this.locations = weights.length;
    const left = [...weights];
    this.#pattern = [];
    while (left.some((weight) => weight > 0)) {
      for (let l = 0; l < left.length; l += 1) {
        if ((left[l] as number) > 0) {
          this.#pattern.push(l);
          left[l] = (left[l] as number) - 1;
        }
      }
    }
    this.#slots = weights.map(() => []);
    this.#pattern.forEach((l, slot) => {
      const slots = this.#slots[l] as number[];
      this.#rank.push(slots.length);
      slots.push(slot);
    });
  }

  /** Location ordinal of a row index. */
  locationOf(i: number): number {
    return this.#pattern[i % this.#pattern.length] as number;
  }

  /** Position of a row index among the rows of its location. */
  rankOf(i: number): number {
    const size = this.#pattern.length;
    const location = this.#pattern[i % size] as number;
    return Math.floor(i / size) * (this.#slots[location] as number[]).length + (this.#rank[i % size] as number);
  }

  /** Row index of the k-th row of a location. */
  indexOf(location: number, k: number): number {
    const slots = this.#slots[location] as number[];
    return Math.floor(k / slots.length) * this.#pattern.length + (slots[k % slots.length] as number);
  }

  /** How many of the indexes below n belong to a location. */
  countBelow(location: number, n: number): number {
    const slots = this.#slots[location] as number[];
    const rest = n % this.#pattern.length;
    return Math.floor(n / this.#pattern.length) * slots.length + slots.filter((slot) => slot < rest).length;
  }
}
