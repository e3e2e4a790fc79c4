import { z } from 'zod';
import type { PhiClass } from '../core/phi.ts';
import { asBoolean, asDate, asInstant, asJson, asNumeric, asText, type Conversion, integerBetween } from './values.ts';

/** Column types that synced tables use. */
export type SqlType = 'bigint' | 'integer' | 'text' | 'boolean' | 'timestamptz' | 'date' | 'numeric' | 'jsonb';

/** Which fields of the records inside a JSON value are known: content is made of them alone. */
export interface Members {
  /** By name; `true` for a field whose whole value counts. */
  readonly known: Readonly<Record<string, Members | true>>;
  /** Whether these records have a table of their own, which counts their unknown fields. */
  readonly hasTable: boolean;
}

/**
 * One field of a record: the type of its column, how sensitive it is, and a zod schema that checks the value as the
 * API sent it and turns it into the text Postgres reads (null stays null).
 */
export interface Field {
  readonly sql: SqlType;
  readonly phi: PhiClass;
  /** Other names the API may use for it (`x-aliases` of the contract). */
  readonly aliases: readonly string[];
  /** Whether the API changes the value by itself. If nothing else changed, the record counts as unchanged. */
  readonly volatile: boolean;
  /** The known fields of the records in a JSON value: others are no content, as on the record itself. Default: all is content. */
  readonly members?: Members;
  readonly schema: z.ZodType<string | null | undefined>;
}

/** Marks a fault after which the value is stored as null. */
export const EMPTY = { empty: true } as const;

interface FieldOptions {
  readonly aliases?: readonly string[];
  /** The API changes the value by itself, so a new value makes neither a version nor a change hint. Default false. */
  readonly volatile?: boolean;
  /** The known fields of the records in a JSON value. Default: all of the value is content. */
  readonly members?: Members;
}

/**
 * Builds a field from a conversion. A missing value counts as null, because the contract requires only ids. A value that can't be
 * converted without loss is a fault that names the field and never the value.
 */
function field(sql: SqlType, convert: Conversion) {
  // A check that sets the value costs half of a transform, which zod runs as a pipe of two schemas (measured).
  const schema = z
    .unknown()
    .check((context) => {
      const { value } = context;
      if (value === null) return;
      // Some senders write "" for a value that is not there; only text can hold it.
      const result = value === '' && sql !== 'text' ? { problem: 'is an empty text', empty: true } : convert(value);
      if (typeof result === 'string') {
        context.value = result;
        return;
      }
      // The input is left out of the issue: it is patient data.
      const params = result.empty === true ? EMPTY : undefined;
      context.issues.push({ code: 'custom', message: result.problem, input: undefined, ...(params && { params }) });
    })
    .optional() as z.ZodType<string | null | undefined>;
  return (phi: PhiClass, options: FieldOptions = {}): Field => ({
    sql,
    phi,
    aliases: options.aliases ?? [],
    volatile: options.volatile ?? false,
    ...(options.members && { members: options.members }),
    schema,
  });
}

/** An id or another 64-bit integer, also when it is sent as text. */
export const bigint = field('bigint', integerBetween(-(2n ** 63n), 2n ** 63n - 1n));
/** A 32-bit integer: counts, minutes, positions. */
export const integer = field('integer', integerBetween(-(2n ** 31n), 2n ** 31n - 1n));
/** Text, and open enums. Numbers and booleans are taken as their text. */
export const text = field('text', asText);
export const boolean = field('boolean', asBoolean);
/** An instant in ISO 8601; without an offset it is read as UTC, as FACTS.md says instants are. */
export const instant = field('timestamptz', asInstant);
/** A plain date, `YYYY-MM-DD`. */
export const date = field('date', asDate);
/** A decimal number with all its digits. */
export const numeric = field('numeric', asNumeric);
/** A nested object or array, stored as received. */
export const json = field('jsonb', asJson);

/** The fields that all rows of a patient's medical lists have: who wrote the row, and when. */
export const authored = {
  createdAt: instant('operational'),
  createdBy: text('operational'),
  updatedAt: instant('operational'),
  updatedBy: text('operational'),
} as const;

/** The two time stamps most records carry. */
export const stamped = { createdAt: instant('operational'), updatedAt: instant('operational') } as const;
