import { isDeepStrictEqual } from 'node:util';
import { MADE_UP } from './tables.ts';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/** Nested content in one form: no nulls among the fields, instants as milliseconds, the order of keys without meaning. */
function plainJson(value: unknown, keepNulls: boolean, loose: boolean): unknown {
  if (Array.isArray(value)) return value.map((part) => plainJson(part, keepNulls, loose));
  if (typeof value === 'string' && INSTANT.test(value)) return `@${Date.parse(value)}`;
  if (typeof value !== 'object' || value === null) return loose && value !== null ? String(value) : value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => keepNulls || (member !== null && member !== undefined))
      .map(([name, member]) => [name, plainJson(member, name === 'mappedAnswers', loose)]),
  );
}

/**
 * Whether a column holds what the world says.
 *
 * @param type of the column, as `information_schema.columns.data_type` names it
 * @param stored the value as text; of an instant, milliseconds since 1970
 */
export function agrees(column: string, type: string, wanted: unknown, stored: string | null): boolean {
  if (wanted === MADE_UP) return stored !== null && /^-\d+$/.test(stored);
  if (wanted === null || wanted === undefined || stored === null) return (wanted ?? null) === stored;
  switch (type) {
    case 'timestamp with time zone':
      return Number(stored) === Date.parse(String(wanted));
    case 'numeric':
      return Number(stored) === wanted;
    case 'jsonb': {
      const keepNulls = column === 'mapped_answers';
      return isDeepStrictEqual(plainJson(JSON.parse(stored), keepNulls, false), plainJson(wanted, keepNulls, false));
    }
    default:
      return stored === String(wanted);
  }
}

/**
 * Names of the fields that the record as received has otherwise than the world; fields that the world does not know do not count.
 * A number may have come as text.
 */
export function rawFaults(wanted: Readonly<Record<string, unknown>>, stored: string | null): string[] {
  if (stored === null) return ['(missing)'];
  const raw = JSON.parse(stored) as Readonly<Record<string, unknown>>;
  return Object.keys(wanted).filter((field) => {
    const loose = (value: unknown) => plainJson(value ?? null, field === 'mappedAnswers', true);
    return !isDeepStrictEqual(loose(raw[field]), loose(wanted[field]));
  });
}
