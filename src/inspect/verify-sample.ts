import { isDeepStrictEqual } from 'node:util';
import { zeroCounts } from '../core/counts.ts';
import { ApiError, LobbieSyncError, StopError } from '../core/errors.ts';
import { camelCase } from '../core/names.ts';
import { identify } from '../extractors/answer.ts';
import type { Resource } from '../extractors/resource.ts';
import { identifier } from '../loaders/names.ts';
import { atClosedLocation } from '../state/closed-locations.ts';
import { addRunCounts } from '../state/runs.ts';
import type { RunContext } from '../streams/context.ts';

/** The result of reading random rows of one resource and account by id. */
export interface SampleCheck {
  readonly resource: string;
  readonly accountId: string;
  readonly checked: number;
  /** Rows of which a field differs. */
  readonly different: number;
  /** Rows that the API no longer has. */
  readonly vanished: number;
  /** Ids of both. */
  readonly keys: readonly string[];
}

interface SampledRow {
  readonly id: string;
  readonly location: string | null;
  readonly parent: string | null;
  readonly raw: Record<string, unknown>;
}

/** Reads random rows by id and compares them field by field; undefined where the API has no read by id. */
export async function sampleById(
  context: RunContext,
  resource: Resource,
  accountId: string,
  sample: number,
): Promise<SampleCheck | undefined> {
  const get = resource.get;
  if (get === undefined || sample <= 0 || resource.scope === 'global') return undefined;
  const parentColumn = get.parentParam === undefined ? undefined : resource.context[0];
  const located = resource.scope === 'location';
  const { rows } = await context.pool.query<SampledRow>(
    `SELECT id::text AS id, ${located ? 'location_id::text' : 'NULL'} AS location,
       ${parentColumn === undefined ? 'NULL' : `${identifier(parentColumn)}::text`} AS parent, raw
     FROM lobbie.${identifier(resource.name)} t WHERE account_id = $1 AND _deleted_at IS NULL AND id > 0${comparable(resource)} ORDER BY random() LIMIT $2`,
    [accountId, sample],
  );
  let checked = 0;
  let different = 0;
  let vanished = 0;
  const keys: string[] = [];
  for (const row of rows) {
    if (context.stop.requested) break;
    const params = {
      accountId,
      [get.param]: row.id,
      ...(located && get.param !== 'locationId' && row.location !== null ? { locationId: row.location } : {}),
      ...(get.parentParam === undefined || row.parent === null ? {} : { [get.parentParam]: row.parent }),
    };
    try {
      const { body } = await context.api.callRaw(get.operation, params, {
        signal: context.stop.signal,
        beforeAttempt: () => context.counters.request(resource.name),
      });
      const found = identify(resource, body, { field: camelCase(resource.key[0] ?? 'id'), value: row.id });
      // An answer without a record proves nothing about the row.
      if (found.kind === 'none') continue;
      checked += 1;
      if (found.kind === 'other') {
        vanished += 1;
        keys.push(row.id);
      } else if (differs(row.raw, body, resource.knownFields)) {
        different += 1;
        keys.push(row.id);
      }
    } catch (error) {
      if (error instanceof StopError) break;
      if (!(error instanceof LobbieSyncError) || error.action === 'abort') throw error;
      if (!(error instanceof ApiError) || error.code !== 'api.not_found') continue;
      checked += 1;
      vanished += 1;
      keys.push(row.id);
    }
  }
  const counts = {
    ...zeroCounts(),
    requests: context.counters.takeRequests(resource.name),
    rowsRead: checked - vanished,
  };
  await addRunCounts(context.db, context.runId, resource.name, counts);
  return { resource: resource.name, accountId, checked, different, vanished, keys };
}

/** SQL that leaves out what a closed location has: its rows are kept although Lobbie serves them no more. */
function comparable({ scope, holdsLocations }: Resource): string {
  if (scope !== 'location' && holdsLocations !== true) return '';
  return ` AND NOT ${atClosedLocation('t.account_id', holdsLocations === true ? 't.id' : 't.location_id')}`;
}

/**
 * Whether a known field that both records have differs. Arrays and objects are not compared, because the read by id may have more of
 * them than the list.
 */
export function differs(stored: Readonly<Record<string, unknown>>, now: unknown, known: ReadonlySet<string>): boolean {
  if (typeof now !== 'object' || now === null) return true;
  const plain = (value: unknown) => value === null || typeof value !== 'object';
  return Object.entries(now).some(([name, value]) => {
    if (!known.has(name) || !Object.hasOwn(stored, name) || !plain(value) || !plain(stored[name])) return false;
    return !isDeepStrictEqual(value, stored[name]);
  });
}
