/** What the loader needs to know about a table. It is plain data built from a resource, so the loader depends on no resource. */
export interface TableSpec {
  /** Table in the schema `lobbie`. */
  readonly name: string;
  /** Columns of keys, fields and path ids, in the order of {@link Row.values}. The loader adds technical columns. */
  readonly columns: readonly { readonly name: string; readonly sql: string }[];
  readonly primaryKey: readonly string[];
  /** Columns that keep the value with which the row was inserted. */
  readonly keepFirst: readonly string[];
  /** Columns whose value moves by itself: a change of them alone is stored in place, and is no version. */
  readonly volatile: readonly string[];
  /**
   * Whether the record only comes inside another record, whose `raw` holds it: then the row has no `raw` of its own.
   */
  readonly rawInCarrier: boolean;
  /** The known fields of the records in columns of JSON: a change of any other field in them is no change of the row. */
  readonly members: Readonly<Record<string, KnownNames>>;
  /** Whether versions are ordered by the record's own `updated_at` before the time of the read. */
  readonly versioned: boolean;
}

/** Names of the fields of an object, or of each object in an array: one that counts whole, or one with known fields of its own. */
export interface KnownNames {
  readonly [name: string]: true | KnownNames;
}

/** One row ready to be stored. All values are text in the form that Postgres reads. */
export interface Row {
  readonly values: readonly (string | null)[];
  /** Values of the primary key in its order; never null. */
  readonly key: readonly string[];
  /**
   * A byte and 128 bits of SHA-256 over the known fields in canonical form, in hex. Equal hashes mean an unchanged row, whatever the order of
   * keys, the spelling of an instant and fields that nobody knows.
   */
  readonly hash: string;
  /** The hashes that a row stored earlier may have for the same content, in hex: they were made otherwise. */
  readonly formerHashes: () => readonly string[];
  /** The record as received, as JSON text. */
  readonly raw: string;
  /** When the request for the record was sent: the record contains every change made before. */
  readonly readAt: Date;
  /** Whether the row comes from a second list. It is stored only if the first list has no such row. */
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
  /** Path ids, which a replay needs. */
  readonly context: Readonly<Record<string, string>>;
}

/** Rows and rejects of one resource, in the order received. */
export interface TableBatch {
  readonly rows: Row[];
  readonly rejects: Reject[];
}

/** A single record that was not read by a sync: the answer to a write, a read by id, or an entry found by a search. */
export interface LoneRecord {
  readonly resource: string;
  readonly accountId: string;
  readonly locationId: string | null;
  readonly id: string;
  readonly record: Readonly<Record<string, unknown>>;
  /** When the request for the record was sent; for the answer to a write, when the answer arrived. */
  readonly readAt: Date;
  /**
   * `list`: the record has the form of a list and is stored as it is. `answer`: it comes from a write or a read by id, which may
   * return more or fewer fields. Then it is converted to the form of the stored row; otherwise the next pull would take the
   * difference for a change.
   */
  readonly form: 'list' | 'answer';
  /** Fields that a write changed. */
  readonly written?: readonly string[];
}
