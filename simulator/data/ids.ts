import { mix } from '../random.ts';

/** Turns row indexes into ids and back: ascending, not contiguous, unique over the accounts of a simulator. */
export class Ids {
  #base: number;
  #stride: number;
  #ordinal: number;
  #seed: number;

  /** @param base where the ids of this kind begin. @param accounts number of accounts. @param ordinal this account's position. */
  constructor(base: number, accounts: number, ordinal: number, seed: number) {
    this.#base = base;
    this.#stride = Math.max(accounts, 2);
    this.#ordinal = ordinal;
    this.#seed = seed;
  }

  /** Id of a row index. */
  of(i: number): number {
    return this.#base + (i * this.#stride + this.#ordinal) * 3 + (mix(this.#seed, i) % 3);
  }

  /** Row index of an id, or -1 when the id was never given. */
  indexOf(id: number): number {
    const place = Math.floor((id - this.#base) / 3);
    if (!Number.isSafeInteger(id) || place < 0 || place % this.#stride !== this.#ordinal) return -1;
    const i = Math.floor(place / this.#stride);
    return this.of(i) === id ? i : -1;
  }
}
