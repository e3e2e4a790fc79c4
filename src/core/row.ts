/** What the loader needs to know of a table. Built from a resource; plain data, so that loading knows no resource. */
export interface TableSpec {
  /** Table in the schema `lobbie`. */
  readonly name: string;
  /** Columns of keys, fields and path ids, in the order of {@link Row.values}. Technical columns are the loader's. */
  readonly columns: readonly { readonly name: string; readonly sql: string }[];
  readonly primaryKey: readonly string[];
  /** Columns that keep their first value for ever. */
  readonly keepFirst: readonly string[];
  /** Whether versions are ordered by the record's own `updated_at` before the time of the read. */
  readonly versioned: boolean;
}

/** One row ready to be stored. All values are the text that Postgres reads. */
export interface Row {
  readonly values: readonly (string | null)[];
  /** Values of the primary key in its order; never null. */
  readonly key: readonly string[];
  /** 128 bits of SHA-256 over the record and its path ids, in hex. Equal hashes mean an unchanged row. */
  readonly hash: string;
  /** The record as received, as JSON text. */
  readonly raw: string;
  /** When the request that brought it was sent: nothing in the record is older news than this. */
  readonly readAt: Date;
  /** Comes from a second list: only stored where no first list has the row. */
  readonly secondary: boolean;
}

/** A record that could not become a row. */
export interface Reject {
  readonly accountId: string;
  readonly resource: string;
  /** The record's key as text when it has one, ids only. */
  readonly recordKey: string | null;
  /** Field and kind of fault; no values. */
  readonly reason: string;
  /** The record as JSON text. */
  readonly record: string;
  /** Path ids, so that it can be replayed. */
  readonly context: Readonly<Record<string, string>>;
}

/** Rows and rejects of one resource, in the order received. */
export interface TableBatch {
  readonly rows: Row[];
  readonly rejects: Reject[];
}

/** One record that came by another way than a list: as the answer to a write, or by a read by id. */
export interface LoneRecord {
  readonly resource: string;
  readonly accountId: string;
  readonly locationId: string | null;
  readonly id: string;
  readonly record: Readonly<Record<string, unknown>>;
  /** When the request was sent that brought it; for the answer to a write, when it came. */
  readonly readAt: Date;
  /**
   * `list`: the form that lists give, stored as it is. `answer`: that of a write or of a read by id, which may have fields more
   * or fewer: it is brought into the form of the row that is stored, or the next pull would take the difference for a change.
   */
  readonly form: 'list' | 'answer';
  /** Fields that a write was about. */
  readonly written?: readonly string[];
}
