/**
 * Conversions from JSON values to the text form that Postgres COPY reads. Each returns the text, or a problem that
 * describes the kind of fault and never the value, since values are patient data.
 */
export type Conversion = (value: unknown) => string | { readonly problem: string };

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
function storable(value: string): string | { problem: string } {
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

export function asText(value: unknown): string | { problem: string } {
  if (typeof value === 'string') return storable(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return exactNumber(value) ?? { problem: `expected text, got ${kindOf(value)}` };
}

export function asBoolean(value: unknown): string | { problem: string } {
  if (value === true || value === 'true') return 't';
  if (value === false || value === 'false') return 'f';
  return { problem: `expected a boolean, got ${kindOf(value)}` };
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;

export function asNumeric(value: unknown): string | { problem: string } {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : { problem: 'is not a finite number' };
  const source = exactNumber(value) ?? (typeof value === 'string' ? value.trim() : undefined);
  if (source === undefined) return { problem: `expected a number, got ${kindOf(value)}` };
  // Postgres numeric has no practical limit at this length, but a page of digits is a fault of the sender.
  return source.length <= 1000 && DECIMAL.test(source) ? source : { problem: 'expected a number, got other text' };
}

export function asJson(value: unknown): string | { problem: string } {
  if (typeof value !== 'object' || exactNumber(value) !== undefined)
    return { problem: `expected an object or an array, got ${kindOf(value)}` };
  return storableJson(JSON.stringify(value));
}

/** Checks JSON text for what `jsonb` refuses. The text must come from JSON.stringify, which escapes both in one way. */
export function storableJson(source: string): string | { problem: string } {
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
const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})([.,]\d{1,9})?)?\s?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;

function isCalendarDate(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year < 100 ? year + 400 : year, month, 0)).getUTCDate();
}

export function asDate(value: unknown): string | { problem: string } {
  if (typeof value !== 'string') return { problem: `expected a date, got ${kindOf(value)}` };
  const source = value.trim();
  // Some senders write a plain date as midnight UTC; its date part is what is meant.
  const plain = /^\d{4}-\d{2}-\d{2}T00:00(:00(\.0+)?)?Z?$/.test(source) ? source.slice(0, 10) : source;
  const match = DATE.exec(plain);
  if (match === null || !isCalendarDate(Number(match[1]), Number(match[2]), Number(match[3]))) {
    return { problem: 'expected a date as YYYY-MM-DD' };
  }
  return plain;
}

/** The form that nearly all instants have: decided without taking them apart, days that every month has. */
const PLAIN_INSTANT =
  /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

export function asInstant(value: unknown): string | { problem: string } {
  if (typeof value === 'string' && PLAIN_INSTANT.test(value)) return value;
  if (typeof value !== 'string') return { problem: `expected an instant, got ${kindOf(value)}` };
  const source = value.trim();
  const match = INSTANT.exec(source);
  if (match === null) return { problem: 'expected an instant in ISO 8601' };
  const [, year, month, day, hour = '0', minute = '0', second = '0', , zone = 'Z'] = match;
  const inRange = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
  if (!inRange || !isCalendarDate(Number(year), Number(month), Number(day)) || !isOffset(zone)) {
    return { problem: 'is not an instant that exists' };
  }
  const local = match[4] === undefined ? `${source} 00:00:00` : source.replace(/\s?(Z|z|[+-]\d{2}(?::?\d{2})?)$/, '');
  return `${local.replace(',', '.')}${zone.toUpperCase()}`;
}

function isOffset(zone: string): boolean {
  if (zone === 'Z' || zone === 'z') return true;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || '0');
  return hours <= 15 && minutes <= 59;
}
