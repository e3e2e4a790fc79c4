import type { LoneRecord } from '../core/row.ts';
import type { Verdict } from '../state/outbox/writes.ts';
import { MOST_TRIES, type PushContext } from './context.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import type { Search } from './search.ts';
import { type Ending, placeOf, type RowOutcome, settleAs } from './settle.ts';

/**
 * What a search says of a create in doubt: the record that it became, or that a person has to say which. Undefined: it was not
 * carried out, as far as Lobbie shows.
 */
export async function settleSearch(
  context: PushContext,
  row: OutboxRow,
  search: Search,
  attempt?: Ending['attempt'],
): Promise<RowOutcome | undefined> {
  if (search.found === 'none') return undefined;
  if (search.found === 'one') {
    const record = { ...placeOf(row), id: search.id, ...search.match, form: 'list' } as const;
    return await adopt(context, row, record, undefined, attempt);
  }
  const ids = search.ids.slice(0, 10).join(', ');
  const error = `${search.ids.length} records fit (${ids}): say which with push resolve`;
  return await askPerson(context, row, error, attempt);
}

/** Takes a record for what a row in doubt became. */
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

/** Leaves a row in doubt to a person. */
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
 * Why a write in doubt that reading back does not show is not sent again now: it may still be under way or not show yet, Lobbie
 * said that it was carried out, or it was sent too often. Undefined: it may be.
 */
export async function notYetAgain(context: PushContext, row: OutboxRow): Promise<RowOutcome | undefined> {
  const { doubtSince } = row;
  const quiet = (doubtSince?.getTime() ?? 0) + context.settings.settleAfterMs;
  if (doubtSince !== null && context.clock.now().getTime() < quiet) {
    const error = 'it may still be under way, or not show yet; it is looked for once more before it is sent again';
    const verdict: Verdict = { status: 'in_doubt', doubtSince, error, notBefore: new Date(quiet) };
    return await settleAs(context, row, { verdict, by: 'reading back' }, 'in_doubt');
  }
  if (row.saidDone && row.operation === 'create') {
    return await askPerson(
      context,
      row,
      'Lobbie said that it was carried out, and does not show it: push resolve settles it',
    );
  }
  if (row.tries < MOST_TRIES) return undefined;
  const error = `sent ${row.tries} times without a usable answer; reading back shows that it was not carried out`;
  return await settleAs(context, row, { verdict: { status: 'failed', error }, by: 'reading back' }, 'failed');
}
