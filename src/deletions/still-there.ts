import { ApiError, LobbieSyncError, StopError } from '../core/errors.ts';
import { camelCase } from '../core/names.ts';
import type { Delete } from '../db/tables.ts';
import { identify } from '../extractors/answer.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { RunContext } from '../streams/context.ts';

/** The state of a row that seems to be gone, by a read of it by id. */
export type Presence =
  | { readonly kind: 'there' }
  | { readonly kind: 'gone' }
  /** The API answers its id with another record: the two were merged, and this one is gone. */
  | { readonly kind: 'merged'; readonly into: string }
  /** Lobbie refuses to answer (403). */
  | { readonly kind: 'refused' }
  /** There was no answer, or one without a record. Status 200 alone proves nothing. */
  | { readonly kind: 'unknown' };

/** Reads a row by its id from Lobbie. */
export async function stillThere(context: RunContext, entry: Delete): Promise<Presence> {
  if (context.stop.requested) return { kind: 'unknown' };
  const resource = resourceNamed(entry.resource);
  const { get } = resource;
  // If the API can't read this resource by id, or the id is one that we made up, the sweep that did not meet the row is the only proof.
  // It suffices, whichever run added the entry: a later answer with the row would have dismissed the entry.
  if (get === undefined || entry.key.startsWith('-')) return { kind: 'gone' };
  try {
    const { body } = await context.api.callRaw(
      get.operation,
      {
        ...(resource.scope === 'global' ? {} : { accountId: entry.account_id }),
        ...(resource.scope === 'location' && entry.location_id !== null ? { locationId: entry.location_id } : {}),
        ...(get.parentParam === undefined || entry.parent_id === null ? {} : { [get.parentParam]: entry.parent_id }),
        [get.param]: entry.key,
      },
      { signal: context.stop.signal, beforeAttempt: () => context.counters.request(resource.name) },
    );
    const found = identify(resource, body, { field: camelCase(resource.key[0] ?? 'id'), value: entry.key });
    if (found.kind === 'same') return { kind: 'there' };
    if (found.kind === 'none') return { kind: 'unknown' };
    context.logger.warn(
      { account: entry.account_id, resource: entry.resource, key: entry.key, into: found.id },
      'a record was merged into another one',
    );
    return { kind: 'merged', into: found.id };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'api.not_found') return { kind: 'gone' };
    if (error instanceof ApiError && error.code === 'api.forbidden') return { kind: 'refused' };
    if (error instanceof StopError || !(error instanceof LobbieSyncError)) return { kind: 'unknown' };
    if (error.action === 'abort') throw error;
    return { kind: 'unknown' };
  }
}
