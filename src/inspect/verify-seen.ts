import type pg from 'pg';
import type { Row } from '../core/row.ts';
import { knownNames, membersOf } from '../extractors/members.ts';
import { resourceNamed } from '../extractors/registry.ts';
import { keyText, ofAccount, tableName } from '../loaders/names.ts';
import { type Collected, preparerOf } from '../streams/collect.ts';
import type { RunContext, Unit } from '../streams/context.ts';

/** Which stored rows a check speaks of: SQL after the condition on account and life, from `$3`, and its values. */
export interface Scope {
  readonly where: string;
  readonly values: readonly unknown[];
}

/** How the rows that a check met differ from those of the table. */
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
 * What one check has met so far: a table of the session rather than memory, because a list may be larger than memory should be,
 * and without a transaction, because one that is open for as long as a list takes to read holds up the clean-up of the database.
 */
export class Seen {
  readonly #client: pg.PoolClient;

  private constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  /** Runs a check with an empty table of its own, which is gone afterwards. */
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
      // The table goes with a connection that failed, and by name with one that goes back.
      if (broken === undefined) await client.query('DROP TABLE IF EXISTS pg_temp.verify_seen').catch(() => undefined);
      client.release(broken);
    }
  }

  async clear(): Promise<void> {
    await this.#client.query('TRUNCATE pg_temp.verify_seen');
  }

  /** Adds the rows of a page; the last copy of a key counts, as it does for the loader. */
  async remember(collected: Collected, filtered: boolean): Promise<void> {
    for (const [name, { rows }] of collected) {
      const offset = resourceNamed(name).scope === 'global' ? 0 : 1;
      const last = new Map<string, Row>(rows.map((row) => [row.key.slice(offset).join('/'), row]));
      const kept = [...last.values()];
      await this.#client.query(
        `INSERT INTO pg_temp.verify_seen (resource, k, h, former, raw, filtered)
         SELECT $1, k, decode(h, 'hex'), string_to_array(f, ','), raw::jsonb, $6
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS x(k, h, f, raw)
         ON CONFLICT (resource, k) DO UPDATE SET h = excluded.h, former = excluded.former, raw = excluded.raw`,
        [
          name,
          [...last.keys()],
          kept.map((row) => row.hash),
          kept.map((row) => row.formerHashes().join(',')),
          kept.map((row) => row.raw),
          filtered,
        ],
      );
    }
  }

  /** Compares what was met with the rows of a unit's table. */
  async compare(unit: Unit, scope: Scope): Promise<Difference> {
    const { resource } = unit;
    const { table } = preparerOf(resource);
    const account = ofAccount(table);
    // A list that only fills in what another leaves out, or that is one of several over the same rows, leaves none over.
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

/** What tells how a hash was made: the bytes before its last 16. */
const form = (side: string): string => `substr(${side}.h, 1, greatest(octet_length(${side}.h) - 16, 0))`;
