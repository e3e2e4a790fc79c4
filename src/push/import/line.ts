import { rawNumberText } from '../../api/json.ts';
import type { JsonObject } from '../row.ts';
import type { Fault } from '../validate.ts';

/** Columns of the outbox that a file may give, beside the changes. */
const OWN_COLUMNS = [
  ...(['resource', 'operation', 'account_id', 'location_id', 'target_id'] as const),
  ...(['external_ref', 'allow_nulls', 'requested_by'] as const),
];
export type OwnColumn = (typeof OWN_COLUMNS)[number];

/** A line of a file: what it gives, and what is wrong with it already. */
export interface ImportLine {
  /** As an editor counts them, from 1; of a line with line breaks in it the first. */
  readonly line: number;
  /** Null where the line could not be read, and for a header. */
  readonly given: Given | null;
  readonly faults: readonly Fault[];
  /** A header asks for nothing and is not counted. */
  readonly header?: boolean;
}

export interface Given {
  /** Values as they came: text from CSV, anything from JSON. Null is the same as nothing. */
  readonly own: ReadonlyMap<OwnColumn, unknown>;
  /** Null where they could not be read. */
  readonly changes: JsonObject | null;
}

/** What is wrong with a line as a whole. */
export const LINE = '(line)';

/** Bytes of the longest line. A quote that is never closed would otherwise bring a whole file into memory. */
export const LONGEST_LINE = 256 * 1024;

const BY_NAME: ReadonlyMap<string, OwnColumn> = new Map(
  OWN_COLUMNS.flatMap((column) => [
    [column, column],
    [column.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase()), column],
  ]),
);

/** The column of the outbox that a name stands for, as it is or in camelCase. */
export const ownColumn = (name: string): OwnColumn | undefined => BY_NAME.get(name);

/** A name as it may be shown: a header or a key may be anything, also a value. */
export const shownName = (name: string): string => (/^[A-Za-z_][\w.]{0,63}$/.test(name) ? name : '(unprintable)');

/** What a decoder puts in place of bytes that are no UTF-8. */
export const isDamaged = (text: string): boolean => text.includes('\uFFFD');
export const DAMAGED = 'is not UTF-8, or was damaged before';

/** A JSON object; undefined for everything else, also for a number that was kept as its text. */
export const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && rawNumberText(value) === undefined
    ? (value as JsonObject)
    : undefined;
export const NO_OBJECT = 'is not a JSON object';
