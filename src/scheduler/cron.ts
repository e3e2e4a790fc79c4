import { CronExpressionParser } from 'cron-parser';
import { validate } from 'node-cron';
import { LobbieSyncError } from '../core/errors.ts';

/** The times at which a job is due. */
export interface Times {
  readonly cron: string;
  readonly timezone: string;
}

/**
 * How far before the given instant cron-parser starts, milliseconds. On the day when an hour comes twice, cron-parser finds
 * 02:30 once if it starts before that hour, and a second time if it starts within it. No zone moves its clocks by more than
 * this.
 */
const RUN_UP_MS = 3 * 3_600_000;

/**
 * Refuses a cron expression or a time zone that the scheduler can't follow.
 *
 * @throws LobbieSyncError with exit code 2
 */
export function checkTimes(times: Times): void {
  const fields = times.cron.trim().split(/\s+/);
  if (fields.length !== 5) throw refused(`'${times.cron}' is not a cron expression`);
  if (!validate(times.cron) && validate(anyDay(fields))) {
    throw refused(`'${times.cron}' is never due: none of its months has that day`);
  }
  if (!validate(times.cron)) throw refused(`'${times.cron}' is not a cron expression`);
  if (!isZone(times.timezone)) throw refused(`'${times.timezone}' is not a time zone`);
  if (movesOddly(times.timezone)) {
    throw refused(`'${times.timezone}' moves its clocks by other than one hour, which the scheduler can't follow`);
  }
  try {
    nextDue(times, new Date(0));
  } catch (cause) {
    throw refused(`'${times.cron}' is never due`, cause);
  }
}

/** The same times on any day of the month: that leaves nothing wrong where only the day does not occur. */
const anyDay = ([minute, hour, _day, month, weekday]: readonly string[]): string =>
  [minute, hour, '*', month, weekday].join(' ');

function refused(message: string, cause?: unknown): LobbieSyncError {
  return new LobbieSyncError(`schedule: ${message}`, {
    code: 'schedule.invalid',
    action: 'abort',
    exitCode: 2,
    hint: 'LOBBIE_SYNC_CRON has five fields as in `0 2 * * *` (minute, hour, day, month, weekday), LOBBIE_SYNC_TIMEZONE a zone as in `Europe/Berlin`.',
    cause,
  });
}

function isZone(timezone: string): boolean {
  try {
    offsetMinutes(timezone, 0);
    return timezone !== '';
  } catch {
    return false;
  }
}

/** Whether the zone moves its clocks by other than one hour (Lord Howe, Troll): cron-parser fails on those days. */
function movesOddly(timezone: string): boolean {
  const offsets = Array.from({ length: 12 }, (_each, month) => offsetMinutes(timezone, month));
  return ![0, 60].includes(Math.max(...offsets) - Math.min(...offsets));
}

/** The zone's offset from UTC in a month of 2026, minutes. */
function offsetMinutes(timezone: string, month: number): number {
  const format = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(Date.UTC(2026, month, 15)).find((part) => part.type === 'timeZoneName')?.value;
  const [, sign, hours, minutes] = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(name ?? '') ?? [];
  return (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1);
}

/**
 * The first instant after `after` at which the job is due. Each local day has every time once: a time that the day lacks comes
 * right after the gap, and a time that the day has twice counts the first time.
 */
export function nextDue(times: Times, after: Date): Date {
  for (const due of duesAfter(times, after)) return due;
  throw new RangeError('never due');
}

/** Walks forward only, because cron-parser going back counts a doubled time twice and omits a time that the day lacks. */
function* duesAfter(times: Times, after: Date): Generator<Date, void> {
  const expression = parse(times, after.getTime() - RUN_UP_MS);
  for (;;) {
    const due = expression.next().toDate();
    if (due > after) yield due;
  }
}

/** How many due times are walked one by one; a longer gap is crossed in one step. */
const WALKED = 1000;

/** The instants after `after` up to and including `until`, oldest first; the latest `limit` of them, at most 500. */
export function duesBetween(times: Times, after: Date, until: Date, limit = 100): readonly Date[] {
  const dues: Date[] = [];
  for (const due of duesAfter(times, after)) {
    if (due > until) return dues.slice(-limit);
    if (dues.push(due) > WALKED) break;
  }
  return duesBetween(times, leap(times, until, limit), until, limit);
}

/** An instant with at least `limit` due times between it and `until`. It goes back a few more, because that is not exact (see above). */
function leap(times: Times, until: Date, limit: number): Date {
  const expression = parse(times, until.getTime());
  for (let steps = 0; steps < limit + 10; steps += 1) expression.prev();
  return expression.prev().toDate();
}

function parse(times: Times, from: number) {
  return CronExpressionParser.parse(times.cron, { currentDate: new Date(from), tz: times.timezone });
}
