import { mix } from '../random.ts';
import { parseSeconds } from '../time.ts';
import { PatientIndex } from './patient-index.ts';
import type { TableSpec } from './table-spec.ts';
import { rankOfKey, sortKey, TimeIndex, windowKeys } from './time-index.ts';
import type { Located, Page, PageQuery, Row, Scope, Source } from './types.ts';

const NOTHING: Page = { rows: [], positions: [], more: false };

/**
 * A big list. Rows are made on demand; kept in memory are only changed fields, rows that came later and, once asked
 * for, sort orders as typed arrays.
 */
export class Table implements Source {
  readonly resource: string;
  readonly spec: TableSpec;
  #patches = new Map<number, Row>();
  #born = new Map<number, number>();
  #gone = new Set<number>();
  #ends: number[] = [];
  #orders = new Map<string, TimeIndex>();
  #byPatient = new Map<number, PatientIndex>();

  constructor(spec: TableSpec) {
    this.spec = spec;
    this.resource = spec.resource;
    for (let l = 0; l < spec.layout.locations; l += 1) this.#ends.push(spec.layout.countBelow(l, spec.count));
  }

  /** Seconds at which row i was made: rising with i over the history, the real moment for rows that came later. */
  createdOf(i: number): number {
    const { count, present, history, seed } = this.spec;
    if (i >= count) return this.#born.get(i) ?? present;
    return present - history + Math.floor(((i + (mix(seed, i) % 1000) / 1000) / count) * history);
  }

  /** The instant that row i is seen from: the start of the world, or its own birth. */
  asOf(i: number): number {
    return i < this.spec.count ? this.spec.present : this.createdOf(i);
  }

  /** The present record of index i. */
  row(i: number): Row {
    const row = this.spec.generate(i);
    const patch = this.#patches.get(i);
    return patch === undefined ? row : Object.assign(row, patch);
  }

  /** The changed fields of index i. */
  patchOf(i: number): Row | undefined {
    return this.#patches.get(i);
  }

  /** Indexes of all rows that have changed fields. */
  patched(): IterableIterator<number> {
    return this.#patches.keys();
  }

