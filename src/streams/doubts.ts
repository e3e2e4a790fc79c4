import type pg from 'pg';
import type { Row } from '../core/row.ts';
import { kyselyOnPool, type Transaction } from '../db/transaction.ts';
import type { Resource } from '../extractors/resource.ts';
import { dismissMet, doubtfulResources } from '../state/deletes.ts';

/**
 * The tables that have candidates for deletion. A batch queries the database for candidates only if its table has any; in a first
 * backfill and in most nightly syncs none has.
 */
export class Doubts {
  readonly #tables: Set<string>;

  private constructor(tables: Set<string>) {
    this.#tables = tables;
  }

  static async load(pool: pg.Pool): Promise<Doubts> {
    const known = await doubtfulResources(kyselyOnPool(pool));
    return new Doubts(new Set(known.map(({ accountId, resource }) => `${accountId}/${resource}`)));
  }

  add(accountId: string, resource: string): void {
    this.#tables.add(`${accountId}/${resource}`);
  }

  /** Dismisses the candidates that an answer has, whichever read it belongs to, if they were found missing before its request. */
  async dismiss(
    tx: Transaction,
    accountId: string,
    resource: Resource,
    rows: readonly Row[],
    now: Date,
  ): Promise<void> {
    if (rows.length === 0 || !this.#tables.has(`${accountId}/${resource.name}`)) return;
    const offset = resource.scope === 'global' ? 0 : 1;
    for (const [requestedAt, group] of Map.groupBy(rows, (row) => row.readAt.getTime())) {
      const keys = group.map((row) => row.key.slice(offset).join('/'));
      await dismissMet(tx.db, accountId, resource.name, keys, { requestedAt: new Date(requestedAt), now });
    }
  }
}
