import { LobbieSyncError } from '../core/errors.ts';
import { instantMs } from '../core/instants.ts';
import { knownBefore, resultsOfOthers } from '../state/outbox/known.ts';
import type { PushContext } from './context.ts';
import { filterWorks } from './filters.ts';
import { type Likeness, likenessOfPatient, likenessOfVisit } from './likeness.ts';
import { listRecords, type ReadRecord } from './lobbie.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { idOf } from './values.ts';

/** The result of a search for the record of a create in doubt. */
export type Search =
  | { readonly found: 'none' }
  | { readonly found: 'one'; readonly id: string; readonly match: ReadRecord }
  /** Several records, or one that is not certain. A person has to say which one it is, if any. */
  | { readonly found: 'unclear'; readonly ids: readonly string[] };

const DAY_MS = 86_400_000;
/** How far a stamp of Lobbie may be off when the age of a record is judged: it may be a local time, milliseconds. */
const SKEW_MS = 15 * 3_600_000;

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
  const known = await knownBefore(context.db, row, [...byId.keys()], row.requestedAt);
  for (const [id, candidate] of byId) {
    const isUncertain = candidate.likeness === 'perhaps';
    // Whatever is not certain, and was there before the row was requested, is somebody else's.
    if (isUncertain && (known.has(id) || isOlder(candidate.record, row.requestedAt))) byId.delete(id);
    if (isUncertain || !known.has(id)) continue;
    // The row did not create this one either. But it may be the person meant.
    if (candidate.likeness === 'likely') byId.set(id, { ...candidate, likeness: 'perhaps' });
    else if (candidate.likeness !== 'same') byId.delete(id);
  }
  const all = [...byId];
  const fit = all.filter(([, { likeness }]) => likeness !== 'perhaps');
  const [first] = fit;
  if (fit.length === 1 && first !== undefined) return { found: 'one', id: first[0], match: first[1] };
  const open = fit.length > 1 ? fit : all;
  return open.length === 0 ? { found: 'none' } : { found: 'unclear', ids: open.map(([id]) => id) };
}

/** Whether a record says that it was made before an instant. */
function isOlder(record: JsonObject, than: Date): boolean {
  const made = instantMs(String(record['createdAt'] ?? ''));
  return made !== undefined && made < than.getTime() - SKEW_MS;
}

/**
 * Patients that the row may have created. Lobbie may keep the e-mail address otherwise or not at all, so that the name is searched for
 * as well, and that search decides whether nobody was found.
 */
async function patients(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<readonly Candidate[]> {
  const likeness = (record: JsonObject) => likenessOfPatient(changes, record);
  const search = (filter: Readonly<Record<string, string>>) =>
    collect(context, row, filter, likeness).catch(refusedAsNone);
  const found: Candidate[] = [];
  const email = typeof changes['email'] === 'string' ? changes['email'].trim() : '';
  // The server may have stored an e-mail address in lower case.
  for (const each of new Set(email === '' ? [] : [email, email.toLowerCase()])) {
    found.push(...(await search({ email: each })));
    if (found.some((candidate) => candidate.likeness === 'same' || candidate.likeness === 'likely')) return found;
  }
  const name = String(changes['lastName']).trim();
  const part = plainPart(name);
  for (const each of new Set([name, ...(part === '' ? [] : [part])])) found.push(...(await search({ name: each })));
  if (found.some((candidate) => candidate.likeness !== 'perhaps')) return found;
  const trusted =
    (await filterWorks(context, row, 'name')) &&
    (part === name || (part !== '' && (await filterWorks(context, row, 'part'))));
  return trusted ? found : await collect(context, row, {}, likeness);
}

/**
 * The longest part of a name without marks, quotes and hyphens: Lobbie may keep those otherwise, and the filter may compare them. At
 * least two letters, or ''.
 */
function plainPart(name: string): string {
  const parts = name.match(/[A-Za-z ]+/g) ?? [];
  const longest = parts.map((each) => each.trim()).reduce((a, b) => (b.length > a.length ? b : a), '');
  return longest.length >= 2 ? longest : '';
}

/** Visits that the row may have booked. */
async function appointments(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<readonly Candidate[]> {
  const patientId = changes['patientId'];
  const likeness = (record: JsonObject) => likenessOfVisit(changes, record);
  const of: Record<string, string> =
    patientId === undefined ? { practitionerId: String(changes['practitionerId']) } : { patientId: String(patientId) };
  const found = await collect(context, row, of, likeness);
  if (found.some((candidate) => candidate.likeness === 'same')) return found;
  // Without a range the API may apply a default one, so the days around the visit are searched as well.
  const start = instantMs(String(changes['startTime']));
  if (start === undefined) return found;
  const day = {
    startDate: new Date(start - DAY_MS).toISOString(),
    endDate: new Date(start + DAY_MS).toISOString(),
  };
  return [...found, ...(await collect(context, row, { ...of, ...day }, likeness).catch(refusedAsNone))];
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
