import { LobbieSyncError } from '../core/errors.ts';
import { OVER_STATUSES } from '../core/writable.ts';
import { exactNumber } from '../extractors/values.ts';
import { knownBefore, knownPatient, resultsOfOthers } from '../state/known.ts';
import type { PushContext } from './context.ts';
import { listRecords, type ReadRecord } from './lobbie.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { meaning, same } from './values.ts';

/** What looking for the record of a create in doubt has shown. */
export type Search =
  | { readonly found: 'none' }
  | { readonly found: 'one'; readonly id: string; readonly match: ReadRecord }
  /** Several, or one that is over already: which of them it is, if any, is a person's to say. */
  | { readonly found: 'unclear'; readonly ids: readonly string[] };

const DAY_MS = 86_400_000;

/** Looks for the record that a create made, if it made one. @param changes as they were sent */
export async function searchCreated(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<Search> {
  const found = await (row.resource === 'patients' ? patients : appointments)(context, row, changes);
  const byId = new Map<string, ReadRecord>();
  for (const match of found) {
    const id = idOf(match.record);
    if (id !== undefined) byId.set(id, match);
  }
  for (const id of await resultsOfOthers(context.db, row, [...byId.keys()])) byId.delete(id);
  // What the mirror had before the row was written is not what the row became, unless it is the same person beyond doubt.
  const doubtful = [...byId].filter(([, { record }]) => !isBeyondDoubt(row, changes, record)).map(([id]) => id);
  for (const id of await knownBefore(context.db, row, doubtful, row.requestedAt)) byId.delete(id);
  return judge([...byId]);
}

/**
 * A patient of the same e-mail address, name and birth date is the same person; with less, it may be a namesake. A visit at the
 * same time that is over may be an earlier one.
 */
function isBeyondDoubt(row: OutboxRow, changes: JsonObject, record: JsonObject): boolean {
  if (row.resource === 'appointments') return !isOver(record);
  return [changes['email'], changes['dateOfBirth']].every((value) => value !== undefined && value !== null);
}

const isOver = (record: JsonObject): boolean => OVER_STATUSES.has(String(record['status']));

function judge(matches: readonly (readonly [id: string, match: ReadRecord])[]): Search {
  const living = matches.filter(([, { record }]) => !isOver(record));
  const [first] = living;
  if (living.length === 1 && first !== undefined) return { found: 'one', id: first[0], match: first[1] };
  const open = living.length > 1 ? living : matches;
  return open.length === 0 ? { found: 'none' } : { found: 'unclear', ids: open.map(([id]) => id) };
}

/** Patients with the e-mail address, name and birth date of the row, as far as it gives them. */
async function patients(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<readonly ReadRecord[]> {
  const matches = (record: JsonObject) =>
    (['firstName', 'lastName', 'dateOfBirth', 'email'] as const).every((field) => {
      const wanted = changes[field];
      if (wanted === undefined || wanted === null) return true;
      if (field === 'dateOfBirth') return same('birthday', wanted, record[field]);
      return sameLetters(wanted, record[field]);
    });
  const by = typeof changes['email'] === 'string' ? 'email' : 'name';
  const value = String(by === 'email' ? changes['email'] : changes['lastName']).trim();
  // As it was sent, and as a server may have stored it.
  const values = [...new Set([value, by === 'email' ? value.toLowerCase() : value])];
  for (const each of values) {
    const found = await collect(context, row, { [by]: each }, matches).catch(refusedAsNone);
    if (found.length > 0) return found;
  }
  return (await filterWorks(context, row, by)) ? [] : await collect(context, row, {}, matches);
}

/** Whether two texts are the same but for the case of their letters, which is no proof of another person. */
const sameLetters = (a: unknown, b: unknown): boolean =>
  meaning('text', a)?.toLowerCase() === meaning('text', b)?.toLowerCase();

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
  const isKnown = (record: JsonObject) => idOf(record) === known.id;
  return (await collect(context, row, { [by]: value.trim() }, isKnown).catch(refusedAsNone)).length > 0;
}

/** Appointments of the patient with the practitioner at the time. */
async function appointments(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<readonly ReadRecord[]> {
  const patientId = changes['patientId'];
  const matches = (record: JsonObject) =>
    (patientId === undefined || same('id', patientId, record['patientId'])) &&
    same('id', changes['practitionerId'], record['practitionerId']) &&
    same('instant', changes['startTime'], record['startTime']);
  const of: Record<string, string> =
    patientId === undefined ? { practitionerId: String(changes['practitionerId']) } : { patientId: String(patientId) };
  const found = await collect(context, row, of, matches);
  if (found.length > 0) return found;
  // Without a range a default one may apply, so the day is asked for as well.
  const start = Date.parse(String(changes['startTime']));
  if (Number.isNaN(start)) return [];
  const day = {
    startDate: new Date(start - DAY_MS).toISOString(),
    endDate: new Date(start + DAY_MS).toISOString(),
  };
  return await collect(context, row, { ...of, ...day }, matches).catch(refusedAsNone);
}

async function collect(
  context: PushContext,
  row: OutboxRow,
  filter: Readonly<Record<string, string>>,
  matches: (record: JsonObject) => boolean,
): Promise<readonly ReadRecord[]> {
  const found: ReadRecord[] = [];
  for await (const each of listRecords(context, row, filter)) if (matches(each.record)) found.push(each);
  return found;
}

/** A filter that the API refuses found nobody; every other failure is one. */
function refusedAsNone(error: unknown): readonly ReadRecord[] {
  if (error instanceof LobbieSyncError && error.code === 'api.bad_request') return [];
  throw error;
}

/** The id of a record, with all its digits. */
export function idOf(record: JsonObject): string | undefined {
  const { id } = record;
  const text = exactNumber(id) ?? (typeof id === 'number' || typeof id === 'string' ? String(id) : '');
  return /^[1-9]\d{0,18}$/.test(text) ? text : undefined;
}
