import type pg from 'pg';
import { APPOINTMENT_BODIES, type AppointmentBody } from '../core/writable.ts';
import { createPool } from '../db/pool.ts';
import { kyselyOnPool } from '../db/transaction.ts';
import { type BookingTrials, bookingTrials } from '../state/outbox/bookings.ts';
import type { DoctorDependencies, Finding } from './finding.ts';

type Trials = Readonly<Record<AppointmentBody, BookingTrials>>;

/**
 * Reports whether earlier bookings prove the form in which bookings are sent.
 *
 * @param readable whether the database can be reached and has the current schema
 */
export async function examineBooking(
  deps: Pick<DoctorDependencies, 'config' | 'databaseUrl'>,
  readable: boolean,
): Promise<Finding> {
  return bookingFinding(deps.config.push.appointmentBody, readable ? await readTrials(deps) : undefined);
}

/** Undefined when the database can't be read; its own checks report why. */
async function readTrials({ databaseUrl }: Pick<DoctorDependencies, 'databaseUrl'>): Promise<Trials | undefined> {
  let pool: pg.Pool | undefined;
  try {
    pool = createPool({ connectionString: await databaseUrl(), max: 1, applicationName: 'lobbie-sync doctor' });
    return await bookingTrials(kyselyOnPool(pool));
  } catch {
    return undefined;
  } finally {
    await pool?.end();
  }
}

const ANSWER = 'What Lobbie answered is in the column answer of lobbie_push.outbox.';

/**
 * Whether bookings have succeeded in the form that the settings choose. If not, the finding is only a warning, because a mirror without
 * deliveries needs no booking. Pure.
 *
 * @param trials the bookings so far; undefined when they can't be read
 */
export function bookingFinding(form: AppointmentBody, trials: Trials | undefined): Finding {
  const finding = (ok: Finding['ok'], detail: string, hint: string | null): Finding => ({
    name: 'body of createAppointment',
    area: 'settings',
    ok,
    detail: `LOBBIE_APPOINTMENT_BODY is ${form}; ${detail}`,
    hint,
  });
  if (trials === undefined) return finding('warning', 'whether a booking has succeeded is not known', howTo(form));
  const { succeeded, latest } = trials[form];
  const other = otherThan(form);
  if (succeeded > 0) return finding(true, `bookings that succeeded with it: ${succeeded}`, null);
  if (trials[other].succeeded > 0) {
    const detail = `no booking has succeeded with it, but with ${other}: ${trials[other].succeeded}`;
    return finding('warning', detail, `Set LOBBIE_APPOINTMENT_BODY to ${other}.`);
  }
  if (latest === null) return finding('warning', 'no booking was tried with it', howTo(form));
  const detail = `no booking has succeeded with it; the latest, row ${latest.outboxId}, was refused with ${latest.httpStatus ?? 'no status'}`;
  if (latest.httpStatus !== 400) return finding('warning', detail, `${ANSWER} ${howTo(form)}`);
  if (trials[other].latest?.httpStatus === 400) {
    return finding('warning', detail, `So was the latest with ${other}: a field may be at fault. ${ANSWER}`);
  }
  return finding('warning', detail, `The other form is meant: ${switchTo(other, latest.outboxId)} ${ANSWER}`);
}

const otherThan = (form: AppointmentBody): AppointmentBody => APPOINTMENT_BODIES.find((each) => each !== form) ?? form;

/** How to switch a row to another form. Its fields must change, too: the check before sending refuses fields of the wrong form. */
function switchTo(form: AppointmentBody, row: string): string {
  const fields =
    form === 'self-scheduling'
      ? 'add schedulerConfigId to the changes of the row'
      : 'take schedulerConfigId out of the changes of the row';
  return `set LOBBIE_APPOINTMENT_BODY to ${form}, ${fields}, then \`lobbie-sync push retry ${row}\`.`;
}

function howTo(form: AppointmentBody): string {
  return [
    'The documents show two forms (contract/FACTS.md). To find out, book one visit in a test account, or at a time nobody needs:',
    '`lobbie-sync push add` (or a row in lobbie_push.outbox), `push plan`, then `push apply ID`.',
    `A refusal with 400 says that the other form is meant: ${switchTo(otherThan(form), 'ID')}`,
    ANSWER,
  ].join(' ');
}
