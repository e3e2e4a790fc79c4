import { canonicalInstant, isCalendarDay, type NoInstant } from '../core/instants.ts';

/**
 * Conversions from JSON values to the text form that Postgres COPY reads. Each returns the text, or a problem that
 * describes the kind of fault and never the value, since values are patient data.
 */
export type Conversion = (value: unknown) => string | Unreadable;

/** Why a value can't be stored. */
export interface Unreadable {
  readonly problem: string;
  /** The value means nothing that the column could hold and is stored as null where the column may be null. Default false. */
  readonly empty?: boolean;
}

interface RawJson {
  readonly rawJSON: string;
}

const isRawJson = (JSON as unknown as { isRawJSON(value: unknown): value is RawJson }).isRawJSON;

/** The source text of a number that a double can't hold (see api/json.ts), else undefined. */
export function exactNumber(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && isRawJson(value) ? value.rawJSON : undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (exactNumber(value) !== undefined) return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Postgres text can hold every Unicode scalar value except NUL, and no lone surrogate. */
function storable(value: string): string | Unreadable {
  if (value.includes('\0')) return { problem: 'contains a NUL character, which Postgres text cannot hold' };
  if (!value.isWellFormed()) return { problem: 'contains half of a surrogate pair, which is not valid Unicode' };
  return value;
}

const INTEGER = /^-?\d{1,19}$/;

/** Conversion of integers within bounds, also when they come as text or beyond 2^53. */
export function integerBetween(min: bigint, max: bigint): Conversion {
  const low = Number(min);
  const high = Number(max);
  const outside = { problem: 'is outside the range of its column' };
  return (value) => {
    if (typeof value === 'number') {
      if (Number.isSafeInteger(value)) return value >= low && value <= high ? String(value) : outside;
      return Number.isInteger(value) ? outside : { problem: 'expected an integer, got a fraction' };
    }
    const source = exactNumber(value) ?? (typeof value === 'string' ? value.trim() : undefined);
    if (source === undefined) return { problem: `expected an integer, got ${kindOf(value)}` };
    if (!INTEGER.test(source)) return { problem: 'expected an integer, got other text or a number out of range' };
    const exact = BigInt(source);
    return exact >= min && exact <= max ? exact.toString() : outside;
  };
}

export function asText(value: unknown): string | Unreadable {
  if (typeof value === 'string') return storable(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return exactNumber(value) ?? { problem: `expected text, got ${kindOf(value)}` };
}

export function asBoolean(value: unknown): string | Unreadable {
  if (value === true || value === 'true') return 't';
  if (value === false || value === 'false') return 'f';
  return { problem: `expected a boolean, got ${kindOf(value)}` };
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;

export function asNumeric(value: unknown): string | Unreadable {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : { problem: 'is not a finite number' };
  const source = exactNumber(value) ?? (typeof value === 'string' ? value.trim() : undefined);
  if (source === undefined) return { problem: `expected a number, got ${kindOf(value)}` };
  // Postgres numeric has no practical limit at this length, but a page of digits is a fault of the sender.
  return source.length <= 1000 && DECIMAL.test(source) ? source : { problem: 'expected a number, got other text' };
}

/** A decimal without plus sign and trailing zeros: `1.50` sent as text and `1.5` sent as a number are one value. Pure. */
export const plainDecimal = (source: string): string =>
  /[eE]/.test(source)
    ? source
    : source
        .replace(/^\+/, '')
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '');

export function asJson(value: unknown): string | Unreadable {
  if (typeof value !== 'object' || exactNumber(value) !== undefined)
    return { problem: `expected an object or an array, got ${kindOf(value)}` };
  return storableJson(JSON.stringify(value));
}

/** Checks JSON text for what `jsonb` refuses. The text must come from JSON.stringify, which escapes both in one way. */
export function storableJson(source: string): string | Unreadable {
  if (!source.includes('\\u')) return source;
  if (/(?<!\\)(\\\\)*\\u0000/.test(source)) {
    return { problem: 'contains a NUL character, which Postgres cannot hold' };
  }
  if (/(?<!\\)(\\\\)*\\ud[89a-f]/.test(source)) {
    return { problem: 'contains half of a surrogate pair, which is not valid Unicode' };
  }
  return source;
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
/** A plain date that a sender wrote as midnight in some time zone; only its date part has a meaning. */
const MIDNIGHT = /^(\d{4}-\d{2}-\d{2})[T ]00:00(?::00(?:[.,]0{1,12})?)?\s?(?:Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

const OUT_OF_RANGE: Unreadable = { problem: 'is outside the years 1 to 9999', empty: true };

export function asDate(value: unknown): string | Unreadable {
  if (typeof value !== 'string') return { problem: `expected a date, got ${kindOf(value)}` };
  const source = value.trim();
  const plain = MIDNIGHT.exec(source)?.[1] ?? source;
  const match = DATE.exec(plain);
  if (match?.[1] === '0000') return OUT_OF_RANGE;
  if (match === null || !isCalendarDay(Number(match[1]), Number(match[2]), Number(match[3]))) {
    return { problem: 'expected a date as YYYY-MM-DD' };
  }
  return plain;
}

const NO_INSTANT: Readonly<Record<NoInstant, Unreadable>> = {
  form: { problem: 'expected an instant in ISO 8601' },
  missing: { problem: 'is not an instant that exists' },
  range: OUT_OF_RANGE,
};

/** Converts an instant to one canonical form, so that another spelling of the same instant is no change. */
export function asInstant(value: unknown): string | Unreadable {
  if (typeof value !== 'string') return { problem: `expected an instant, got ${kindOf(value)}` };
  const canonical = canonicalInstant(value);
  return typeof canonical === 'string' ? canonical : NO_INSTANT[canonical.problem];
}
