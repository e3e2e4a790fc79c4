import type { LoneRecord } from '../core/row.ts';
import type { Verdict } from '../state/outbox/writes.ts';
import { MOST_TRIES, type PushContext } from './context.ts';
import { pauseMs } from './failure.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import type { Search } from './search.ts';
import { type Ending, type RowOutcome, scopeOf, settleAs } from './settle.ts';

/**
 * Settles a create in doubt by the result of a search: it adopts the one record that fits, or asks a person to choose. Undefined:
 * no record fits, so the create was not carried out as far as Lobbie shows.
 */
export async function settleSearch(
  context: PushContext,
  row: OutboxRow,
  search: Search,
  attempt?: Ending['attempt'],
): Promise<RowOutcome | undefined> {
  if (search.found === 'none') return undefined;
  if (search.found === 'one') {
    const record = { ...scopeOf(row), id: search.id, ...search.match, form: 'list' } as const;
    return await adopt(context, row, record, undefined, attempt);
  }
  const ids = search.ids.slice(0, 10).join(', ');
  const error = `${search.ids.length} records fit (${ids}); choose one with push resolve`;
  return await askPerson(context, row, error, attempt);
}

/** Accepts a record as the result of a row in doubt. */
export async function adopt(
  context: PushContext,
  row: OutboxRow,
  record: LoneRecord,
  written?: JsonObject,
  attempt?: Ending['attempt'],
): Promise<RowOutcome> {
  const verdict: Verdict = { status: 'succeeded', resultId: record.id };
  return await settleAs(context, row, { verdict, attempt, record, written, by: 'reading back' }, 'succeeded');
}

/** Keeps a row in doubt until a person decides. */
export async function askPerson(
  context: PushContext,
  row: OutboxRow,
  error: string,
  attempt?: Ending['attempt'],
): Promise<RowOutcome> {
  const verdict: Verdict = { status: 'in_doubt', needsPerson: true, error };
  return await settleAs(context, row, { verdict, attempt, by: 'reading back' }, 'in_doubt');
}

/**
 * Keeps a row in doubt whose write was answered with success, but without a proof of its effect. It may be carried out later, so the row
 * is looked at again after the time to settle.
 *
 * @param what what a reading showed
 */
export async function settleUnproven(
  context: PushContext,
  row: OutboxRow,
  what: string,
  { status }: { readonly status: number },
  attempt: NonNullable<Ending['attempt']>,
): Promise<RowOutcome> {
  const now = context.clock.now();
  const error = `Lobbie answered with status ${status}, but ${what} (yet); reading back will show whether it was carried out`;
  const verdict: Verdict = {
    ...{ status: 'in_doubt', error, doubtSince: now },
    notBefore: new Date(now.getTime() + Math.max(context.settings.settleAfterMs, pauseMs(row.attempts))),
  };
  return await settleAs(context, row, { verdict, attempt, by: 'answer' }, 'in_doubt');
}

/**
 * Checks whether a write in doubt that reading back does not show may be sent again. It may not if it could still be under way or
 * invisible, if Lobbie answered a create with success, or if it was sent too often; then the row gets a new state. Undefined: it
 * may be sent.
 */
export async function notYetAgain(context: PushContext, row: OutboxRow): Promise<RowOutcome | undefined> {
  const { doubtSince } = row;
  const quiet = (doubtSince?.getTime() ?? 0) + context.settings.settleAfterMs;
  if (doubtSince !== null && context.clock.now().getTime() < quiet) {
    const error =
      'it may still be under way, or not be visible yet; Lobbie is searched once more before it is sent again';
    const verdict: Verdict = { status: 'in_doubt', doubtSince, error, notBefore: new Date(quiet) };
    return await settleAs(context, row, { verdict, by: 'reading back' }, 'in_doubt');
  }
  if (row.saidDone && row.operation === 'create') {
    return await askPerson(
      context,
      row,
      'Lobbie answered that it was carried out, but does not show it; settle it with push resolve',
    );
  }
  if (row.tries < MOST_TRIES) return undefined;
  const error = `sent ${row.tries} times without a usable answer; reading back shows that it was not carried out`;
  return await settleAs(context, row, { verdict: { status: 'failed', error }, by: 'reading back' }, 'failed');
}
