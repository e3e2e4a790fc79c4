/**
 * One reading of instants for all that is read and written: ISO 8601 in the forms that senders use, and as Postgres prints it
 * (`2027-03-04 15:07:00+00`). Without an offset it is UTC, as FACTS.md says instants are.
 */

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?\s?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** The form that nearly all instants have, canonical as it is: on days that every month has. */
const PLAIN =
  /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{0,5}[1-9])?Z$/;

/** Why a text is no instant: it is written otherwise, names a day or hour that does not exist, or lies outside 0001 to 9999. */
export type NoInstant = 'form' | 'missing' | 'range';

const pad = (value: number, length: number): string => String(value).padStart(length, '0');

/** Days of a month; years repeat every 400, and `Date.UTC` takes 0 to 99 for the last century. */
const daysIn = (year: number, month: number): number => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

/** Whether a day exists in the calendar, year 1 to 9999. */
export function isCalendarDay(year: number, month: number, day: number): boolean {
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || '0');
  if (hours > 15 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * The canonical form of an instant: UTC, `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`, cut below microseconds and without trailing zeros. Two
 * texts mean the same instant, as Postgres keeps it, exactly when their canonical forms are equal. Pure.
 */
export function canonicalInstant(text: string): string | { readonly problem: NoInstant } {
  if (PLAIN.test(text)) return text;
  const match = INSTANT.exec(text.trim());
  if (match === null) return { problem: 'form' };
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
  const offset = offsetMinutes(zone);
  const inRange = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
  const exists = inRange && isCalendarDay(Number(year), Number(month), Number(day));
  if (!exists || offset === undefined) return { problem: year === '0000' ? 'range' : 'missing' };
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  at.setUTCHours(Number(hour), Number(minute) - offset, Number(second));
  const utcYear = at.getUTCFullYear();
  if (utcYear < 1 || utcYear > 9999) return { problem: 'range' };
  const date = `${pad(utcYear, 4)}-${pad(at.getUTCMonth() + 1, 2)}-${pad(at.getUTCDate(), 2)}`;
  const time = `${pad(at.getUTCHours(), 2)}:${pad(at.getUTCMinutes(), 2)}:${pad(at.getUTCSeconds(), 2)}`;
  const micros = fraction.slice(0, 6).replace(/0+$/, '');
  return `${date}T${time}${micros === '' ? '' : `.${micros}`}Z`;
}

/** Milliseconds since 1970 of a text that {@link canonicalInstant} reads; undefined for any other. Pure. */
export function instantMs(text: string): number | undefined {
  const canonical = canonicalInstant(text);
  return typeof canonical === 'string' ? new Date(canonical).getTime() : undefined;
}

/** Orders two canonical instants: negative when the first is earlier. Pure. */
export function compareInstants(a: string, b: string): number {
  // Without its Z a text that has a fraction begins with the one that has none.
  const [left, right] = [a.slice(0, -1), b.slice(0, -1)];
  return left === right ? 0 : left < right ? -1 : 1;
}
