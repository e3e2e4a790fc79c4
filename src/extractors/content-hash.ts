import { hash } from 'node:crypto';
import type { TableSpec } from '../core/row.ts';
import { canonicalJson } from './canonical.ts';
import type { Field } from './fields.ts';
import { plainDecimal } from './values.ts';

/**
 * A byte before the hash tells how it was made, and its length tells it from a hash over the text of a record, which rows had first.
 * `01`: known fields in canonical form, JSON values whole. `02`: of JSON values only the known fields of their records. Behind the
 * byte, a record without unknown fields in them has the same hash in both ways.
 */
const WHOLE = '01';
const KNOWN = '02';

/** One column that takes part in the hash. */
interface Part {
  readonly at: number;
  readonly sql: string;
  /** The API field, and how its JSON is read; undefined for a column that comes from the path. */
  readonly name: string | undefined;
  readonly field: Field | undefined;
}

type Given = Readonly<Record<string, unknown>>;
type Values = readonly (string | null)[];

/** Computes what tells a changed row from an unchanged one. */
export interface ContentHasher {
  /**
   * @param values of all columns, as Postgres reads them
   * @param given the record, aliases resolved
   * @param onUnknown gets the path of each field inside a JSON value that nobody knows, and whether another table counts it
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
  // The account is left out, since hashes are compared within one; so is a location that a row keeps from its first read.
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
      // Its length keeps a value apart from its neighbours.
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
