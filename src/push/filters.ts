import { LobbieSyncError } from '../core/errors.ts';
import { knownPatient } from '../state/outbox/known.ts';
import type { PushContext } from './context.ts';
import { listRecords } from './lobbie.ts';
import type { OutboxRow } from './row.ts';
import { idOf } from './values.ts';

/** A way to filter listPatients: by the last name, or by a part of it. */
export type Filter = 'name' | 'part';

/**
 * Whether an empty result of a filter of listPatients can be trusted. The contract only assumes the filters. If one is ignored or
 * compares differently, trusting it would create a second patient. So before an empty search result is trusted, the same filter
 * must find a patient known to exist. If it does not, or no patient is known, the whole list is read instead.
 */
export async function filterWorks(context: PushContext, row: OutboxRow, by: Filter): Promise<boolean> {
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

async function testFilter(context: PushContext, row: OutboxRow, by: Filter): Promise<boolean> {
  const known = await knownPatient(context.db, row.accountId);
  const name = known?.lastName.trim() ?? '';
  const value = by === 'name' ? name : name.slice(1);
  if (known === undefined || value === '') return false;
  try {
    for await (const { record } of listRecords(context, row, { name: value }))
      if (idOf(record) === known.id) return true;
    return false;
  } catch (error) {
    if (error instanceof LobbieSyncError && error.code === 'api.bad_request') return false;
    throw error;
  }
}
