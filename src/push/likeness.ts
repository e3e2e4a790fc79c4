import { instantMs } from '../core/instants.ts';
import { OVER_STATUSES, type WritableResource } from '../core/writable.ts';
import type { JsonObject } from './row.ts';
import { meaning, same } from './values.ts';

/**
 * How well a record fits a create. `same`: it is certainly the same person or visit. `likely`: it agrees in the name and in the
 * e-mail address or the birth date. `image`: it looks exactly as the create would have made it. `perhaps`: it is not certain, and a
 * person has to look. `other`: it does not fit.
 */
export type Likeness = 'same' | 'likely' | 'image' | 'perhaps' | 'other';

/** How a field of a record compares with the value that was sent. `absent`: the record has none. `unknown`: it was not sent, or is not shown. */
type Field = 'equal' | 'differs' | 'absent' | 'unknown';

function fieldOf(sent: unknown, has: unknown, equal: (a: unknown, b: unknown) => boolean): Field {
  if (sent === undefined || sent === null || has === undefined) return 'unknown';
  if (has === null || has === '') return 'absent';
  return equal(sent, has) ? 'equal' : 'differs';
}

/** Judges how well a record fits a create, by its kind. Pure. */
export const likenessOf = (resource: WritableResource, sent: JsonObject, record: JsonObject): Likeness =>
  ({ patients: likenessOfPatient, appointments: likenessOfVisit })[resource](sent, record);

/**
 * Judges how well a patient fits a create. With the same name, e-mail address and birth date it is the same person. With less
 * it may be a namesake, unless the record holds nothing but what was sent. Lobbie may keep a value in another form or not at all: a record
 * that agrees in two of name, e-mail address, birth date and phone is perhaps the same person. Pure.
 */
export function likenessOfPatient(sent: JsonObject, record: JsonObject): Likeness {
  const names = ['firstName', 'lastName'].map((name) => fieldOf(sent[name], record[name], sameName));
  const email = fieldOf(sent['email'], record['email'], (a, b) => same('email', a, b));
  const birthday = fieldOf(sent['dateOfBirth'], record['dateOfBirth'], (a, b) => same('birthday', a, b));
  const phone = fieldOf(sent['mobilePhone'], record['mobilePhone'], (a, b) => same('phone', a, b));
  const others = [email, birthday, phone];
  const named = names.every((field) => field === 'equal');
  const agreeing = others.filter((field) => field === 'equal').length + (named ? 1 : 0);
  const misnamed = names.some((field) => field === 'differs' || field === 'absent');
  if (misnamed || others.includes('differs')) return agreeing >= 2 ? 'perhaps' : 'other';
  if (!named || others.includes('absent')) return 'perhaps';
  if (email === 'equal' && birthday === 'equal') return 'same';
  if (email === 'equal' || birthday === 'equal') return 'likely';
  const more = ['email', 'dateOfBirth', 'mobilePhone', 'gender'].some((name) => !sent[name] && Boolean(record[name]));
  return more ? 'perhaps' : 'image';
}

/** The largest offset of a time zone: as far apart are two readings of one local time, milliseconds. */
const ZONE_MS = 14 * 3_600_000;

/**
 * Judges how well a visit fits a booking, by patient, practitioner and start. A cancelled visit may be an earlier one. One of the same
 * day may be the booking on Lobbie's own grid, or with the time of a place without its offset. Pure.
 */
export function likenessOfVisit(sent: JsonObject, record: JsonObject): Likeness {
  const sameId = (a: unknown, b: unknown) => same('id', a, b);
  const fields = [
    // The self-scheduling form may name no patient.
    ...(sent['patientId'] === undefined ? [] : [fieldOf(sent['patientId'], record['patientId'], sameId)]),
    fieldOf(sent['practitionerId'], record['practitionerId'], sameId),
  ];
  if (fields.includes('differs')) return 'other';
  const start = fieldOf(sent['startTime'], record['startTime'], (a, b) => same('instant', a, b));
  if (start === 'differs') {
    const [a, b] = [sent['startTime'], record['startTime']].map((text) => instantMs(String(text)));
    const isNear = a === undefined || b === undefined || Math.abs(a - b) <= ZONE_MS;
    return isNear ? 'perhaps' : 'other';
  }
  const over = OVER_STATUSES.has(String(record['status']));
  return over || [...fields, start].some((field) => field !== 'equal') ? 'perhaps' : 'same';
}

/** Letters that no decomposition takes apart, in the form in which a system without them writes them. */
const PLAIN: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** A name without case, marks, quotes, hyphens and spaces, which do not tell two persons apart. */
const foldedName = (text: unknown): string =>
  (meaning('text', text) ?? '')
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[ßæœøłđðþı]/g, (letter) => PLAIN[letter] ?? letter)
    .replaceAll(/[^\p{L}\p{N}]/gu, '');

/** Whether two names are equal once folded. A name of other signs only is compared as it is. */
function sameName(a: unknown, b: unknown): boolean {
  const folded = foldedName(a);
  return folded === '' ? same('text', a, b) : folded === foldedName(b);
}