  /** True when the index stands for a row that exists and isn't hidden. */
  alive(i: number): boolean {
    return i >= 0 && (i < this.spec.count || this.#born.has(i)) && !this.#gone.has(i);
  }

  /** Index of an id, or -1 when there is no such visible row (in that location). */
  find(id: number, scope: Scope = {}): number {
    const i = this.spec.ids.indexOf(id);
    if (!this.alive(i)) return -1;
    return scope.location !== undefined && this.spec.layout.locationOf(i) !== scope.location ? -1 : i;
  }

  /** Rows of a location at the start, and the rank after the last one. */
  extent(location: number): { start: number; end: number } {
    return { start: this.spec.layout.countBelow(location, this.spec.count), end: this.#ends[location] as number };
  }

  get(scope: Scope, id: number): Row | undefined {
    const i = this.find(id, scope);
    return i < 0 ? undefined : this.row(i);
  }

  /** Adds a row to a location and gives its index; `fields` override what is generated. */
  create(location: number, seconds: number, fields: Row = {}): number {
    const { layout } = this.spec;
    const rank = this.#ends[location] as number;
    this.#ends[location] = rank + 1;
    const i = layout.indexOf(location, rank);
    this.#born.set(i, seconds);
    this.#patches.set(i, fields);
    for (const [key, order] of this.#orders) {
      const [at, field] = key.split(':') as [string, string];
      if (Number(at) === location) order.place(rank, this.timeOf(i, field));
    }
    const index = this.#byPatient.get(location);
    if (index !== undefined) index.add(this.#patientOf(i), rank);
    return i;
  }

  /** Changes fields of index i. */
  change(i: number, fields: Row): void {
    const { layout } = this.spec;
    this.#patches.set(i, { ...this.#patches.get(i), ...fields });
    const location = layout.locationOf(i);
    for (const field of Object.keys(this.spec.times)) {
      if (field in fields) this.#orders.get(`${location}:${field}`)?.place(layout.rankOf(i), this.timeOf(i, field));
    }
    if ('patientId' in fields) this.#byPatient.get(location)?.add(this.#patientOf(i), layout.rankOf(i));
  }

  patch(id: number, fields: Row): boolean {
    const i = this.spec.ids.indexOf(id);
    if (i < 0 || (i >= this.spec.count && !this.#born.has(i))) return false;
    this.change(i, fields);
    return true;
  }

  setHidden(id: number, hidden: boolean): boolean {
    const i = this.spec.ids.indexOf(id);
    if (i < 0 || (i >= this.spec.count && !this.#born.has(i))) return false;
    if (hidden) this.#gone.add(i);
    else this.#gone.delete(i);
    return true;
  }

  locate(id: number): Omit<Located, 'row'> | undefined {
    const i = this.spec.ids.indexOf(id);
    if (i < 0) return undefined;
    const locationId = this.spec.locationIds[this.spec.layout.locationOf(i)];
    return locationId === undefined ? {} : { locationId };
  }

  /** Seconds of a time field of row i, changes included. */
  timeOf(i: number, field: string): number | null {
    const patch = this.#patches.get(i);
    if (patch !== undefined && field in patch) return parseSeconds(patch[field]);
    const time = this.spec.times[field];
    if (time === undefined) throw new Error(`${this.resource} has no time ${field}`);
    return time(i);
  }

  *all(): Generator<Located> {
    const { layout, locationIds } = this.spec;
    for (let l = 0; l < layout.locations; l += 1) {
      for (let k = 0; k < (this.#ends[l] as number); k += 1) {
        const i = layout.indexOf(l, k);
        if (!this.alive(i)) continue;
        const locationId = locationIds[l];
        yield locationId === undefined ? { row: this.row(i) } : { locationId, row: this.row(i) };
      }
    }
  }

  /** Index of visible rows whose time lies in the window, ascending by time. */
  between(location: number, field: string, from: number, to: number): number[] {
    const found: number[] = [];
    const [low, high] = windowKeys(from, to);
    this.#order(location, field).walk(low, high, false, (key) => {
      const i = this.spec.layout.indexOf(location, rankOfKey(key));
      if (this.alive(i)) found.push(i);
      return true;
    });
    return found;
  }

  page(scope: Scope, query: PageQuery): Page {
    const location = scope.location ?? 0;
    const field = query.order ?? query.window?.field;
    const page: Page = { rows: [], positions: [], more: false };
    const accept = this.#accept(query, field);
    const after = query.after === undefined ? undefined : Number(query.after);
    const visit = (position: number, rank: number): boolean => {
      const i = this.spec.layout.indexOf(location, rank);
      if (!this.alive(i) || !this.#mayFit(i, query)) return true;
      if (accept === undefined && page.rows.length >= query.limit) {
        page.more = true;
        return false;
      }
      const row = this.row(i);
      if (accept !== undefined && !accept(row, i)) return true;
      if (page.rows.length >= query.limit) {
        page.more = true;
        return false;
      }
      page.rows.push(row);
      page.positions.push(String(position));
      return true;
    };
    if (query.patientId !== undefined || query.only !== undefined)
      return this.#candidatesPage(location, query, field, after, visit, page);
    if (field === undefined) {
      const end = this.#ends[location] as number;
      for (let k = after === undefined ? 0 : after + 1; k < end; k += 1) if (!visit(k, k)) break;
      return page;
    }
    let [low, high] = [0, Number.MAX_SAFE_INTEGER];
    if (query.window !== undefined && query.window.field === field)
      [low, high] = windowKeys(query.window.from, query.window.to);
    const descending = query.descending ?? false;
    if (after !== undefined && !descending) low = Math.max(low, after + 1);
    if (after !== undefined && descending) high = Math.min(high, after - 1);
    this.#order(location, field).walk(low, high, descending, (key) => visit(key, rankOfKey(key)));
    return page;
  }

  /** Cheap tests by index; fields without a quick way are left to the row. */
  #mayFit(i: number, query: PageQuery): boolean {
    if (query.acceptIndex !== undefined && !query.acceptIndex(i)) return false;
    for (const field in query.equals) {
      const quick = this.spec.quick?.[field];
      if (quick === undefined) continue;
      const patch = this.#patches.get(i);
      const value = patch !== undefined && field in patch ? patch[field] : quick(i);
      if (value !== query.equals[field]) return false;
    }
    return true;
  }

  /** A page of the few rows that belong to a patient or were found by an index of their own. */
  #candidatesPage(
    location: number,
    query: PageQuery,
    field: string | undefined,
    after: number | undefined,
    visit: (position: number, rank: number) => boolean,
    page: Page,
  ): Page {
    const patient = this.spec.patients?.ids.indexOf(query.patientId ?? -1) ?? -1;
    if (query.only === undefined && patient < 0) return NOTHING;
    let positions = query.only?.map((i) => this.spec.layout.rankOf(i)) ?? this.#patients(location).ranks(patient);
    if (field !== undefined) {
      const timed = positions.map((k) => sortKey(this.timeOf(this.spec.layout.indexOf(location, k), field), k));
      positions = timed.sort((a, b) => (query.descending ? b - a : a - b));
    }
    for (const position of positions) {
      if (after !== undefined && (query.descending ? position >= after : position <= after)) continue;
      if (!visit(position, field === undefined ? position : rankOfKey(position))) break;
    }
    return page;
  }

  #accept(query: PageQuery, field: string | undefined): ((row: Row, i: number) => boolean) | undefined {
    const { window, patientId, accept, equals } = query;
    const slow = Object.keys(equals ?? {}).filter((name) => this.spec.quick?.[name] === undefined);
    const walked = window === undefined || (window.field === field && patientId === undefined);
    if (walked && patientId === undefined && accept === undefined && slow.length === 0) return undefined;
    return (row, i) => {
      if (patientId !== undefined && row['patientId'] !== patientId) return false;
      if (slow.some((name) => row[name] !== equals?.[name])) return false;
      if (window !== undefined && !walked) {
        const seconds = this.timeOf(i, window.field);
        if (seconds === null || seconds < window.from || seconds > window.to) return false;
      }
      return accept === undefined || accept(row);
    };
  }

  #order(location: number, field: string): TimeIndex {
    const key = `${location}:${field}`;
    let order = this.#orders.get(key);
    if (order === undefined) {
      const time = (k: number) => this.timeOf(this.spec.layout.indexOf(location, k), field);
      order = new TimeIndex(this.#ends[location] as number, time);
      this.#orders.set(key, order);
    }
    return order;
  }

  #patients(location: number): PatientIndex {
    let index = this.#byPatient.get(location);
    if (index === undefined) {
      const patientOf = (k: number) => this.#patientOf(this.spec.layout.indexOf(location, k));
      const size = Math.max(this.spec.patients?.count ?? 0, 1);
      index = new PatientIndex(size, this.extent(location).start, patientOf);
      for (let k = this.extent(location).start; k < (this.#ends[location] as number); k += 1)
        index.add(patientOf(k), k);
      for (const i of this.#patches.keys()) {
        if (this.spec.layout.locationOf(i) === location) index.add(this.#patientOf(i), this.spec.layout.rankOf(i));
      }
      this.#byPatient.set(location, index);
    }
    return index;
  }

  #patientOf(i: number): number {
    const patched = this.#patches.get(i)?.['patientId'];
    if (typeof patched === 'number') return this.spec.patients?.ids.indexOf(patched) ?? 0;
    return this.spec.patientOf?.(i) ?? 0;
  }
}
