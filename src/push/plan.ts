import { type OutboxChoice, openRows } from '../state/outbox/rows.ts';
import type { PushContext } from './context.ts';
import { decideChange } from './decide.ts';
import { referenceFault } from './deliver.ts';
import { readRecord } from './lobbie.ts';
import type { FieldMerge } from './merge.ts';
import { type OutboxRow, parseRow } from './row.ts';
import { type Fault, validateRow, withPatient } from './validate.ts';

/**
 * What a delivery would do with a row now: `send` it; do `nothing`, because Lobbie has all values or wins; stop at a `conflict`;
 * or let it be `rejected`. A row that can't be delivered yet `waits` behind another row or for a `person`, or is `in_doubt` and is
 * settled by reading back first.
 */
export type PlanVerdict = 'send' | 'nothing' | 'conflict' | 'rejected' | 'waits' | 'person' | 'in_doubt';

/** One row of a plan. Only `fields` hold values, and those are protected health information. */
export interface PlanEntry {
  readonly id: string;
  readonly resource: string;
  readonly operation: string;
  readonly accountId: string;
  readonly locationId: string | null;
  readonly targetId: string | null;
  readonly verdict: PlanVerdict;
  /** Why the row is not sent: names of fields and kinds of fault. */
  readonly reason: string | null;
  readonly faults: readonly Fault[];
  readonly fields: readonly FieldMerge[];
}

/** Plans the delivery of undecided rows by comparing base, wanted values and Lobbie's values. Writes nothing. */
export async function planRows(
  context: PushContext,
  choice: OutboxChoice,
  limit: number,
): Promise<readonly PlanEntry[]> {
  const plan: PlanEntry[] = [];
  for (const stored of await openRows(context.db, choice, limit)) {
    if (context.stop.reason !== undefined) throw context.stop.reason;
    plan.push(await planRow(context, parseRow(stored), stored.waits));
  }
  return plan;
}

async function planRow(context: PushContext, row: OutboxRow, waits: boolean): Promise<PlanEntry> {
  const { changes, faults } = validateRow(row, { ...context.settings, now: context.clock.now() });
  const { id, resource, operation, accountId, locationId, targetId } = row;
  const entry = (verdict: PlanVerdict, reason: string | null, fields: readonly FieldMerge[] = []): PlanEntry => ({
    ...{ id, resource, operation, accountId, locationId, targetId, verdict, reason, faults, fields },
  });
  if (faults.length > 0) return entry('rejected', 'the row fails a check');
  if (row.status === 'in_flight') return entry('in_doubt', 'the write was sent, and its answer is not stored yet');
  if (row.status === 'in_doubt') return entry('in_doubt', 'Lobbie is read back before anything is sent');
  const wanted = withPatient(changes, row.patientRef?.resultId ?? null);
  if (operation === 'create') {
    const fields = Object.entries(wanted).map(([field, value]): FieldMerge => {
      return { field, verdict: 'send', stored: undefined, wanted: value, now: undefined };
    });
    if (waits) return entry('waits', 'the row that creates the patient is delivered first', fields);
    const problem = row.patientRef === null ? undefined : referenceFault(row);
    return problem === undefined ? entry('send', null, fields) : entry('rejected', problem, fields);
  }
  const now = await readRecord(context, row, targetId ?? '');
  const decision = decideChange(row, wanted, now, context.settings.policies);
  const behind = 'an earlier row of the same record is not decided';
  switch (decision.kind) {
    case 'missing':
      return entry('rejected', decision.error);
    case 'conflict':
      return operation === 'delete'
        ? entry('conflict', `changed in Lobbie since it was last pulled: ${decision.conflicts.join(', ')}`)
        : entry('conflict', 'both sides changed a field: push resolve decides', decision.fields);
    case 'nothing': {
      if (operation === 'delete') return entry('nothing', 'Lobbie no longer has such a record');
      const why = 'Lobbie has these values already, or wins';
      return waits ? entry('waits', behind, decision.fields) : entry('nothing', why, decision.fields);
    }
    case 'send': {
      if (operation === 'delete' && row.approvedBy === null && !context.deletes)
        return entry('person', 'a delete needs push approve, or push apply --yes');
      return waits ? entry('waits', behind, decision.fields) : entry('send', null, decision.fields);
    }
  }
}
