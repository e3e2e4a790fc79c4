import { stringifyJson } from '../api/json.ts';
import { writableFields } from '../core/writable.ts';
import type { Verdict } from '../state/outbox-writes.ts';
import { MOST_TRIES, type PushContext } from './context.ts';
import { asRecord, type ReadRecord, readRecord } from './lobbie.ts';
import { bodyOf, changedFields, type FieldMerge, fieldsWith, mergeUpdate } from './merge.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { idOf, searchCreated } from './search.ts';
import { type RowOutcome, settleFailure, settleRow } from './settle.ts';
import { createBody, faultText, validateRow, withPatient } from './validate.ts';
import { same } from './values.ts';
import { sendWrite } from './write.ts';

/**
 * Works on one row: checks it, looks at what Lobbie has now, sends what is to be sent, and stores what came of it. A row in
 * doubt takes the same way, and begins with what reading back tells.
 *
 * @throws StopError when the run is to end; LobbieSyncError when Lobbie or the database can't be asked now
 */
export async function deliverRow(context: PushContext, row: OutboxRow): Promise<RowOutcome> {
  const { changes, faults } = validateRow(row, { ...context.settings, now: context.clock.now() });
  const first = row.patientRef === null ? undefined : referenceFault(row);
  const problem = first ?? (faults.length > 0 ? faultText(faults) : undefined);
  if (problem !== undefined) {
    // What may have been carried out is not rejected; and looked for by a part of its fields, another record could fit.
    const doubt = row.status === 'in_doubt';
    const verdict: Verdict = { status: doubt ? 'in_doubt' : 'rejected', needsPerson: doubt, error: problem };
    if (!(await settleRow(context, row, { verdict, by: 'check' }))) return 'left';
    return doubt ? 'in_doubt' : 'rejected';
  }
  const resolved = withPatient(changes, row.patientRef?.resultId ?? null);
  if (row.operation === 'create') return await deliverCreate(context, row, resolved);
  const id = row.targetId ?? '';
  const now = await readRecord(context, row, id);
  return row.operation === 'delete'
    ? await deliverDelete(context, row, id, now)
    : await deliverUpdate(context, row, id, resolved, now);
}

/** Why a patient who was referred to is not there; undefined where all is well. */
export function referenceFault(row: OutboxRow): string | undefined {
  const { status, resultId } = row.patientRef ?? { status: null, resultId: null };
  if (status === null) return 'patientId: no row of this account creates a patient with that externalRef';
  return resultId === null ? `patientId: the row that creates the patient was ${status}` : undefined;
}

