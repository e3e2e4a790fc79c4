import type { Random } from '../random.ts';

/** A record in its canonical form: every field there, instants in UTC ending in Z. */
export type Row = Record<string, unknown>;

/** Where a record hangs; decides in which lists it is found. */
export interface Home {
  readonly accountId?: number | undefined;
  readonly locationId?: number | undefined;
  readonly parentId?: number | undefined;
}

export interface Entry {
  readonly key: number;
  readonly home: Home;
  readonly row: Row;
}

export interface CollectionOptions {
  readonly name: string;
  /** False for records that have no id of their own on the wire. */
  readonly withId: boolean;
  /** The key of the first record. Later ones leave gaps. */
  readonly firstKey: number;
  readonly random: Random;
  readonly clock: () => number;
}

/** All records of one kind, over all accounts. Tests change the world through it. */
export class Collection {
  readonly name: string;
  readonly #options: CollectionOptions;
  readonly #entries = new Map<number, Entry>();
  #nextKey: number;

  constructor(options: CollectionOptions) {
    this.name = options.name;
    this.#options = options;
    this.#nextKey = options.firstKey;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Adds a record and answers its key, which is `row.id` where one is given. */
  add(row: Row, home: Home = {}): number {
    const key = typeof row['id'] === 'number' ? row['id'] : this.#freeKey();
    const whole = this.#options.withId ? { id: key, ...row } : { ...row };
    this.#entries.set(key, { key, home, row: whole });
    return key;
  }

  /** As `add`, for records whose key is that of another one (a patient's category). */
  addAt(key: number, row: Row, home: Home = {}): number {
    this.#entries.set(key, { key, home, row: { ...row } });
    return key;
  }

  find(key: number): Entry | undefined {
    return this.#entries.get(key);
  }

  get(key: number): Row {
    return this.#entry(key).row;
  }

  /** Changes fields; `updatedAt` follows the clock unless it is given or `stamp` is false. */
  update(key: number, changes: Row, { stamp = true }: { readonly stamp?: boolean } = {}): Row {
    const { home, row } = this.#entry(key);
    const stamped = stamp && 'updatedAt' in row ? { updatedAt: new Date(this.#options.clock()).toISOString() } : {};
    const whole = { ...row, ...stamped, ...changes };
    this.#entries.set(key, { key, home, row: whole });
    return whole;
  }

  /** Gives a record another home, for instance another location. */
  move(key: number, home: Home): void {
    const entry = this.#entry(key);
    this.#entries.set(key, { ...entry, home: { ...entry.home, ...home } });
  }

  delete(key: number): boolean {
    return this.#entries.delete(key);
  }

  keys(): number[] {
    return [...this.#entries.keys()];
  }

  entries(): Entry[] {
    return [...this.#entries.values()];
  }

  /** The entries of a home; what the home leaves out is not compared. */
  in(home: Home): Entry[] {
    return this.entries().filter(
      (entry) =>
        (home.accountId === undefined || entry.home.accountId === home.accountId) &&
        (home.locationId === undefined || entry.home.locationId === home.locationId) &&
        (home.parentId === undefined || entry.home.parentId === home.parentId),
    );
  }

  #entry(key: number): Entry {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw new Error(`no ${this.name} ${key}`);
    return entry;
  }

  #freeKey(): number {
    do this.#nextKey += this.#options.random.int(1, 97);
    while (this.#entries.has(this.#nextKey));
    return this.#nextKey;
  }
}
