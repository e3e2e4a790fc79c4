import type { Reject, Row, TableSpec } from '../core/row.ts';
import { databaseCode, isDataError } from '../db/pool.ts';
import { stagedTables, type Transaction } from '../db/transaction.ts';
import { dedupe, type Loaded, type LoadOptions, loadRows } from './load.ts';

/**
 * Loads a batch in which Postgres refused a value that the schema accepted. The batch is halved until the refused row is alone;
 * that row becomes a reject, and all others are stored. Slow, therefore used only after a plain load failed.
 */
export async function loadTolerantly(
  tx: Transaction,
  table: TableSpec,
  rows: readonly Row[],
  options: LoadOptions,
  accountId: string,
): Promise<Loaded & { readonly rejects: readonly Reject[] }> {
  const total = { inserted: 0, updated: 0, unchanged: 0 };
  const rejects: Reject[] = [];
  const changed: Row[] = [];

  const loadPart = async (part: readonly Row[]): Promise<void> => {
    await tx.client.query('SAVEPOINT part');
    try {
      const loaded = await loadRows(tx, table, part, { ...options, staged: true });
      await tx.client.query('RELEASE SAVEPOINT part');
      total.inserted += loaded.inserted;
      total.updated += loaded.updated;
      total.unchanged += loaded.unchanged;
      changed.push(...loaded.changed);
    } catch (error) {
      if (!isDataError(error)) throw error;
      await tx.client.query('ROLLBACK TO SAVEPOINT part');
      // A staging table that was made after the savepoint is gone with it.
      stagedTables(tx.client).clear();
      if (part.length === 1) {
        rejects.push(refused(table, part[0] as Row, databaseCode(error) ?? 'unknown', accountId));
        return;
      }
      const middle = Math.ceil(part.length / 2);
      await loadPart(part.slice(0, middle));
      await loadPart(part.slice(middle));
    }
  };

  // Repeated keys are reduced first, since each copy of a refused row would become a reject.
  const distinct = dedupe(table, rows);
  if (distinct.length > 0) await loadPart(distinct);
  total.unchanged += rows.length - distinct.length;
  return { ...total, changed, rejects };
}

function refused(table: TableSpec, row: Row, code: string, accountId: string): Reject {
  return {
    accountId,
    resource: table.name,
    recordKey: row.key.slice(accountId === row.key[0] ? 1 : 0).join('/'),
    reason: `Postgres refuses a value of this record (SQLSTATE ${code})`,
    record: row.raw,
    context: pathIds(table, row),
  };
}

/** The path ids of a row, from its own columns; a replay needs them. */
function pathIds(table: TableSpec, row: Row): Record<string, string> {
  const ids = table.columns.map(({ name }, index) => [name, row.values[index]] as const);
  return Object.fromEntries(ids.filter((pair): pair is [string, string] => pair[0].endsWith('_id') && pair[1] != null));
}
