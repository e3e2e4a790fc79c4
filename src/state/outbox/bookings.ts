import { type Kysely, sql } from 'kysely';
import { APPOINTMENT_BODIES, type AppointmentBody } from '../../core/writable.ts';
import type { SyncDatabase } from '../../db/tables.ts';

/** Lobbie's answers to bookings that were sent in one form of the body. */
export interface BookingTrials {
  /** Bookings that were carried out. */
  readonly succeeded: number;
  /** The latest answer, with the outbox row that it belongs to; null: no answer yet. */
  readonly latest: { readonly outboxId: string; readonly httpStatus: number | null } | null;
}

/**
 * Reads how Lobbie answered bookings, by the form of their body. The row shows the form: the check before sending allows
 * schedulerConfigId in the self-scheduling form only, and requires it there. A refused row that was queued again is left out,
 * because its fields may have been changed to the other form since.
 */
export async function bookingTrials(
  db: Kysely<SyncDatabase>,
): Promise<Readonly<Record<AppointmentBody, BookingTrials>>> {
  const { rows } = await sql<{ body: AppointmentBody; succeeded: number; outboxId: string; httpStatus: number | null }>`
    SELECT CASE WHEN jsonb_exists(o.changes, 'schedulerConfigId') THEN 'self-scheduling' ELSE 'listing' END AS body,
      count(*) FILTER (WHERE a.outcome = 'done')::int AS succeeded,
      (array_agg(a.outbox_id ORDER BY a.id DESC))[1]::text AS "outboxId",
      (array_agg(a.http_status ORDER BY a.id DESC))[1] AS "httpStatus"
    FROM lobbie_push.attempts a JOIN lobbie_push.outbox o ON o.id = a.outbox_id
    WHERE a.operation = 'createAppointment'
      AND (a.outcome = 'done' OR (a.outcome = 'refused' AND o.status IN ('rejected', 'failed', 'cancelled')))
    GROUP BY 1`.execute(db);
  const trials = (body: AppointmentBody): BookingTrials => {
    const row = rows.find((each) => each.body === body);
    if (row === undefined) return { succeeded: 0, latest: null };
    const { succeeded, outboxId, httpStatus } = row;
    return { succeeded, latest: { outboxId, httpStatus } };
  };
  return Object.fromEntries(APPOINTMENT_BODIES.map((body) => [body, trials(body)])) as Record<
    AppointmentBody,
    BookingTrials
  >;
}
