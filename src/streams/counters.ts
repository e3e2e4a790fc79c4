import { StopError } from '../core/errors.ts';
import type { StopSignal } from '../core/stop.ts';
import type { UnknownFields } from '../extractors/prepare.ts';

/** Names of unknown fields that a run keeps of one resource: more are no names but data, as an object whose names are ids. */
const MOST_NAMES = 200;
const OTHERS = '(others)';

/**
 * Counts of a run that are not yet in the database, by resource. The next batch that commits stores them, so that the numbers of a run
 * always agree with the stored rows.
 */
export class Counters {
  readonly #requests = new Map<string, number>();
  readonly #unknown = new Map<string, UnknownFields>();
  /** Names of unknown fields met in this run, by resource. */
  readonly #names = new Map<string, Set<string>>();
  readonly #budget: number;
  readonly #stop: StopSignal;
  #total = 0;

  /** @param budget requests that the run may send; Infinity for no limit */
  constructor(budget: number, stop: StopSignal) {
    this.#budget = budget;
    this.#stop = stop;
  }

  /** Requests sent so far. */
  get total(): number {
    return this.#total;
  }

  /**
   * Counts a request that is about to be sent.
   *
   * @throws StopError when the budget is used up; the request must not be sent then
   */
  request(resource: string): void {
    if (this.#stop.reason !== undefined) throw this.#stop.reason;
    if (this.#total >= this.#budget) {
      const reason = new StopError(
        'stop.budget',
        `the budget of ${this.#budget} requests is used up`,
        'Run the same command again: it continues where this run stopped.',
      );
      this.#stop.request(reason);
      throw reason;
    }
    this.#total += 1;
    this.#requests.set(resource, (this.#requests.get(resource) ?? 0) + 1);
  }

  /** Reverts the count of a request that was not sent after all. */
  unrequest(resource: string): void {
    this.#total -= 1;
    this.#requests.set(resource, (this.#requests.get(resource) ?? 0) - 1);
  }

  /** Takes the requests counted for a resource since the last time. */
  takeRequests(resource: string): number {
    const count = this.#requests.get(resource) ?? 0;
    this.#requests.delete(resource);
    return count;
  }

  /** Returns counts that could not be committed. */
  returnRequests(resource: string, count: number): void {
    if (count > 0) this.#requests.set(resource, (this.#requests.get(resource) ?? 0) + count);
  }

  /** Resources with requests that no batch has taken. */
  pendingResources(): string[] {
    return [...this.#requests.keys()];
  }

  /** The counter of unknown fields of a resource. */
  unknown(resource: string): UnknownFields {
    const known = this.#unknown.get(resource);
    if (known !== undefined) return known;
    const fields: UnknownFields = new Map();
    this.#unknown.set(resource, fields);
    return fields;
  }

  /** Returns unknown fields that could not be committed. */
  returnUnknown(taken: readonly (readonly [resource: string, fields: UnknownFields])[]): void {
    for (const [resource, fields] of taken) {
      const known = this.unknown(resource);
      for (const [field, count] of fields) known.set(field, (known.get(field) ?? 0) + count);
    }
  }

  /** Takes all unknown fields counted since the last time, in the order of resources. */
  takeUnknown(): [resource: string, fields: UnknownFields][] {
    const taken = [...this.#unknown]
      .filter(([, fields]) => fields.size > 0)
      .map(([resource, fields]): [string, UnknownFields] => [resource, this.#bounded(resource, fields)])
      .sort(([a], [b]) => (a < b ? -1 : 1));
    this.#unknown.clear();
    return taken;
  }

  /** The counts of names beyond those that a run keeps of a resource are put together. */
  #bounded(resource: string, fields: UnknownFields): UnknownFields {
    const names = this.#names.get(resource) ?? new Set();
    this.#names.set(resource, names);
    const bounded: UnknownFields = new Map();
    for (const [field, count] of fields) {
      const name = names.has(field) || names.size < MOST_NAMES ? field : OTHERS;
      if (name === field) names.add(field);
      bounded.set(name, (bounded.get(name) ?? 0) + count);
    }
    return bounded;
  }
}
