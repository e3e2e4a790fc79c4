import { parseJson } from '../api/json.ts';
import type { OutboxStatus } from '../core/writable.ts';
import type { StoredOutboxRow } from '../state/outbox/rows.ts';

/** A JSON object from Lobbie or a writer. Numbers that a double can't hold are kept as text (see api/json.ts). */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An outbox row as the worker uses it. */
export interface OutboxRow extends Omit<StoredOutboxRow, 'changes' | 'base' | 'refWanted' | 'refStatus' | 'refResult'> {
  readonly changes: JsonObject;
  /** The record as the mirror had it when the change was requested; null when it had none. */
  readonly base: JsonObject | null;
  /** The base as JSON text. */
  readonly baseText: string | null;
  /**
   * The row that creates the patient to whom `changes.patientId.externalRef` refers; its status is null when there is no such
   * row. Null: `changes` has no such reference.
   */
  readonly patientRef: { readonly status: OutboxStatus | null; readonly resultId: string | null } | null;
}

/** Parses a stored row without rounding large numbers. */
export function parseRow(stored: StoredOutboxRow): OutboxRow {
  const { refWanted, refStatus, refResult, ...row } = stored;
  return {
    ...row,
    changes: parseJson(stored.changes) as JsonObject,
    base: stored.base === null ? null : (parseJson(stored.base) as JsonObject),
    baseText: stored.base,
    patientRef: refWanted ? { status: refStatus, resultId: refResult } : null,
  };
}
