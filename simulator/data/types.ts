/** One record as the API serves it. */
export type Row = { [field: string]: unknown };

/** Where a list is asked: a location (its ordinal in the account) and the id of a parent row, when the path has them. */
export interface Scope {
  location?: number;
  parent?: number;
}

/** What a page request asks of a source. */
export interface PageQuery {
  /** Rows at most; Infinity for lists that are not paginated. */
  limit: number;
  /** Position after which the page begins, as given in `Page.last`. */
  after?: string;
  /** Field to sort by; without it rows come by id. */
  order?: string;
  descending?: boolean;
  /** Whole seconds, both ends included; rows with null in `window.field` are in no window. */
  window?: { field: string; from: number; to: number };
  /** Id of the patient whose rows alone are wanted (sources with an index by patient). */
  patientId?: number;
  /** Fields that must have exactly these values. */
  equals?: Row;
  /** Row indexes that alone can fit, ascending; big tables only. */
  only?: number[];
  /** A cheap test before the row is made; big tables only. */
  acceptIndex?: (i: number) => boolean;
  /** Further filters. */
  accept?: (row: Row) => boolean;
}

/** A page: its rows, the position of each, and whether more follow. */
export interface Page {
  rows: Row[];
  positions: string[];
  more: boolean;
}

/** A row with its location and parent. */
export interface Located {
  locationId?: number;
  parentId?: number;
  row: Row;
}

/** A set of rows that can be listed, read by id and changed. */
export interface Source {
  readonly resource: string;
  page(scope: Scope, query: PageQuery): Page;
  get(scope: Scope, id: number): Row | undefined;
  /** Every visible row of the account, as its list serves it. */
  all(): Iterable<Located>;
  /** Makes a row vanish (404 by id, absent from its list) or come back. False when the id is unknown. */
  setHidden(id: number, hidden: boolean): boolean;
  /** Changes fields of a row. False when the id is unknown. */
  patch(id: number, fields: Row): boolean;
  /** Location and parent of a row, for the journal. */
  locate(id: number): Omit<Located, 'row'> | undefined;
}
