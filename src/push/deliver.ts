import { stringifyJson } from '../api/json.ts';
import { writableFields } from '../core/writable.ts';
import type { Verdict } from '../state/outbox/writes.ts';
import type { PushContext } from './context.ts';
import { adopt, askPerson, notYetAgain, settleSearch } from './doubt.ts';
import { asRecord, type ReadRecord, readRecord } from './lobbie.ts';
import { bodyOf, changedFields, type FieldMerge, fieldsWith, mergeUpdate } from './merge.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { idOf, searchCreated } from './search.ts';
import { type RowOutcome, scopeOf, settleAs, settleFailure } from './settle.ts';
import { createBody, faultText, validateRow, withPatient } from './validate.ts';
import { same } from './values.ts';
import { sendWrite, type Written } from './write.ts';

/**
 * Delivers one row: checks it, reads what Lobbie has now, sends the differences, and stores the result. A row in doubt goes the
 * same way; what Lobbie has now shows whether the write was carried out.
 *
 * @throws StopError when the run has to end; LobbieSyncError when Lobbie or the database can't be reached now
 */
export async function deliverRow(context: PushContext, row: OutboxRow): Promise<RowOutcome> {
  const { changes, faults } = validateRow(row, { ...context.settings, now: context.clock.now() });
  const problem = referenceFault(row) ?? (faults.length > 0 ? faultText(faults) : undefined);
  if (problem !== undefined) {
    // A row in doubt may have been carried out, so it can't be rejected. Nor can it be searched for: with some of its fields
    // invalid, another record could fit.
    if (row.status === 'in_doubt') return await askPerson(context, row, problem);
    return await settleAs(context, row, { verdict: { status: 'rejected', error: problem }, by: 'check' }, 'rejected');
  }
  const resolved = withPatient(changes, row.patientRef?.resultId ?? null);
  if (row.operation === 'create') return await deliverCreate(context, row, resolved);
  const id = row.targetId ?? '';
  const now = await readRecord(context, row, id);
  return row.operation === 'delete'
    ? await deliverDelete(context, row, id, now)
    : await deliverUpdate(context, row, id, resolved, now);
}

/** Why the patient that a booking refers to is missing; undefined when there is no problem. */
export function referenceFault({ patientRef }: OutboxRow): string | undefined {
  if (patientRef === null) return undefined;
  const { status, resultId } = patientRef;
  if (status === null) return 'patientId: no row of this account creates a patient with that externalRef';
  return resultId === null ? `patientId: the row that creates the patient was ${status}` : undefined;
}

async function deliverCreate(context: PushContext, row: OutboxRow, changes: JsonObject): Promise<RowOutcome> {
  if (row.status === 'in_doubt') {
    const settled =
      (await settleSearch(context, row, await searchCreated(context, row, changes))) ??
      (await notYetAgain(context, row));
    if (settled !== undefined) return settled;
  }
  const written = await sendWrite(context, row, createBody(row, changes, context.settings.appointmentBody));
  if (written.kind === 'lost') return 'left';
  if (written.kind === 'refused' && row.status === 'in_doubt' && written.error.code === 'api.conflict') {
    // The record may collide with one that an earlier send of this row made, which the search did not show yet.
    const end = { outcome: 'refused', httpStatus: written.error.status, code: written.error.code } as const;
    const search = await searchCreated(context, row, changes);
    const settled = await settleSearch(context, row, search, { id: written.attempt, end });
    if (settled !== undefined) return settled;
  }
  if (written.kind !== 'done') return await settleFailure(context, row, written);
  const attempt = { id: written.attempt, end: { outcome: 'done', httpStatus: written.status } as const };
  const record = asRecord(written.body);
  const id = record === undefined ? undefined : idOf(record);
  if (record === undefined || id === undefined) {
    // The create was carried out, but its id is unknown.
    const error = 'Lobbie answered without an id; the record is searched for by reading back';
    const verdict: Verdict = { status: 'in_doubt', error, doubtSince: context.clock.now() };
    return await settleAs(context, row, { verdict, attempt, by: 'answer' }, 'in_doubt');
  }
  const ending = {
    verdict: { status: 'succeeded', resultId: id, error: otherValueNote(row, changes, record) },
    attempt,
    // Fields that the answer leaves out have the values that were sent.
    record: { ...scopeOf(row), id, record: { ...record, ...without(changes, record) }, ...asAnswer(written) },
    written: changes,
    by: 'answer',
  } as const;
  return await settleAs(context, row, ending, 'succeeded');
}

/** How the answer to a write is stored in the mirror. */
const asAnswer = ({ answeredAt }: Extract<Written, { kind: 'done' }>) =>
  ({ readAt: answeredAt, form: 'answer' }) as const;

