import type { PushContext } from './context.ts';
import { deliverCreate } from './create.ts';
import { decideChange } from './decide.ts';
import { askPerson } from './doubt.ts';
import { readRecord } from './lobbie.ts';
import { deliverDelete } from './remove.ts';
import type { OutboxRow } from './row.ts';
import { type RowOutcome, scopeOf, settleAs, settleConflict } from './settle.ts';
import { deliverUpdate, settleUnchanged } from './update.ts';
import { faultText, validateRow, withPatient } from './validate.ts';

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
  const decision = decideChange(row, resolved, now, context.settings.policies);
  if (decision.kind === 'missing') {
    if (row.status === 'in_doubt' && now.found === 'another') return await askPerson(context, row, decision.error);
    const verdict = { status: 'rejected', error: decision.error } as const;
    return await settleAs(context, row, { verdict, by: 'check' }, 'refused');
  }
  if (row.operation === 'delete' && now.found !== 'record') {
    const by = row.status === 'in_doubt' ? 'reading back' : 'check';
    const verdict = { status: 'succeeded', resultId: id } as const;
    return await settleAs(context, row, { verdict, removed: true, by }, 'succeeded');
  }
  if (now.found !== 'record') throw new TypeError('a change is decided about a record');
  if (decision.kind === 'conflict') return await settleConflict(context, row, decision.conflicts, now.record);
  const record = { ...scopeOf(row), id, record: now.record, readAt: now.readAt, form: 'answer' } as const;
  if (decision.kind === 'nothing') return await settleUnchanged(context, row, decision.fields, record);
  return decision.body === undefined
    ? await deliverDelete(context, row, id)
    : await deliverUpdate(context, row, record, decision.body);
}

/** Why the patient that a booking refers to is missing; undefined when there is no problem. */
export function referenceFault({ patientRef }: OutboxRow): string | undefined {
  if (patientRef === null) return undefined;
  const { status, resultId } = patientRef;
  if (status === null) return 'patientId: no row of this account creates a patient with that externalRef';
  return resultId === null ? `patientId: the row that creates the patient was ${status}` : undefined;
}
