import type pg from 'pg';
import type { Row } from '../core/row.ts';
import { knownNames, membersOf } from '../extractors/members.ts';
import { resourceNamed } from '../extractors/registry.ts';
import { keyText, ofAccount, tableName } from '../loaders/names.ts';
import { type Collected, preparerOf } from '../streams/collect.ts';
import type { RunContext, Unit } from '../streams/context.ts';

/** The stored rows that a check compares: SQL after the conditions on account and `_deleted_at`, with parameters from `$3` on. */
export interface Scope {
  readonly where: string;
  readonly values: readonly unknown[];
}

/** How the rows that a check read differ from those of the table. */
export interface Difference {
  readonly inApi: number;
  readonly inWarehouse: number;
  readonly hidden: number;
  /** Keys by kind of difference. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly changed: readonly string[];
}

/**
 * The rows that one check has read so far. They are in a temporary table, because a list may be too large for memory. There is no
 * transaction around it, because a transaction that is open while a list is read would hold up VACUUM.
 */
export class Seen {
  readonly #client: pg.PoolClient;

  private constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  /** Runs a check with an empty temporary table of its own, and drops the table. */
  static async with<T>(context: RunContext, check: (seen: Seen) => Promise<T>): Promise<T> {
    const client = await context.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('DROP TABLE IF EXISTS pg_temp.verify_seen');
      await client.query(
        `CREATE TEMPORARY TABLE verify_seen (resource text, k text, h bytea, former text[], raw jsonb, filtered boolean NOT NULL,
           PRIMARY KEY (resource, k))`,
      );
      return await check(new Seen(client));
    } catch (error) {
      broken = error instanceof Error ? error : new Error('check failed');
      throw error;
    } finally {
      // A connection that failed is closed, which drops the table; otherwise it goes back to the pool, so the table is dropped here.
      if (broken === undefined) await client.query('DROP TABLE IF EXISTS pg_temp.verify_seen').catch(() => undefined);
      client.release(broken);
    }
  }

  async clear(): Promise<void> {
    await this.#client.query('TRUNCATE pg_temp.verify_seen');
  }

  /** Adds the rows of a page. Of repeated keys it takes the last row, as the loader does. */
  async remember(collected: Collected, filtered: boolean): Promise<void> {
    for (const [name, { rows }] of collected) {
      const offset = resourceNamed(name).scope === 'global' ? 0 : 1;
      const last = new Map<string, Row>(rows.map((row) => [row.key.slice(offset).join('/'), row]));
      const distinct = [...last.values()];
      await this.#client.query(
        `INSERT INTO pg_temp.verify_seen (resource, k, h, former, raw, filtered)
         SELECT $1, k, decode(h, 'hex'), string_to_array(f, ','), raw::jsonb, $6
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS x(k, h, f, raw)
         ON CONFLICT (resource, k) DO UPDATE SET h = excluded.h, former = excluded.former, raw = excluded.raw`,
        [
          name,
          [...last.keys()],
          distinct.map((row) => row.hash),
          distinct.map((row) => row.formerHashes().join(',')),
          distinct.map((row) => row.raw),
          filtered,
        ],
      );
    }
  }

  /** Compares the rows that were read with those of a unit's table. */
  async compare(unit: Unit, scope: Scope): Promise<Difference> {
    const { resource } = unit;
    const { table } = preparerOf(resource);
    const account = ofAccount(table);
    // A row that is missing in a secondary list, or in one location's list of shared rows, may stand in another list.
    const partial = unit.read.secondary === true || resource.sharedByLocations === true;
    const known = `$${3 + scope.values.length}::jsonb`;
    await this.#client.query('ANALYZE pg_temp.verify_seen');
    const { rows } = await this.#client.query<
      Record<'api' | 'stored' | 'hidden', number> & Record<'missing' | 'extra' | 'changed', string[]>
    >(
      `WITH seen AS (SELECT k, h, former, raw, filtered FROM pg_temp.verify_seen WHERE resource = $2),
        stored AS (SELECT ${keyText(table)} AS k, t._content_hash AS h, t.raw FROM ${tableName(table)} t
          WHERE t._deleted_at IS NULL AND ${account}${scope.where}),
        alive AS (SELECT ${keyText(table)} AS k FROM ${tableName(table)} t WHERE t._deleted_at IS NULL AND ${account})
      SELECT (SELECT count(*)::int FROM seen) AS api, (SELECT count(*)::int FROM stored) AS stored,
        (SELECT count(*)::int FROM seen WHERE filtered) AS hidden,
        ARRAY(SELECT k FROM seen WHERE NOT EXISTS (SELECT FROM alive WHERE alive.k = seen.k) ORDER BY k) AS missing,
        ARRAY(SELECT k FROM stored WHERE ${partial ? 'false' : 'NOT EXISTS (SELECT FROM seen WHERE seen.k = stored.k)'} ORDER BY k) AS extra,
        ARRAY(SELECT k FROM seen JOIN stored USING (k)
          WHERE substr(stored.h, 2) <> substr(seen.h, 2) AND encode(stored.h, 'hex') <> ALL (seen.former) AND NOT ${unit.read.secondary === true}
            AND (${form('stored')} = ${form('seen')} OR lobbie_sync.known_fields(stored.raw, ${known}) <> lobbie_sync.known_fields(seen.raw, ${known})) ORDER BY k) AS changed`,
      [unit.accountId, resource.name, ...scope.values, JSON.stringify(knownNames(membersOf(resource.fields)))],
    );
    const [found] = rows;
    return {
      inApi: found?.api ?? 0,
      inWarehouse: found?.stored ?? 0,
      hidden: found?.hidden ?? 0,
      missing: found?.missing ?? [],
      extra: found?.extra ?? [],
      changed: found?.changed ?? [],
    };
  }
}

/** The bytes before the last 16 of a hash, which say how it was computed. */
const form = (side: string): string => `substr(${side}.h, 1, greatest(octet_length(${side}.h) - 16, 0))`;
