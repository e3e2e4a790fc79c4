import { type ConflictPolicy, writableFields } from '../core/writable.ts';
import type { Reading } from './lobbie.ts';
import { bodyOf, changedFields, type FieldMerge, fieldsWith, mergeUpdate } from './merge.ts';
import type { JsonObject, OutboxRow } from './row.ts';

/** What a row comes to, by what Lobbie has now. The plan shows it, and the delivery carries it out. */
export type Decision = (
  | { readonly kind: 'send'; readonly body: JsonObject | undefined }
  /** Lobbie has the wanted values, or wins; a record that is to be deleted is gone. */
  | { readonly kind: 'nothing' }
  /** Both sides changed these fields. */
  | { readonly kind: 'conflict'; readonly conflicts: readonly string[] }
  /** Lobbie has no such record, or another one in its place; `error` says which. */
  | { readonly kind: 'missing'; readonly error: string }
) & { readonly fields: readonly FieldMerge[] };

/** The part of a row that a decision depends on. */
export type Decidable = Pick<OutboxRow, 'resource' | 'operation' | 'targetId' | 'base' | 'resolution'>;

/** Who wins a field that both sides changed, by `resource.field`; a person decides about all others. */
export type Policies = Readonly<Record<string, ConflictPolicy>>;

/** Decides about an update or a delete, by the base, the wanted values and what Lobbie has now. Pure. */
export function decideChange(row: Decidable, changes: JsonObject, now: Reading, policies: Policies): Decision {
  const { resource, base, resolution } = row;
  const fields = writableFields(resource, 'listing');
  const isDelete = row.operation === 'delete';
  if (now.found === 'another') return { kind: 'missing', error: mergedInto(now.id), fields: [] };
  if (now.found === 'none') {
    if (isDelete) return { kind: 'nothing', fields: [] };
    const what = resource === 'patients' ? 'patient' : 'appointment at this location';
    return { kind: 'missing', error: `target_id: Lobbie has no such ${what}`, fields: [] };
  }
  if (isDelete) {
    // The delete was requested for the record as it was then. If it has changed since, a person has to decide.
    const conflicts = changedFields(fields, base, now.record);
    return conflicts.length > 0
      ? { kind: 'conflict', conflicts, fields: [] }
      : { kind: 'send', body: undefined, fields: [] };
  }
  const policy = (field: string) => policies[`${resource}.${field}`] ?? 'ask';
  const merged = mergeUpdate({ fields, base, wanted: changes, now: now.record, policy, resolution });
  const conflicts = fieldsWith(merged, 'conflict');
  if (conflicts.length > 0) return { kind: 'conflict', conflicts, fields: merged };
  const body = bodyOf(merged);
  return Object.keys(body).length > 0 ? { kind: 'send', body, fields: merged } : { kind: 'nothing', fields: merged };
}

/** The text of an answer that carries the record of another id. */
export const mergedInto = (id: string): string =>
  `target_id: Lobbie answers with the record ${id} in its place; it was merged, or the answer is wrong`;
