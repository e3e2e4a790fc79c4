import type { ConflictPolicy, WritableFields } from '../core/writable.ts';
import type { JsonObject } from './row.ts';
import { same } from './values.ts';

/**
 * The verdict on one field of an update:
 * - `send`: only this side changed it, or this side wins;
 * - `already`: Lobbie has the wanted value;
 * - `theirs`: only Lobbie changed it, or Lobbie wins, so it is not sent;
 * - `conflict`: both changed it, and a person has to decide.
 */
export type FieldVerdict = 'send' | 'already' | 'theirs' | 'conflict';

export interface FieldMerge {
  readonly field: string;
  readonly verdict: FieldVerdict;
  /** The values in the base, in the row and in Lobbie now; protected health information. */
  readonly stored: unknown;
  readonly wanted: unknown;
  readonly now: unknown;
}

export interface MergeInput {
  readonly fields: WritableFields;
  /** The record as it was when the change was requested. Null when it is unknown; then nothing counts as changed by Lobbie. */
  readonly base: JsonObject | null;
  readonly wanted: JsonObject;
  readonly now: JsonObject;
  /** Who wins a field that both sides changed. */
  readonly policy: (field: string) => ConflictPolicy;
  /** What a person decided for this row. */
  readonly resolution: Readonly<Record<string, 'ours' | 'theirs'>>;
}

/** The three-way merge: compares the base, the wanted values and Lobbie's values field by field. Pure. */
export function mergeUpdate(input: MergeInput): readonly FieldMerge[] {
  const { fields, base, wanted, now } = input;
  return Object.keys(wanted).map((field) => ({
    field,
    verdict: verdictOf(input, field, fields),
    stored: base?.[field],
    wanted: wanted[field],
    now: now[field],
  }));
}

function verdictOf(input: MergeInput, field: string, fields: WritableFields): FieldVerdict {
  const { base, wanted, now, policy, resolution } = input;
  const kind = fields[field]?.kind ?? 'text';
  if (same(kind, wanted[field], now[field])) return 'already';
  const decided = resolution[field];
  if (decided === 'theirs') return 'theirs';
  if (base === null || same(kind, base[field], now[field])) return 'send';
  // From here on Lobbie's value is not the one that was last pulled.
  if (same(kind, base[field], wanted[field])) return 'theirs';
  const winner = policy(field);
  return winner === 'ours' ? 'send' : winner === 'theirs' ? 'theirs' : 'conflict';
}

/** The writable fields that differ between the base and the record now. */
export function changedFields(fields: WritableFields, base: JsonObject | null, now: JsonObject): readonly string[] {
  if (base === null) return [];
  return Object.entries(fields)
    .filter(([name, { kind }]) => !same(kind, base[name], now[name]))
    .map(([name]) => name);
}

/** The fields to send, with their wanted values. */
export function bodyOf(merged: readonly FieldMerge[]): JsonObject {
  return Object.fromEntries(
    merged.filter(({ verdict }) => verdict === 'send').map((each) => [each.field, each.wanted]),
  );
}

export const fieldsWith = (merged: readonly FieldMerge[], verdict: FieldVerdict): readonly string[] =>
  merged.filter((each) => each.verdict === verdict).map((each) => each.field);