async function deliverCreate(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<RowOutcome> {
  if (row.status === 'in_doubt') {
    const known = await settleByDoubt(context, row, changes);
    if (known !== undefined) return known;
  }
  const written = await sendWrite(context, row, createBody(row, changes, context.settings.appointmentBody));
  if (written.kind === 'lost') return 'left';
  if (written.kind === 'refused' && row.status === 'in_doubt' && written.error.code === 'api.conflict') {
    // It collides, perhaps with what an earlier send of this very row made and a search did not show yet.
    const search = await searchCreated(context, row, changes);
    if (search.found === 'one') {
      const attempt = {
        id: written.attempt,
        end: { outcome: 'refused' as const, httpStatus: 409, code: 'api.conflict' },
      };
      return await adopt(context, row, search.id, search.match, attempt);
    }
  }
  if (written.kind !== 'done') return await settleFailure(context, row, written);
  const record = asRecord(written.body);
  const id = record === undefined ? undefined : idOf(record);
  const end = { outcome: 'done' as const, httpStatus: written.status };
  if (record === undefined || id === undefined) {
    // Carried out, but under which id?
    const verdict: Verdict = {
      status: 'in_doubt',
      error: 'Lobbie answered without an id; it is looked for by reading back',
    };
    const attempt = { id: written.attempt, end };
    return (await settleRow(context, row, { verdict, attempt, by: 'answer' })) ? 'in_doubt' : 'left';
  }
  const ended = await settleRow(context, row, {
    verdict: { status: 'succeeded', resultId: id, error: otherwise(row, changes, record) },
    attempt: { id: written.attempt, end },
    record: { ...place(row), id, record, readAt: written.answeredAt, form: 'answer', written: Object.keys(changes) },
    written: changes,
    by: 'answer',
  });
  return ended ? 'succeeded' : 'left';
}

/** Finds out whether a create in doubt was carried out; undefined: it was not, and is to be sent. */
async function settleByDoubt(
  context: PushContext,
  row: OutboxRow,
  changes: JsonObject,
): Promise<RowOutcome | undefined> {
  const search = await searchCreated(context, row, changes);
  if (search.found === 'one') return await adopt(context, row, search.id, search.match);
  if (search.found === 'unclear') {
    const error = `${search.ids.length} records fit (${search.ids.slice(0, 10).join(', ')}): say which with push resolve`;
    const verdict: Verdict = { status: 'in_doubt', needsPerson: true, error };
    return (await settleRow(context, row, { verdict, by: 'reading back' })) ? 'in_doubt' : 'left';
  }
  return await notYetAgain(context, row);
}

/**
 * Why a write in doubt that reading back does not show is not sent again now: it got no answer and may still be under way, or it
 * was sent too often. Undefined: it may be.
 */
async function notYetAgain(context: PushContext, row: OutboxRow): Promise<RowOutcome | undefined> {
  const quiet = (row.sentAt?.getTime() ?? 0) + context.settings.settleAfterMs;
  if (row.unanswered && context.clock.now().getTime() < quiet) {
    const error = 'it got no answer and may still be under way; it is looked for once more before it is sent again';
    const verdict: Verdict = { status: 'in_doubt', unanswered: true, error, notBefore: new Date(quiet) };
    return (await settleRow(context, row, { verdict, by: 'reading back' })) ? 'in_doubt' : 'left';
  }
  if (row.tries < MOST_TRIES) return undefined;
  const error = `sent ${row.tries} times without a usable answer; reading back shows that it was not carried out`;
  const verdict: Verdict = { status: 'failed', error };
  return (await settleRow(context, row, { verdict, by: 'reading back' })) ? 'failed' : 'left';
}

async function adopt(
  context: PushContext,
  row: OutboxRow,
  id: string,
  match: ReadRecord,
  attempt?: Parameters<typeof settleRow>[2]['attempt'],
): Promise<RowOutcome> {
  const ended = await settleRow(context, row, {
    verdict: { status: 'succeeded', resultId: id },
    attempt,
    record: { ...place(row), id, ...match, form: 'list' },
    by: 'reading back',
  });
  return ended ? 'succeeded' : 'left';
}

async function deliverUpdate(
  context: PushContext,
  row: OutboxRow,
  id: string,
  changes: JsonObject,
  now: ReadRecord | undefined,
): Promise<RowOutcome> {
  if (now === undefined) return await settleMissing(context, row);
  const merged = mergeOf(context, row, changes, now.record);
  const conflicts = fieldsWith(merged, 'conflict');
  if (conflicts.length > 0) return await settleConflict(context, row, conflicts, now.record);
  const body = bodyOf(merged);
  const record = { ...place(row), id, ...now, form: 'answer' as const };
  if (Object.keys(body).length === 0) {
    const by = row.status === 'in_doubt' ? 'reading back' : 'check';
    const verdict: Verdict = { status: 'succeeded', resultId: id, base: textOf(row.base) };
    const written = row.status === 'in_doubt' ? { written: changes } : {};
    return (await settleRow(context, row, { verdict, record, ...written, by })) ? 'succeeded' : 'left';
  }
  if (row.status === 'in_doubt') {
    const known = await notYetAgain(context, row);
    if (known !== undefined) return known;
  }
  const written = await sendWrite(context, row, body);
  if (written.kind === 'lost') return 'left';
  if (written.kind !== 'done') return await settleFailure(context, row, written);
  // What the answer leaves out is as it was read before it, or as it was written.
  const answered = { ...now.record, ...body, ...asRecord(written.body) };
  const ended = await settleRow(context, row, {
    verdict: { status: 'succeeded', resultId: id, error: otherwise(row, body, asRecord(written.body) ?? {}) },
    attempt: { id: written.attempt, end: { outcome: 'done', httpStatus: written.status } },
    record: { ...record, record: answered, readAt: written.answeredAt, written: Object.keys(body) },
    written: Object.fromEntries(Object.keys(body).map((field) => [field, answered[field]])),
    by: 'answer',
  });
  return ended ? 'succeeded' : 'left';
}

/** A note about fields that Lobbie answers with another value than the one it was sent; null where there are none. */
function otherwise(row: OutboxRow, sent: JsonObject, answer: JsonObject): string | null {
  const fields = writableFields(row.resource, 'listing');
  const other = Object.keys(sent).filter((name) => {
    const kind = fields[name]?.kind;
    return kind !== undefined && answer[name] !== undefined && !same(kind, sent[name], answer[name]);
  });
  return other.length === 0 ? null : `${other.join(', ')}: carried out, but Lobbie has another value than the one sent`;
}

/** The comparison of an update, by the settings. */
export function mergeOf(
  { settings }: Pick<PushContext, 'settings'>,
  row: OutboxRow,
  changes: JsonObject,
  now: JsonObject,
): readonly FieldMerge[] {
  return mergeUpdate({
    fields: writableFields(row.resource, 'listing'),
    base: row.base,
    wanted: changes,
    now,
    policy: (field) => settings.policies[`${row.resource}.${field}`] ?? 'ask',
    resolution: row.resolution,
  });
}

async function deliverDelete(
  context: PushContext,
  row: OutboxRow,
  id: string,
  now: ReadRecord | undefined,
): Promise<RowOutcome> {
  const done: Verdict = { status: 'succeeded', resultId: id, base: textOf(row.base) };
  if (now === undefined) {
    const by = row.status === 'in_doubt' ? 'reading back' : 'check';
    return (await settleRow(context, row, { verdict: done, removed: true, by })) ? 'succeeded' : 'left';
  }
  // Whoever asked for it saw another record than the one that would go.
  const changed = changedFields(writableFields(row.resource, 'listing'), row.base, now.record);
  if (changed.length > 0) return await settleConflict(context, row, changed, now.record);
  if (row.status === 'in_doubt') {
    const known = await notYetAgain(context, row);
    if (known !== undefined) return known;
  }
  const written = await sendWrite(context, row, undefined);
  if (written.kind === 'lost') return 'left';
  const gone = written.kind === 'refused' && written.error.code === 'api.not_found';
  if (written.kind !== 'done' && !gone) return await settleFailure(context, row, written);
  const end = { outcome: 'done' as const, httpStatus: written.kind === 'done' ? written.status : 404 };
  const attempt = { id: written.attempt, end };
  return (await settleRow(context, row, { verdict: done, attempt, removed: true, by: 'answer' }))
    ? 'succeeded'
    : 'left';
}

async function settleMissing(context: PushContext, row: OutboxRow): Promise<RowOutcome> {
  const verdict: Verdict = {
    status: 'rejected',
    error: `target_id: Lobbie has no such ${row.resource === 'patients' ? 'patient' : 'appointment at this location'}`,
    base: textOf(row.base),
  };
  return (await settleRow(context, row, { verdict, by: 'check' })) ? 'refused' : 'left';
}

async function settleConflict(
  context: PushContext,
  row: OutboxRow,
  fields: readonly string[],
  now: JsonObject,
): Promise<RowOutcome> {
  const verdict: Verdict = {
    status: 'conflict',
    error: `${fields.join(', ')}: changed in Lobbie too since it was last pulled; decide with push resolve`,
    conflictFields: fields,
    remote: stringifyJson(now) ?? '{}',
    base: textOf(row.base),
  };
  return (await settleRow(context, row, { verdict, by: 'check' })) ? 'conflict' : 'left';
}

const textOf = (record: JsonObject | null): string | null => (record === null ? null : (stringifyJson(record) ?? null));

const place = ({ resource, accountId, locationId }: OutboxRow) => ({ resource, accountId, locationId });
