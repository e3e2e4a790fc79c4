import { parseJson } from '../api/json.ts';
import type { OutboxStatus } from '../core/writable.ts';
import type { StoredOutboxRow } from '../state/outbox/rows.ts';

/** A JSON object as Lobbie or a writer gave it, with numbers that a double can't hold kept as text (see api/json.ts). */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A row of the outbox as the worker uses it. */
export interface OutboxRow extends Omit<StoredOutboxRow, 'changes' | 'base' | 'refWanted' | 'refStatus' | 'refResult'> {
  readonly changes: JsonObject;
  /** The record as the mirror had it when the change was asked for; null when it had none. */
  readonly base: JsonObject | null;
  /** The same as JSON text. */
  readonly baseText: string | null;
  /**
   * What is known of the row that creates the patient referred to in `changes.patientId.externalRef`; its status is null where
   * there is no such row. Null: no such reference.
   */
  readonly patientRef: { readonly status: OutboxStatus | null; readonly resultId: string | null } | null;
}

/** Reads a row with every digit of its numbers. */
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
