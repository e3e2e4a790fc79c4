import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** A list that a person switched off for an account. */
export interface ResourceOff {
  /** `0` for the lists of the token. */
  readonly accountId: string;
  readonly resource: string;
  /** The list that was named: this one, or one that it hangs below. */
  readonly via: string;
  readonly reason: string;
  readonly actor: string;
  readonly since: Date;
}

/** Every list that is off, in the order of accounts and names. */
export async function listOff(db: Db): Promise<readonly ResourceOff[]> {
  const { rows } = await sql<ResourceOff>`SELECT account_id::text AS "accountId", resource, via, reason, actor, since
    FROM lobbie_sync.resources_off ORDER BY account_id, resource`.execute(db);
  return rows;
}

/** Names of the lists that are off, by account. */
export async function offByAccount(db: Db): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const groups = Map.groupBy(await listOff(db), ({ accountId }) => accountId);
  return new Map([...groups].map(([account, off]) => [account, new Set(off.map(({ resource }) => resource))]));
}

/** Switches lists off. One that is off already stays off for its first reason. */
export async function switchOff(
  db: Db,
  accounts: readonly string[],
  resources: readonly string[],
  entry: Omit<ResourceOff, 'accountId' | 'resource'>,
): Promise<void> {
  await sql`INSERT INTO lobbie_sync.resources_off (account_id, resource, via, reason, actor, since)
    SELECT account, resource, ${entry.via}, ${entry.reason}, ${entry.actor}, ${entry.since}
    FROM unnest(${[...accounts]}::bigint[]) AS account CROSS JOIN unnest(${[...resources]}::text[]) AS resource
    ON CONFLICT DO NOTHING`.execute(db);
}

/** Switches a list on again, with what went off with it. @returns how many were off */
export async function switchOn(db: Db, accounts: readonly string[], resource: string): Promise<number> {
  const { rows } = await sql`DELETE FROM lobbie_sync.resources_off WHERE account_id = ANY(${[...accounts]}::bigint[])
    AND (via = ${resource} OR resource = ${resource}) RETURNING 1`.execute(db);
  return rows.length;
}
