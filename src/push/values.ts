import { z } from 'zod';
import { isId } from '../core/ids.ts';
import { APPOINTMENT_STATUSES, type WritableKind } from '../core/writable.ts';
import { asDate, asInstant, asText, exactNumber } from '../extractors/values.ts';
import { internationalPhone } from './phones.ts';

/** A checked value in the form in which it is sent, or the kind of its fault; a fault never holds the value. */
export type Checked = { readonly value: unknown } | { readonly problem: string };

const MAX_ID = 2n ** 63n - 1n;
const DAY_MS = 86_400_000;

/** The pattern that browsers use, with letters of every script. */
const email = z.email({ pattern: z.regexes.unicodeEmail });

/** ISO 8601 as every reader takes it. */
const FULL_OFFSET = /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/;

/** Checks one value of a change; null is handled by the caller. Pure. @param now the time after which dates are refused */
export function checkValue(kind: WritableKind, value: unknown, now: Date): Checked {
  switch (kind) {
    case 'name': {
      const text = plainText(value);
      return 'value' in text && String(text.value).trim() === '' ? { problem: 'must not be empty' } : text;
    }
    case 'text':
      return plainText(value);
    case 'email': {
      const text = plainText(value);
      if ('problem' in text) return text;
      return email.safeParse(text.value).success ? text : { problem: 'is not an e-mail address' };
    }
    case 'phone': {
      const text = plainText(value);
      if ('problem' in text) return text;
      const digits = digitsOf(String(text.value));
      const fits = /^[+\d\s().\-/]+$/.test(String(text.value)) && digits.length >= 7 && digits.length <= 15;
      return fits ? text : { problem: 'is not a phone number of 7 to 15 digits' };
    }
    case 'birthday': {
      const date = asDate(value);
      if (typeof date !== 'string') return date;
      // In another time zone the next day may have begun already.
      const latest = new Date(now.getTime() + DAY_MS).toISOString().slice(0, 10);
      return date > latest ? { problem: 'lies in the future' } : { value: date };
    }
    case 'id':
      return checkId(value);
    case 'patient': {
      const ref = externalRefOf(value);
      return ref === undefined ? checkId(value) : ref === '' ? { problem: 'externalRef must not be empty' } : { value };
    }
    case 'instant': {
      const instant = asInstant(value);
      if (typeof instant !== 'string') return instant;
      const text = String(value).trim();
      return /([zZ]|[+-]\d{2}(:?\d{2})?)$/.test(String(value).trim()) && /[T ]\d{2}:/.test(String(value))
        ? // Lobbie gets the offset that was written; one that is cut short, as Postgres prints it, in full.
          { value: FULL_OFFSET.test(text) ? text : instant }
        : { problem: 'needs a time and an offset, e.g. 2026-01-15T09:00:00-05:00' };
    }
    case 'status': {
      const known: readonly unknown[] = APPOINTMENT_STATUSES;
      return known.includes(value) ? { value } : { problem: `must be one of ${APPOINTMENT_STATUSES.join(', ')}` };
    }
  }
}

function plainText(value: unknown): Checked {
  if (typeof value !== 'string') return { problem: `expected text, got ${kindOf(value)}` };
  const text = asText(value);
  return typeof text === 'string' ? { value: text } : text;
}

function checkId(value: unknown): Checked {
  const source = idText(value);
  if (!isId(source) || BigInt(source) > MAX_ID) {
    return { problem: `expected an id, got ${/^\d+$/.test(source) ? 'a number out of range' : kindOf(value)}` };
  }
  return { value: idNumber(source) };
}

/** The digits of an id that is a number or a text; '' for anything else. */
export const idText = (value: unknown): string =>
  exactNumber(value) ?? (typeof value === 'number' || typeof value === 'string' ? String(value) : '');

/** The id of a record as text, without rounding; undefined if it has none. */
export function idOf(record: Readonly<Record<string, unknown>>): string | undefined {
  const text = idText(record['id']);
  return isId(text) ? text : undefined;
}

/** An id as a number for JSON, without rounding. */
export const idNumber = (id: string): number | bigint => (Number.isSafeInteger(Number(id)) ? Number(id) : BigInt(id));

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (exactNumber(value) !== undefined) return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}

/** A reference to the outbox row that creates a patient: `{"externalRef": "crm-17"}`; undefined if the value is no reference. */
export function externalRefOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || exactNumber(value) !== undefined) return undefined;
  const names = Object.keys(value);
  const ref = (value as { externalRef?: unknown }).externalRef;
  return names.length === 1 && typeof ref === 'string' ? ref : undefined;
}

const digitsOf = (text: string): string => text.replace(/\D/g, '');

/**
 * A canonical text: equal for all forms of a value that mean the same; null for an empty value. Lobbie stores phone numbers as
 * digits with the country code, and returns instants with the offset of the location.
 */
export function meaning(kind: WritableKind, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const source = exactNumber(value) ?? (typeof value === 'object' ? JSON.stringify(value) : String(value));
  const text = source.normalize('NFC').trim();
  if (text === '') return null;
  switch (kind) {
    case 'email':
      return text.toLowerCase();
    case 'phone': {
      const digits = digitsOf(text);
      if (digits === '') return text;
      return internationalPhone(text) ?? digits;
    }
    case 'birthday': {
      const date = asDate(text);
      return typeof date === 'string' ? date : text;
    }
    case 'instant': {
      const instant = asInstant(text);
      return typeof instant === 'string' ? String(new Date(instant).getTime()) : text;
    }
    default:
      return text;
  }
}

/** Whether two values mean the same. */
export const same = (kind: WritableKind, a: unknown, b: unknown): boolean => meaning(kind, a) === meaning(kind, b);
