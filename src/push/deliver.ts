import { stringifyJson } from '../api/json.ts';
import { writableFields } from '../core/writable.ts';
import type { Verdict } from '../state/outbox/writes.ts';
import type { PushContext } from './context.ts';
import { adopt, askPerson, notYetAgain, settleSearch } from './doubt.ts';
import { asRecord, type ReadRecord, readRecord } from './lobbie.ts';
import { bodyOf, changedFields, type FieldMerge, fieldsWith, mergeUpdate } from './merge.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import { idOf, searchCreated } from './search.ts';
import { placeOf, type RowOutcome, settleAs, settleFailure } from './settle.ts';
import { createBody, faultText, validateRow, withPatient } from './validate.ts';
import { same } from './values.ts';
import { sendWrite, type Written } from './write.ts';

/**
 * Works on one row: checks it, looks at what Lobbie has now, sends what is to be sent, and stores what came of it. A row in
 * doubt takes the same way, and begins with what reading back tells.
 *
 * @throws StopError when the run is to end; LobbieSyncError when Lobbie or the database can't be asked now
 */
export async function deliverRow(context: PushContext, row: OutboxRow): Promise<RowOutcome> {
  const { changes, faults } = validateRow(row, { ...context.settings, now: context.clock.now() });
  const problem = referenceFault(row) ?? (faults.length > 0 ? faultText(faults) : undefined);
  if (problem !== undefined) {
    // What may have been carried out is not rejected; and looked for by a part of its fields, another record could fit.
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

/** Why a patient who is referred to is not there; undefined where all is well. */
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
    // It collides, perhaps with what an earlier send of this very row made and a search did not show yet.
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
    // Carried out, but under which id?
    const error = 'Lobbie answered without an id; it is looked for by reading back';
    const verdict: Verdict = { status: 'in_doubt', error, doubtSince: context.clock.now() };
    return await settleAs(context, row, { verdict, attempt, by: 'answer' }, 'in_doubt');
  }
  const ending = {
    verdict: { status: 'succeeded', resultId: id, error: otherValueNote(row, changes, record) },
    attempt,
    // What the answer leaves out is as it was sent.
    record: { ...placeOf(row), id, record: { ...record, ...without(changes, record) }, ...came(written) },
    written: changes,
    by: 'answer',
  } as const;
  return await settleAs(context, row, ending, 'succeeded');
}

/** How the answer to a write goes into the mirror. */
const came = ({ answeredAt }: Extract<Written, { kind: 'done' }>) => ({ readAt: answeredAt, form: 'answer' }) as const;

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
  const record = { ...placeOf(row), id, ...now, form: 'answer' } as const;
  if (Object.keys(body).length === 0) return await settleThere(context, row, merged, record);
  const waits = row.status === 'in_doubt' ? await notYetAgain(context, row) : undefined;
  if (waits !== undefined) return waits;
  // Where the mirror had no record, what was just read is what a doubt is compared with.
  const known = { ...row, baseText: row.baseText ?? stringifyJson(now.record) ?? null };
  const written = await sendWrite(context, known, body);
  if (written.kind === 'lost') return 'left';
  if (written.kind !== 'done') return await settleFailure(context, row, written);
  const answer = asRecord(written.body) ?? {};
  // What the answer leaves out is as it was read before it, or as it was written.
  const answered = { ...now.record, ...body, ...answer };
  const ending = {
    verdict: { status: 'succeeded', resultId: id, error: otherValueNote(row, body, answer) },
    attempt: { id: written.attempt, end: { outcome: 'done', httpStatus: written.status } },
    record: { ...record, record: answered, ...came(written), written: Object.keys(body) },
    written: Object.fromEntries(Object.keys(body).map((field) => [field, answered[field]])),
    by: 'answer',
  } as const;
  return await settleAs(context, row, ending, 'succeeded');
}

/** An update that has nothing to send: Lobbie has what is wanted, perhaps by an earlier send of this row, or wins. */
async function settleThere(
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

/** A note about fields that Lobbie answers with another value than the one it was sent; null where there are none. */
function otherValueNote(row: OutboxRow, sent: JsonObject, answer: JsonObject): string | null {
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
  const done = { verdict: { status: 'succeeded', resultId: id }, removed: true } as const;
  if (now === undefined) {
    const by = row.status === 'in_doubt' ? 'reading back' : 'check';
    return await settleAs(context, row, { ...done, by }, 'succeeded');
  }
  // Whoever asked for it saw another record than the one that would go.
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
    error: `${fields.join(', ')}: changed in Lobbie too since it was last pulled; decide with push resolve`,
    conflictFields: fields,
    remote: stringifyJson(now) ?? '{}',
  };
  return await settleAs(context, row, { verdict, by: 'check' }, 'conflict');
}
