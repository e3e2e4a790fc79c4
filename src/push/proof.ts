import type { WritableFields } from '../core/writable.ts';
import type { JsonObject } from './row.ts';
import { idOf, same } from './values.ts';

/** What an answer or a reading says about a write. */
export type Proof =
  | {
      /** The write was carried out: `seen` has the id and the values. */
      readonly kind: 'proven';
      readonly seen: JsonObject;
      /** Fields that Lobbie has in another form than the one sent. */
      readonly other: readonly string[];
      readonly altered: Altered;
    }
  /** The answer lacks the record or a value: the record has to be read. */
  | { readonly kind: 'unproven' }
  /** The record does not have these values, or not yet. */
  | { readonly kind: 'absent'; readonly fields: readonly string[] }
  /** The record of another id came in its place. */
  | { readonly kind: 'another'; readonly id: string };

/** Fields that were not sent, and changed all the same. */
export interface Altered {
  readonly fields: readonly string[];
  /** Whether one of them lost its value. */
  readonly emptied: boolean;
}

const UNALTERED: Altered = { fields: [], emptied: false };

export interface SentUpdate {
  readonly fields: WritableFields;
  readonly id: string;
  readonly sent: JsonObject;
  /** The record as it was read right before. */
  readonly before: JsonObject;
}

/** Judges the answer to an update. It proves something only if it carries the record's id and all values. Pure. */
export function proofByAnswer(update: SentUpdate, answer: JsonObject | undefined): Proof {
  const { fields, id, sent, before } = update;
  if (answer === undefined || idOf(answer) !== id) return { kind: 'unproven' };
  const carried = Object.keys(sent).every((name) => name in answer && isSame(fields, name, sent, answer));
  // A value that was there and is not in the answer may be lost.
  const silent = Object.keys(fields).some((name) => !(name in answer) && !isSame(fields, name, before, {}));
  if (!carried || silent) return { kind: 'unproven' };
  return { kind: 'proven', seen: answer, other: [], altered: alteredFields(update, answer, false) };
}

/**
 * Judges the record as it was read after an update. A value that is neither the one sent nor the one before is a form of Lobbie's
 * own, but only if the answer to the write carried it as well: else somebody else may have written it. Pure.
 */
export function proofByReading(update: SentUpdate, answer: JsonObject | undefined, now: JsonObject): Proof {
  const { fields, id, sent, before } = update;
  const is = idOf(now);
  if (is !== id) return { kind: 'another', id: is ?? 'without an id' };
  const other = Object.keys(sent).filter((name) => !isSame(fields, name, sent, now));
  const answered = answer !== undefined && idOf(answer) === id ? answer : undefined;
  const absent = other.filter(
    (name) =>
      answered === undefined ||
      isSame(fields, name, before, now) ||
      !(name in answered && isSame(fields, name, answered, now)),
  );
  if (absent.length > 0) return { kind: 'absent', fields: absent };
  return { kind: 'proven', seen: now, other, altered: alteredFields(update, now, true) };
}

/** Judges the answer to a create, or the record that was read by the id of that answer. Pure. */
export function proofOfCreate(fields: WritableFields, sent: JsonObject, seen: JsonObject | undefined): Proof {
  if (seen === undefined || idOf(seen) === undefined) return { kind: 'unproven' };
  const absent = Object.keys(sent).filter((name) => name in fields && !isSame(fields, name, sent, seen));
  if (absent.length > 0) return { kind: 'absent', fields: absent };
  return { kind: 'proven', seen, other: [], altered: UNALTERED };
}

function isSame(fields: WritableFields, name: string, a: JsonObject, b: JsonObject): boolean {
  return same(fields[name]?.kind ?? 'text', a[name], b[name]);
}

/**
 * Writable fields with another value, and any fields that lost theirs.
 *
 * @param whole whether the record has all its fields, so that one that is left out is empty. In an answer it says nothing
 */
function alteredFields({ fields, sent, before }: SentUpdate, seen: JsonObject, whole: boolean): Altered {
  const isTold = (name: string) => !(name in sent) && (whole || name in seen);
  const emptied = Object.keys(before).filter((name) => isTold(name) && !isEmpty(before[name]) && isEmpty(seen[name]));
  const changed = Object.keys(fields).filter((name) => isTold(name) && !isSame(fields, name, before, seen));
  return { fields: [...new Set([...changed, ...emptied])], emptied: emptied.length > 0 };
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'string' && value.trim() === '');
