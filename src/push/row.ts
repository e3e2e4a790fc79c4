import { parseJson } from '../api/json.ts';
import type { WritableResource, WriteOperation } from '../core/writable.ts';
import type { OutboxStatus } from '../db/tables.ts';
import type { StoredOutboxRow } from '../state/outbox.ts';

/** A JSON object as Lobbie or a writer gave it, with numbers that a double can't hold kept as text (see api/json.ts). */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A row of the outbox as the worker uses it. */
export interface OutboxRow {
  readonly id: string;
  /** Changes with every update of the row: a claim counts only for the row that was looked at. */
  readonly version: string;
  readonly resource: WritableResource;
  readonly operation: WriteOperation;
  readonly accountId: string;
  readonly locationId: string | null;
  readonly targetId: string | null;
  readonly changes: JsonObject;
  readonly allowNulls: boolean;
  readonly status: OutboxStatus;
  readonly attempts: number;
  /** Writes sent since a person last decided about it. */
  readonly tries: number;
  /** The record as the mirror had it when the change was asked for; null when it had none. */
  readonly base: JsonObject | null;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly approved: boolean;
  readonly resolution: Readonly<Record<string, 'ours' | 'theirs'>>;
  readonly sentAt: Date | null;
  readonly unanswered: boolean;
  /** The reference in `changes.patientId.externalRef`, and what is known of the row that bears it. */
  readonly patientRef: { readonly status: OutboxStatus | null; readonly resultId: string | null } | null;
}

/** Reads a row with every digit of its numbers. */
export function parseRow(stored: StoredOutboxRow): OutboxRow {
  const { refWanted, refStatus, refResult, ...row } = stored;
  return {
    ...row,
    changes: parseJson(stored.changes) as JsonObject,
    base: stored.base === null ? null : (parseJson(stored.base) as JsonObject),
    patientRef: refWanted ? { status: refStatus, resultId: refResult } : null,
  };
}
