import { parseJson } from '../api/json.ts';
import type { Counts } from '../core/counts.ts';
import type { LoneRecord } from '../core/row.ts';
import type { Transaction } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { loadRows } from '../loaders/load.ts';
import { identifier } from '../loaders/names.ts';
import { addRejects } from '../state/rejects.ts';
import { collect, preparerOf } from './collect.ts';
import type { RunContext } from './context.ts';
import { noteHints } from './hints.ts';

/** What was stored, by resource. */
export type CountsByResource = ReadonlyMap<string, Partial<Counts>>;

/**
 * Stores one record within the caller's transaction: row, history, reject and change hints. It proves nothing about a list. The caller
 * must store the returned counts, last.
 */
export async function storeRecord(context: RunContext, tx: Transaction, lone: LoneRecord): Promise<CountsByResource> {
  const resource = resourceNamed(lone.resource);
  const record = lone.form === 'list' ? lone.record : await inListForm(tx, resource, lone);
  const collected = collect(resource, { operation: 'listLocations', scope: resource.scope }, [record], {
    accountId: lone.accountId,
    context: lone.locationId === null ? {} : { location_id: lone.locationId },
    readAt: lone.readAt,
    unknown: (name) => context.counters.unknown(name),
  });
  const now = context.clock.now();
  const counts = new Map<string, Partial<Counts>>();
  for (const [name, { rows, rejects }] of collected) {
    const { table } = preparerOf(resourceNamed(name));
    const options = { runId: context.runId, now, staged: true, noHistory: context.noHistory };
    const { inserted, updated, unchanged, changed } = await loadRows(tx, table, rows, options);
    await noteHints(tx.db, resourceNamed(name), lone.accountId, changed, now);
    await addRejects(tx.db, context.runId, rejects, now);
    counts.set(name, { inserted, updated, unchanged, rejected: rejects.length });
  }
  return counts;
}

/**
 * An answer may have other fields than a row of the list, such as names of persons. Stored as received, it would count as a change, and
 * so would the next read of the list. So only the fields of the stored row and those that were written are taken from the answer.
 */
async function inListForm(tx: Transaction, resource: Resource, lone: LoneRecord): Promise<Record<string, unknown>> {
  const { rows } = await tx.client.query<{ raw: string }>(
    `SELECT raw::text AS raw FROM lobbie.${identifier(resource.name)} WHERE account_id = $1 AND id = $2`,
    [lone.accountId, lone.id],
  );
  const stored = rows[0] === undefined ? undefined : (parseJson(rows[0].raw) as Record<string, unknown>);
  if (stored === undefined) {
    return Object.fromEntries(Object.entries(lone.record).filter(([name]) => resource.knownFields.has(name)));
  }
  const taken = new Set([...Object.keys(stored), ...(lone.written ?? [])]);
  const given = Object.fromEntries(Object.entries(lone.record).filter(([name]) => taken.has(name)));
  // The keys follow the order of the answer, as in the list. Postgres stores them in an order of its own.
  return { ...given, ...stored, ...given };
}
