import { matches } from './match.ts';
import type { Located, Page, PageQuery, Row, Scope, Source } from './types.ts';

/** A row of a small list; without a location it is served at every one. */
export interface Entry {
  row: Row;
  location?: number;
  parent?: number;
}

/** What a catalogue needs besides its rows. */
export interface CatalogueSpec {
  resource: string;
  entries: Entry[];
  /** Ids of the locations by ordinal, when the list is asked per location; account-wide rows then come at each. */
  locationIds?: readonly number[];
  /** Field that identifies a row. @default 'id' */
  key?: string;
  /** Fields that a list takes over from elsewhere at reading time, such as a count. */
  derive?: (row: Row) => Row;
}

const SEPARATOR = '\u0000';

/** A small list held in memory. */
export class Catalogue implements Source {
  readonly resource: string;
  readonly spec: CatalogueSpec;
  #hidden = new Set<number>();

  constructor(spec: CatalogueSpec) {
    this.spec = spec;
    this.resource = spec.resource;
  }

  /** Visible rows of a scope by id. */
  rows(scope: Scope = {}): Row[] {
    const fits = (entry: Entry): boolean =>
      !this.#hidden.has(this.#id(entry.row)) &&
      (entry.location === undefined || scope.location === undefined || entry.location === scope.location) &&
      (entry.parent === undefined || scope.parent === undefined || entry.parent === scope.parent);
    return this.spec.entries.filter(fits).map((entry) => this.#present(entry.row));
  }

  page(scope: Scope, query: PageQuery): Page {
    const sign = query.descending ? -1 : 1;
    const keyed = this.rows(scope)
      .filter((row) => matches(row, query.equals) && (query.accept === undefined || query.accept(row)))
      .map((row) => ({ row, sort: this.#sort(row, query.order) }));
    keyed.sort((a, b) => sign * compare(a.sort, b.sort));
    const { after } = query;
    const left = after === undefined ? keyed : keyed.filter((item) => sign * compare(item.sort, after) > 0);
    const page = left.slice(0, query.limit);
    return {
      rows: page.map((item) => item.row),
      positions: page.map((item) => item.sort),
      more: left.length > page.length,
    };
  }

  get(scope: Scope, id: number): Row | undefined {
    return this.rows(scope).find((row) => this.#id(row) === id);
  }

  *all(): Generator<Located> {
    const { locationIds, entries } = this.spec;
    const places = (entry: Entry): (number | undefined)[] => {
      if (locationIds === undefined) return [undefined];
      return entry.location === undefined ? [...locationIds] : [locationIds[entry.location]];
    };
    for (const entry of entries) {
      if (this.#hidden.has(this.#id(entry.row))) continue;
      for (const locationId of places(entry)) {
        yield {
          ...(locationId === undefined ? {} : { locationId }),
          ...(entry.parent === undefined ? {} : { parentId: entry.parent }),
          row: this.#present(entry.row),
        };
      }
    }
  }

  /** Adds a row. */
  add(entry: Entry): void {
    this.spec.entries.push(entry);
  }

  setHidden(id: number, hidden: boolean): boolean {
    if (this.#entry(id) === undefined) return false;
    if (hidden) this.#hidden.add(id);
    else this.#hidden.delete(id);
    return true;
  }

  patch(id: number, fields: Row): boolean {
    const entry = this.#entry(id);
    if (entry !== undefined) Object.assign(entry.row, fields);
    return entry !== undefined;
  }

  locate(id: number): Omit<Located, 'row'> | undefined {
    const entry = this.#entry(id);
    if (entry === undefined) return undefined;
    const locationId = entry.location === undefined ? undefined : this.spec.locationIds?.[entry.location];
    return {
      ...(locationId === undefined ? {} : { locationId }),
      ...(entry.parent === undefined ? {} : { parentId: entry.parent }),
    };
  }

  #entry(id: number): Entry | undefined {
    return this.spec.entries.find((entry) => this.#id(entry.row) === id);
  }

  #id(row: Row): number {
    return row[this.spec.key ?? 'id'] as number;
  }

  #present(row: Row): Row {
    const copy = { ...row };
    return this.spec.derive === undefined ? copy : Object.assign(copy, this.spec.derive(row));
  }

  #sort(row: Row, order: string | undefined): string {
    const id = String(this.#id(row)).padStart(16, '0');
    return order === undefined ? id : `${String(row[order] ?? '\uffff')}${SEPARATOR}${id}`;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
