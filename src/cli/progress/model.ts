/** One event of a run, as the display takes it. */
export interface ListEvent {
  /** Tells lists apart: account, place, resource and operation. */
  readonly list: string;
  readonly resource: string;
  readonly state: 'started' | 'reading' | 'done' | 'failed' | 'stopped' | 'skipped';
  /** Records received since the last event of this list. */
  readonly rows: number;
  /** Requests of the whole run so far. */
  readonly requests: number;
}

/** What an earlier reading of a list brought; the estimate of the time left rests on it. */
export interface Expected {
  readonly resource: string;
  readonly rows: number;
}

export interface ResourceProgress {
  readonly resource: string;
  readonly done: number;
  readonly failed: number;
  /** Lists known so far. */
  readonly total: number;
  readonly active: number;
  readonly rows: number;
  /** Between 0 and 1; by records where an earlier reading counted them, else by lists. */
  readonly fraction: number;
  /** Records a second since it began. */
  readonly rate: number;
  /** Undefined while it is unknown how much is left. */
  readonly leftMs: number | undefined;
}

interface List {
  readonly resource: string;
  rows: number;
  readonly expected: number | undefined;
  state: ListEvent['state'] | 'waiting';
}

const ENDED: ReadonlySet<string> = new Set(['done', 'failed', 'skipped']);

/** Adds up a run's events. Pure: the time is passed in, in milliseconds. */
export class ProgressModel {
  readonly #lists = new Map<string, List>();
  readonly #began = new Map<string, number>();
  readonly #start: number;
  #requests = 0;

  constructor(expected: ReadonlyMap<string, Expected>, now: number) {
    this.#start = now;
    for (const [key, { resource, rows }] of expected) {
      this.#lists.set(key, { resource, rows: 0, expected: rows, state: 'waiting' });
    }
  }

  apply(event: ListEvent, now: number): void {
    const list = this.#lists.get(event.list) ?? {
      resource: event.resource,
      rows: 0,
      expected: undefined,
      state: 'waiting',
    };
    this.#lists.set(event.list, list);
    list.rows += event.rows;
    list.state = event.state;
    if (!this.#began.has(event.resource)) this.#began.set(event.resource, now);
    this.#requests = Math.max(this.#requests, event.requests);
  }

  /** Whether anything was heard yet. */
  get begun(): boolean {
    return this.#began.size > 0;
  }

  get requests(): number {
    return this.#requests;
  }

  elapsed(now: number): number {
    return now - this.#start;
  }

  /** Resources that were begun, in the order in which they began. */
  resources(now: number): ResourceProgress[] {
    return [...this.#began].map(([resource, began]) =>
      summarize(
        resource,
        [...this.#lists.values()].filter((list) => list.resource === resource),
        now - began,
      ),
    );
  }

  /** All lists together. */
  total(now: number): ResourceProgress {
    return summarize('total', [...this.#lists.values()], now - this.#start);
  }
}

function summarize(resource: string, lists: readonly List[], elapsedMs: number): ResourceProgress {
  const ended = lists.filter((list) => ENDED.has(list.state));
  const rows = sum(lists, (list) => list.rows);
  const rate = elapsedMs > 0 ? (rows * 1000) / elapsedMs : 0;
  const known = lists.length > 0 && lists.every((list) => list.expected !== undefined || ENDED.has(list.state));
  const left = sum(lists, (list) => (ENDED.has(list.state) ? 0 : Math.max(0, (list.expected ?? 0) - list.rows)));
  const byRows = rows + left > 0 ? rows / (rows + left) : 0;
  const byLists = lists.length > 0 ? ended.length / lists.length : 0;
  const all = ended.length === lists.length;
  return {
    resource,
    done: ended.length,
    failed: lists.filter((list) => list.state === 'failed').length,
    total: lists.length,
    active: lists.filter((list) => list.state === 'started' || list.state === 'reading').length,
    rows,
    fraction: all ? 1 : known ? byRows : byLists,
    rate,
    leftMs: all ? 0 : known && rate > 0 ? (left * 1000) / rate : undefined,
  };
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