const without = (values: JsonObject, known: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(values).filter(([name]) => known[name] === undefined));

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
  const record = { ...scopeOf(row), id, ...now, form: 'answer' } as const;
  if (Object.keys(body).length === 0) return await settleUnchanged(context, row, merged, record);
  const waits = row.status === 'in_doubt' ? await notYetAgain(context, row) : undefined;
  if (waits !== undefined) return waits;
  // If the mirror had no record, the one just read becomes the base, so that a later doubt can be compared with it.
  const known = { ...row, baseText: row.baseText ?? stringifyJson(now.record) ?? null };
  const written = await sendWrite(context, known, body);
  if (written.kind === 'lost') return 'left';
  if (written.kind !== 'done') return await settleFailure(context, row, written);
  const answer = asRecord(written.body) ?? {};
  // Fields that the answer leaves out have the values that were written, or else those that were read before.
  const answered = { ...now.record, ...body, ...answer };
  const ending = {
    verdict: { status: 'succeeded', resultId: id, error: otherValueNote(row, body, answer) },
    attempt: { id: written.attempt, end: { outcome: 'done', httpStatus: written.status } },
    record: { ...record, record: answered, ...asAnswer(written), written: Object.keys(body) },
    written: Object.fromEntries(Object.keys(body).map((field) => [field, answered[field]])),
    by: 'answer',
  } as const;
  return await settleAs(context, row, ending, 'succeeded');
}

/** Settles an update with nothing to send: Lobbie wins, or already has the values, perhaps from an earlier send of this row. */
async function settleUnchanged(
  context: PushContext,
  row: OutboxRow,
  merged: readonly FieldMerge[],
  record: Parameters<typeof adopt>[2],
): Promise<RowOutcome> {
  if (row.status !== 'in_doubt') {
    const verdict: Verdict = { status: 'succeeded', resultId: record.id };
    return await settleAs(context, row, { verdict, record, by: 'check' }, 'succeeded');
  }
  const there = merged.filter(({ verdict }) => verdict === 'already');
  return await adopt(context, row, record, Object.fromEntries(there.map(({ field, now }) => [field, now])));
}

/** A note about fields for which Lobbie answered another value than the one sent; null when there are none. */
function otherValueNote(row: OutboxRow, sent: JsonObject, answer: JsonObject): string | null {
  const fields = writableFields(row.resource, 'listing');
  const other = Object.keys(sent).filter((name) => {
    const kind = fields[name]?.kind;
    return kind !== undefined && answer[name] !== undefined && !same(kind, sent[name], answer[name]);
  });
  return other.length === 0 ? null : `${other.join(', ')}: carried out, but Lobbie has another value than the one sent`;
}

/** Compares an update with the record in Lobbie, by the configured policies and the decisions of a person. */
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
  const done = { verdict: { status: 'succeeded', resultId: id }, removed: true } as const;
  if (now === undefined) {
    const by = row.status === 'in_doubt' ? 'reading back' : 'check';
    return await settleAs(context, row, { ...done, by }, 'succeeded');
  }
  // The delete was requested for the record as it was then. If it has changed since, a person has to decide.
  const changed = changedFields(writableFields(row.resource, 'listing'), row.base, now.record);
  if (changed.length > 0) return await settleConflict(context, row, changed, now.record);
  const waits = row.status === 'in_doubt' ? await notYetAgain(context, row) : undefined;
  if (waits !== undefined) return waits;
  const written = await sendWrite(context, row, undefined);
  if (written.kind === 'lost') return 'left';
  const gone = written.kind === 'refused' && written.error.code === 'api.not_found';
  if (written.kind !== 'done' && !gone) return await settleFailure(context, row, written);
  const end = { outcome: 'done', httpStatus: written.kind === 'done' ? written.status : 404 } as const;
  return await settleAs(context, row, { ...done, attempt: { id: written.attempt, end }, by: 'answer' }, 'succeeded');
}

async function settleMissing(context: PushContext, row: OutboxRow): Promise<RowOutcome> {
  const what = row.resource === 'patients' ? 'patient' : 'appointment at this location';
  const verdict: Verdict = { status: 'rejected', error: `target_id: Lobbie has no such ${what}` };
  return await settleAs(context, row, { verdict, by: 'check' }, 'refused');
}

async function settleConflict(
  context: PushContext,
  row: OutboxRow,
  fields: readonly string[],
  now: JsonObject,
): Promise<RowOutcome> {
  const verdict: Verdict = {
    status: 'conflict',
    error: `${fields.join(', ')}: also changed in Lobbie since it was last pulled; decide with push resolve`,
    conflictFields: fields,
    remote: stringifyJson(now) ?? '{}',
  };
  return await settleAs(context, row, { verdict, by: 'check' }, 'conflict');
}
