import type { Ids } from './ids.ts';
import type { Layout } from './layout.ts';
import type { Row } from './types.ts';

/** How a table's rows come about; everything is a pure function of the row index. */
export interface TableSpec {
  /** Name of the resource, as in the warehouse. */
  resource: string;
  ids: Ids;
  layout: Layout;
  /** Ids of the locations by ordinal; empty when the list belongs to the account. */
  locationIds: readonly number[];
  /** Rows at the start. */
  count: number;
  seed: number;
  /** Seconds at which the world began, and for how long before it rows had been made. */
  present: number;
  history: number;
  /** The record of index i before any change. */
  generate(i: number): Row;
  /** Seconds of the fields that lists sort or filter by. */
  times: { [field: string]: (i: number) => number | null };
  /** Fields that can be told without making the row, for filters. */
  quick?: { [field: string]: (i: number) => unknown };
  /** Index of the row's patient. */
  patientOf?: (i: number) => number;
  /** Patients at the start and the translation of their ids. */
  patients?: { count: number; ids: Ids };
}
