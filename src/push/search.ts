import { LobbieSyncError } from '../core/errors.ts';
import { isId } from '../core/ids.ts';
import { OVER_STATUSES } from '../core/writable.ts';
import { knownBefore, knownPatient, resultsOfOthers } from '../state/outbox/known.ts';
import type { PushContext } from './context.ts';
import { listRecords, type ReadRecord } from './lobbie.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { idText, meaning, same } from './values.ts';

/** What looking for the record of a create in doubt has shown. */
export type Search =
  | { readonly found: 'none' }
  | { readonly found: 'one'; readonly id: string; readonly match: ReadRecord }
  /** Several, or one that is over already: which of them it is, if any, is a person's to say. */
  | { readonly found: 'unclear'; readonly ids: readonly string[] };

const DAY_MS = 86_400_000;

/**
 * Whether a record is the one that a create made: it is the same person or visit beyond doubt (`same`); it agrees in the name and
 * one more thing (`likely`); it looks just as the create would have made it (`image`); perhaps; or not.
 */
type Likeness = 'same' | 'likely' | 'image' | 'perhaps' | 'other';

interface Candidate extends ReadRecord {
  readonly likeness: Likeness;
}

/** Looks for the record that a create made, if it made one. @param changes as they were sent */
export async function searchCreated(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<Search> {
  const found = await (row.resource === 'patients' ? patients : appointments)(context, row, changes);
  const byId = new Map<string, Candidate>();
  for (const candidate of found) {
    const id = idOf(candidate.record);
    if (id !== undefined) byId.set(id, candidate);
  }
  for (const id of await resultsOfOthers(context.db, row, [...byId.keys()])) byId.delete(id);
  for (const id of await knownBefore(context.db, row, [...byId.keys()], row.requestedAt)) {
    const candidate = byId.get(id);
    // What the mirror had before the row was written is not what the row became, but it may be the person who was meant.
    if (candidate?.likeness === 'likely') byId.set(id, { ...candidate, likeness: 'perhaps' });
    else if (candidate?.likeness !== 'same') byId.delete(id);
  }
  const all = [...byId];
  const fit = all.filter(([, { likeness }]) => likeness !== 'perhaps');
  const [first] = fit;
  if (fit.length === 1 && first !== undefined) return { found: 'one', id: first[0], match: first[1] };
  const open = fit.length > 1 ? fit : all;
  return open.length === 0 ? { found: 'none' } : { found: 'unclear', ids: open.map(([id]) => id) };
}

/** How a field of a record stands to the value that was sent; a list need not have every field. */
type Field = 'equal' | 'differs' | 'unknown';

function fieldOf(sent: unknown, has: unknown, equal: (a: unknown, b: unknown) => boolean): Field {
  if (sent === undefined || sent === null || has === undefined) return 'unknown';
  return equal(sent, has) ? 'equal' : 'differs';
}

/**
 * A patient of the same name, e-mail address and birth date is the same. With less it may be a namesake, unless there is nothing
 * in the record but what was sent; with another name, the same person written otherwise, or a twin. Pure.
 */
export function likenessOfPatient(sent: JsonObject, record: JsonObject): Likeness {
  const names = ['firstName', 'lastName'].map((name) => fieldOf(sent[name], record[name], sameLetters));
  const email = fieldOf(sent['email'], record['email'], sameLetters);
  const birthday = fieldOf(sent['dateOfBirth'], record['dateOfBirth'], (a, b) => same('birthday', a, b));
  if (names.includes('differs')) return email === 'equal' && birthday === 'equal' ? 'perhaps' : 'other';
  if (email === 'differs' || birthday === 'differs') return 'other';
  if (names.includes('unknown')) return 'perhaps';
  if (email === 'equal' && birthday === 'equal') return 'same';
  if (email === 'equal' || birthday === 'equal') return 'likely';
  const more = ['email', 'dateOfBirth', 'mobilePhone', 'gender'].some((name) => !sent[name] && Boolean(record[name]));
  return more ? 'perhaps' : 'image';
}

/** A visit of the patient with the practitioner at the time; one that is over may be an earlier one. Pure. */
export function likenessOfVisit(sent: JsonObject, record: JsonObject): Likeness {
  const sameId = (a: unknown, b: unknown) => same('id', a, b);
  const fields = [
    // The self-scheduling form may name no patient.
    ...(sent['patientId'] === undefined ? [] : [fieldOf(sent['patientId'], record['patientId'], sameId)]),
    fieldOf(sent['practitionerId'], record['practitionerId'], sameId),
    fieldOf(sent['startTime'], record['startTime'], (a, b) => same('instant', a, b)),
  ];
  if (fields.includes('differs')) return 'other';
  const over = OVER_STATUSES.has(String(record['status']));
  return over || fields.includes('unknown') ? 'perhaps' : 'same';
}

/** Patients who may be the one that a row made. */
async function patients(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<readonly Candidate[]> {
  const likeness = (record: JsonObject) => likenessOfPatient(changes, record);
  const by = typeof changes['email'] === 'string' ? 'email' : 'name';
  const value = String(by === 'email' ? changes['email'] : changes['lastName']).trim();
  // As it was sent, and as a server may have stored it.
  const values = [...new Set([value, by === 'email' ? value.toLowerCase() : value])];
  for (const each of values) {
    const found = await collect(context, row, { [by]: each }, likeness).catch(refusedAsNone);
    if (found.length > 0) return found;
  }
  return (await filterWorks(context, row, by)) ? [] : await collect(context, row, {}, likeness);
}

/** Whether two texts are the same but for case and spaces, which are no proof of another person. */
const sameLetters = (a: unknown, b: unknown): boolean => letters(a) === letters(b);
const letters = (text: unknown) => meaning('text', text)?.toLowerCase().replaceAll(/\s+/g, ' ');

/**
 * Whether a filter of listPatients can be believed when it finds nobody. The contract only assumes it; one that was left
 * unheard, or compares otherwise than thought, would make a second patient. So it has to find a patient who is known to be
 * there; where it doesn't, or where nobody is known, the whole list is read instead.
 */
async function filterWorks(context: PushContext, row: OutboxRow, by: 'email' | 'name'): Promise<boolean> {
  const { filters } = context;
  const key = `${row.accountId}/${by}`;
  const answer = filters.get(key) ?? tryFilter(context, row, by);
  filters.set(key, answer);
  // Only an answer is kept, not a failure to get one.
  return await answer.catch((error: unknown) => {
    filters.delete(key);
    throw error;
  });
}

async function tryFilter(context: PushContext, row: OutboxRow, by: 'email' | 'name'): Promise<boolean> {
  const known = await knownPatient(context.db, row.accountId, by);
  const value = by === 'email' ? known?.email : known?.lastName;
  if (known === undefined || value === null || value === undefined) return false;
  const isKnown = (record: JsonObject) => (idOf(record) === known.id ? 'same' : 'other');
  return (await collect(context, row, { [by]: value.trim() }, isKnown).catch(refusedAsNone)).length > 0;
}

/** Visits that may be the one that a row booked. */
async function appointments(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<readonly Candidate[]> {
  const patientId = changes['patientId'];
  const likeness = (record: JsonObject) => likenessOfVisit(changes, record);
  const of: Record<string, string> =
    patientId === undefined ? { practitionerId: String(changes['practitionerId']) } : { patientId: String(patientId) };
  const found = await collect(context, row, of, likeness);
  if (found.length > 0) return found;
  // Without a range a default one may apply, so the day is asked for as well.
  const start = Date.parse(String(changes['startTime']));
  if (Number.isNaN(start)) return [];
  const day = {
    startDate: new Date(start - DAY_MS).toISOString(),
    endDate: new Date(start + DAY_MS).toISOString(),
  };
  return await collect(context, row, { ...of, ...day }, likeness).catch(refusedAsNone);
}

async function collect(
  context: PushContext,
  row: OutboxRow,
  filter: Readonly<Record<string, string>>,
  likenessOf: (record: JsonObject) => Likeness,
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for await (const each of listRecords(context, row, filter)) {
    const likeness = likenessOf(each.record);
    if (likeness !== 'other') found.push({ ...each, likeness });
  }
  return found;
}

/** A filter that the API refuses found nobody; every other failure is one. */
function refusedAsNone(error: unknown): readonly Candidate[] {
  if (error instanceof LobbieSyncError && error.code === 'api.bad_request') return [];
  throw error;
}

/** The id of a record, with all its digits. */
export function idOf(record: JsonObject): string | undefined {
  const text = idText(record['id']);
  return isId(text) ? text : undefined;
}
