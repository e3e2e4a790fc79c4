import { hash } from 'node:crypto';
import type { TableSpec } from '../core/row.ts';
import { canonicalJson } from './canonical.ts';
import type { Field } from './fields.ts';
import { plainDecimal } from './values.ts';

/**
 * The byte before the hash says how it was computed. The length distinguishes it from the first form of the hash, over a record's text.
 * `01`: known fields in canonical form, with whole JSON values. `02`: the same, with only the known fields of records in JSON values. If
 * those records have no unknown fields, both forms are equal after that byte.
 */
const WHOLE = '01';
const KNOWN = '02';

/** One column that takes part in the hash. */
interface Part {
  readonly at: number;
  readonly sql: string;
  /** The API field; undefined for a column that comes from the path. */
  readonly name: string | undefined;
  readonly field: Field | undefined;
}

type Given = Readonly<Record<string, unknown>>;
type Values = readonly (string | null)[];

/** Computes the content hash, by which changed rows are found. */
export interface ContentHasher {
  /**
   * @param values the values of all columns, as Postgres reads them
   * @param given the record, with aliases resolved
   * @param onUnknown called with the path of each unknown field inside a JSON value, and whether another table counts it
   * @throws RangeError for a value that is nested deeper than the stack reaches
   */
  hash(values: Values, given: Given, onUnknown: (path: string, hasTable: boolean) => void): string;
  /** The hash of a record of which some fields inside JSON values were left out, as rows stored before had it: over all of it. */
  former(values: Values, given: Given): string;
}

/** @param fieldOf the API field of a column */
export function createContentHasher(
  table: TableSpec,
  fieldOf: ReadonlyMap<string, string>,
  fields: Readonly<Record<string, Field>>,
): ContentHasher {
  // Two columns are left out: the account, because hashes are compared within one, and a location that never changes after the insert.
  const unhashed = new Set(['account_id', ...table.keepFirst]);
  const parts = table.columns.flatMap(({ name, sql }, at): Part[] => {
    const field = fieldOf.get(name);
    return unhashed.has(name) ? [] : [{ at, sql, name: field, field: field === undefined ? undefined : fields[field] }];
  });
  const nested = parts.some(({ field }) => field?.members !== undefined);

  const content = (values: Values, text: (part: Part, name: string) => string): string => {
    let all = '';
    for (const part of parts) {
      const value = values[part.at];
      if (value === null || value === undefined) {
        all += '-;';
        continue;
      }
      const { sql, name } = part;
      const own =
        sql === 'jsonb' && name !== undefined ? text(part, name) : sql === 'numeric' ? plainDecimal(value) : value;
      // The length before each value separates it from its neighbours.
      all += `${own.length}:${own}`;
    }
    return all;
  };

  return {
    hash: (values, given, onUnknown) =>
      (nested ? KNOWN : WHOLE) +
      digest(
        content(values, ({ field }, name) =>
          canonicalJson(given[name], field?.members, (inner, hasTable) => onUnknown(`${name}.${inner}`, hasTable)),
        ),
      ),
    former: (values, given) => WHOLE + digest(content(values, (_, name) => canonicalJson(given[name]))),
  };
}

/** 128 bits of SHA-256, in hex. */
export const digest = (text: string): string => hash('sha256', text, 'hex').slice(0, 32);
