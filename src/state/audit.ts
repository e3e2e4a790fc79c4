import type { Kysely } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

/** One entry of the audit log: who did what to which ids. It never holds values of fields. */
export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly accountId?: string;
  readonly resource?: string;
  /** Ids and counts only. */
  readonly subject?: Readonly<Record<string, unknown>>;
  readonly runId?: string;
}

/** Appends to the audit log. The table refuses updates and deletes. */
export async function addAudit(db: Kysely<SyncDatabase>, entry: AuditEntry, at: Date): Promise<void> {
  await db
    .insertInto('lobbie_sync.audit_log')
    .values({
      at,
      actor: entry.actor,
      action: entry.action,
      account_id: entry.accountId ?? null,
      resource: entry.resource ?? null,
      subject: JSON.stringify(entry.subject ?? {}),
      run_id: entry.runId ?? null,
    })
    .execute();
}
