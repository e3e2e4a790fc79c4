import type { QueryValue } from '../check.ts';
import type { Row } from '../data/types.ts';
import type { AccountContext, LocationFacts } from './context.ts';

/** What a row is made from. The same seed gives the same row. */
export interface Making {
  id: number;
  /** A repeatable number for the n-th decision about this row; n from 2 on (1 chooses the patient). */
  hash(n: number): number;
  /** Seconds at which the row was made, and the instant it is seen from. */
  created: number;
  asOf: number;
  /** Names, streets, sentences, the clock: everything shared by the rows of an account. */
  context: AccountContext;
  /** The location of a list that is read per location. */
  location: LocationFacts | undefined;
  /** The row above, of a list below a parent. */
  parent: Row | undefined;
  /** The patient whom the row is about: that of the row above, else one of the account. */
  patient(): { id: number; name: string };
}

/** How a list changes as days pass. Lists of the token stay as they are. */
export interface RowsEvolution {
  /** Rows that come in a day, in an account of so many patients. */
  perDay?(patients: number): number;
  /** The fields of a row that change, or undefined. Asked for some rows each day; `roll` is a random integer. */
  change?(row: Row, roll: number, now: string): Row | undefined;
}

/** One list of the simulator, declared in one file. How it is served follows from the contract. */
export interface RowsSpec {
  /** Name of the resource, as in the warehouse. */
  resource: string;
  /** The operation that lists the rows, and the one that reads one by id. */
  list: string;
  get?: string;
  /** The lowest id. Lists need not have ids apart from each other. */
  idBase: number;
  /** Rows at the start: of an account of so many patients, or below one parent (at most 8), told apart by a hash. */
  count(patients: number, parentHash: number): number;
  /** The record as the API serves it. */
  row(making: Making): Row;
  /** Query parameters that mean something else than "this field has exactly this value". */
  filters?: Record<string, (value: QueryValue) => (row: Row) => boolean>;
  evolve?: RowsEvolution;
}

/** A declared list with what the contract says about it. */
export interface DeclaredTable {
  spec: RowsSpec;
  scope: 'global' | 'account' | 'location';
  /** The resource whose rows the list hangs below. */
  parentResource: string | undefined;
  /** Fields with an instant that the list is sorted or filtered by. */
  timeFields: string[];
}

/** Declares a list. Each file of `rows/tables/` exports one, and that is all the simulator needs. */
export function defineRows(spec: RowsSpec): RowsSpec {
  return spec;
}
