import { rawNumberText } from '../../api/json.ts';
import type { JsonObject } from '../row.ts';
import type { Fault } from '../validate.ts';

/** Columns of the outbox that a file may contain besides the changes. */
const OWN_COLUMNS = [
  ...(['resource', 'operation', 'account_id', 'location_id', 'target_id'] as const),
  ...(['external_ref', 'allow_nulls', 'requested_by'] as const),
];
export type OwnColumn = (typeof OWN_COLUMNS)[number];

/** A line of a file: its values, and the faults found while reading it. */
export interface ImportLine {
  /** The line number as in an editor, from 1; for a record over several lines the first. */
  readonly line: number;
  /** Null if the line could not be read, or is a header. */
  readonly given: Given | null;
  readonly faults: readonly Fault[];
  /** Whether this is the header, which requests no change and is not counted. */
  readonly header?: boolean;
}

export interface Given {
  /** Values as in the file: text from CSV, anything from JSON. Null means absent. */
  readonly own: ReadonlyMap<OwnColumn, unknown>;
  /** Null if the changes could not be read. */
  readonly changes: JsonObject | null;
}

/** The field name of a fault of the line as a whole. */
export const LINE = '(line)';

/** The longest line in bytes. Without a limit, a quote that is never closed would bring the whole file into memory. */
export const LONGEST_LINE = 256 * 1024;

const BY_NAME: ReadonlyMap<string, OwnColumn> = new Map(
  OWN_COLUMNS.flatMap((column) => [
    [column, column],
    [column.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase()), column],
  ]),
);

/** The outbox column of a name, which may be in snake_case or camelCase. */
export const ownColumn = (name: string): OwnColumn | undefined => BY_NAME.get(name);

/** A name as it may be shown. A header or key that does not look like a name may hold patient data. */
export const shownName = (name: string): string => (/^[A-Za-z_][\w.]{0,63}$/.test(name) ? name : '(unprintable)');

/** Whether a text holds the replacement character, which a decoder puts in place of bytes that are not UTF-8. */
export const isDamaged = (text: string): boolean => text.includes('\uFFFD');
export const DAMAGED = 'is not UTF-8, or was damaged before';

/** The value as a JSON object; undefined for anything else, including a number that was kept as its text. */
export const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && rawNumberText(value) === undefined
    ? (value as JsonObject)
    : undefined;
export const NO_OBJECT = 'is not a JSON object';
