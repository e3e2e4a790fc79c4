import { matches } from './match.ts';
import type { Table } from './table.ts';
import type { Located, Page, PageQuery, Row, Scope, Source } from './types.ts';

/** How the rows below a parent come about. */
export interface ChildSpec {
  resource: string;
  parent: Table;
  /** Where the ids begin; places per parent (a power of two); number of accounts and this account's ordinal. */
  base: number;
  places: number;
  accounts: number;
  ordinal: number;
  /** Rows below the parent of index i, before any change; `id` stands in each. */
  generate(parent: number, idOf: (place: number) => number): Row[];
  /** Field that a window compares. */
  timeField?: string;
}

/** Rows that hang under a row of a table, such as the allergies of a patient. */
export class ChildTable implements Source {
  readonly resource: string;
  readonly spec: ChildSpec;
  #patches = new Map<number, Row>();
  #gone = new Set<number>();
  #added = new Map<number, Row[]>();
  #parentOfAdded = new Map<number, number>();
  #nextAdded: number;

  constructor(spec: ChildSpec) {
    this.spec = spec;
    this.resource = spec.resource;
    this.#nextAdded = spec.parent.spec.count * 4 + 100_000;
  }

  /** The present rows below the parent of index i. */
  rows(parent: number): Row[] {
    const { generate } = this.spec;
    const made = generate(parent, (place) => this.#idOf(parent, place));
    const added = this.#added.get(parent);
    const all = added === undefined ? made : [...made, ...added.map((row) => ({ ...row }))];
    if (this.#patches.size === 0 && this.#gone.size === 0) return all;
    const visible = all.filter((row) => !this.#gone.has(row['id'] as number));
    return visible.map((row) => Object.assign(row, this.#patches.get(row['id'] as number)));
  }

  /** Adds a row below a parent and gives its id. */
  create(parent: number, fields: Row): number {
    const id = this.#idOf(this.#nextAdded, 0);
    this.#nextAdded += 1;
    this.#added.set(parent, [...(this.#added.get(parent) ?? []), { id, ...fields }]);
    this.#parentOfAdded.set(id, parent);
    return id;
  }

  /** Index of the parent of an id, or -1. */
  parentOf(id: number): number {
    const added = this.#parentOfAdded.get(id);
    if (added !== undefined) return added;
    const { base, places, accounts, ordinal } = this.spec;
    const place = Math.floor((id - base) / places);
    if (place < 0 || place % accounts !== ordinal) return -1;
    return Math.floor(place / accounts);
  }

  page(scope: Scope, query: PageQuery): Page {
    const parent = this.#parent(scope);
    const rows = parent < 0 ? [] : this.rows(parent);
    const { window, accept } = query;
    const fits = (row: Row): boolean => {
      if (window !== undefined) {
        const ms = Date.parse(String(row[window.field]));
        if (Number.isNaN(ms) || Math.floor(ms / 1000) < window.from || Math.floor(ms / 1000) > window.to) return false;
      }
      return matches(row, query.equals) && (accept === undefined || accept(row));
    };
    const after = query.after === undefined ? -1 : Number(query.after);
    const left = rows.filter((row) => (row['id'] as number) > after && fits(row));
    left.sort((a, b) => (a['id'] as number) - (b['id'] as number));
    const page = left.slice(0, query.limit);
    return { rows: page, positions: page.map((row) => String(row['id'])), more: left.length > page.length };
  }

  get(scope: Scope, id: number): Row | undefined {
    const parent = this.parentOf(id);
    if (parent < 0 || !this.spec.parent.alive(parent)) return undefined;
    if (scope.parent !== undefined && this.#parent(scope) !== parent) return undefined;
    return this.rows(parent).find((row) => row['id'] === id);
  }

  *all(): Generator<Located> {
    const { parent } = this.spec;
    for (const { locationId, row } of parent.all()) {
      const parentId = row['id'] as number;
      for (const child of this.rows(parent.spec.ids.indexOf(parentId))) {
        yield locationId === undefined ? { parentId, row: child } : { locationId, parentId, row: child };
      }
    }
  }

  setHidden(id: number, hidden: boolean): boolean {
    if (this.parentOf(id) < 0) return false;
    if (hidden) this.#gone.add(id);
    else this.#gone.delete(id);
    return true;
  }

  patch(id: number, fields: Row): boolean {
    if (this.get({}, id) === undefined) return false;
    this.#patches.set(id, { ...this.#patches.get(id), ...fields });
    return true;
  }

  locate(id: number): Omit<Located, 'row'> | undefined {
    const i = this.parentOf(id);
    if (i < 0) return undefined;
    const parentId = this.spec.parent.spec.ids.of(i);
    return { ...this.spec.parent.locate(parentId), parentId };
  }

  #parent(scope: Scope): number {
    return scope.parent === undefined ? -1 : this.spec.parent.find(scope.parent, scope);
  }

  #idOf(parent: number, place: number): number {
    const { base, places, accounts, ordinal } = this.spec;
    return base + (parent * accounts + ordinal) * places + place;
  }
}
