import { LobbieSyncError } from '../core/errors.ts';
import { isId } from '../core/ids.ts';
import { OVER_STATUSES } from '../core/writable.ts';
import { knownBefore, knownPatient, resultsOfOthers } from '../state/outbox/known.ts';
import type { PushContext } from './context.ts';
import { listRecords, type ReadRecord } from './lobbie.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { idText, meaning, same } from './values.ts';

/** The result of a search for the record of a create in doubt. */
export type Search =
  | { readonly found: 'none' }
  | { readonly found: 'one'; readonly id: string; readonly match: ReadRecord }
  /** Several records, or one that is not certain. A person has to say which one it is, if any. */
  | { readonly found: 'unclear'; readonly ids: readonly string[] };

const DAY_MS = 86_400_000;

/**
 * How well a record fits a create. `same`: it is certainly the same person or visit. `likely`: it agrees in the name and in the
 * e-mail address or the birth date. `image`: it looks exactly as the create would have made it. `perhaps`: it is not certain.
 * `other`: it does not fit.
 */
type Likeness = 'same' | 'likely' | 'image' | 'perhaps' | 'other';

interface Candidate extends ReadRecord {
  readonly likeness: Likeness;
}

/** Searches Lobbie for the record that a create may have made. @param changes as they were sent */
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
    // The mirror had this record before the row was requested, so the row did not create it. But it may be the person meant.
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

/** How a field of a record compares with the value that was sent. `unknown`: one of the two is missing. */
type Field = 'equal' | 'differs' | 'unknown';

function fieldOf(sent: unknown, has: unknown, equal: (a: unknown, b: unknown) => boolean): Field {
  if (sent === undefined || sent === null || has === undefined) return 'unknown';
  return equal(sent, has) ? 'equal' : 'differs';
}

/**
 * Judges how well a patient fits a create. With the same name, e-mail address and birth date it is the same person. With less
 * it may be a namesake, unless the record holds nothing but what was sent. With another name but the same address and birth date
 * it may be the same person spelled differently, or a twin. Pure.
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

/** Judges how well a visit fits a booking, by patient, practitioner and start. A cancelled visit may be an earlier one. Pure. */
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

/** Patients that the row may have created. */
async function patients(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<readonly Candidate[]> {
  const likeness = (record: JsonObject) => likenessOfPatient(changes, record);
  const by = typeof changes['email'] === 'string' ? 'email' : 'name';
  const value = String(by === 'email' ? changes['email'] : changes['lastName']).trim();
  // The server may have stored an e-mail address in lower case.
  const values = [...new Set([value, by === 'email' ? value.toLowerCase() : value])];
  for (const each of values) {
    const found = await collect(context, row, { [by]: each }, likeness).catch(refusedAsNone);
    if (found.length > 0) return found;
  }
  return (await filterWorks(context, row, by)) ? [] : await collect(context, row, {}, likeness);
}

/** Whether two texts are equal apart from case and spaces, which do not tell two persons apart. */
const sameLetters = (a: unknown, b: unknown): boolean => letters(a) === letters(b);
const letters = (text: unknown) => meaning('text', text)?.toLowerCase().replaceAll(/\s+/g, ' ');

/**
 * Whether an empty result of a filter of listPatients can be trusted. The contract only assumes the filters. If one is ignored or
 * compares differently, trusting it would create a second patient. So before an empty search result is trusted, the same filter
 * must find a patient known to exist. If it does not, or no patient is known, the whole list is read instead.
 */
async function filterWorks(context: PushContext, row: OutboxRow, by: 'email' | 'name'): Promise<boolean> {
  const { filters } = context;
  const key = `${row.accountId}/${by}`;
  const answer = filters.get(key) ?? testFilter(context, row, by);
  filters.set(key, answer);
  // A failure is not cached, so that the next search tries again.
  return await answer.catch((error: unknown) => {
    filters.delete(key);
    throw error;
  });
}

async function testFilter(context: PushContext, row: OutboxRow, by: 'email' | 'name'): Promise<boolean> {
  const known = await knownPatient(context.db, row.accountId, by);
  const value = by === 'email' ? known?.email : known?.lastName;
  if (known === undefined || value === null || value === undefined) return false;
  const isKnown = (record: JsonObject) => (idOf(record) === known.id ? 'same' : 'other');
  return (await collect(context, row, { [by]: value.trim() }, isKnown).catch(refusedAsNone)).length > 0;
}

/** Visits that the row may have booked. */
async function appointments(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<readonly Candidate[]> {
  const patientId = changes['patientId'];
  const likeness = (record: JsonObject) => likenessOfVisit(changes, record);
  const of: Record<string, string> =
    patientId === undefined ? { practitionerId: String(changes['practitionerId']) } : { patientId: String(patientId) };
  const found = await collect(context, row, of, likeness);
  if (found.length > 0) return found;
  // Without a range the API may apply a default one, so the days around the visit are searched as well.
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

/** Takes a filter that the API refuses for an empty result; rethrows every other error. */
function refusedAsNone(error: unknown): readonly Candidate[] {
  if (error instanceof LobbieSyncError && error.code === 'api.bad_request') return [];
  throw error;
}

/** The id of a record as text, without rounding. */
export function idOf(record: JsonObject): string | undefined {
  const text = idText(record['id']);
  return isId(text) ? text : undefined;
}
