import { expect, test } from 'vitest';
import { bookingFinding } from '../../../src/inspect/doctor-booking.ts';
import type { BookingTrials } from '../../../src/state/outbox/bookings.ts';

const untried: BookingTrials = { succeeded: 0, latest: null };
const refused = (httpStatus: number, outboxId = '17'): BookingTrials => ({
  succeeded: 0,
  latest: { outboxId, httpStatus },
});
const worked: BookingTrials = { succeeded: 3, latest: { outboxId: '20', httpStatus: 400 } };
const of = (listing: BookingTrials, other: BookingTrials) => ({ listing, 'self-scheduling': other });

test('one that succeeded proves the form, whatever was refused since', () => {
  expect(bookingFinding('listing', of(worked, untried))).toEqual({
    name: 'body of createAppointment',
    area: 'settings',
    ok: true,
    detail: 'LOBBIE_APPOINTMENT_BODY is listing; bookings that succeeded with it: 3',
    hint: null,
  });
});

test('while none was tried, or nothing can be known, it says how to find out', () => {
  for (const trials of [of(untried, untried), of(untried, refused(400)), undefined]) {
    const { ok, detail, hint } = bookingFinding('listing', trials);
    expect(ok).toBe('warning');
    expect(detail).toMatch(trials === undefined ? /is not known$/ : /no booking was tried with it$/);
    for (const part of [
      'contract/FACTS.md',
      'test account',
      'push add',
      'push plan',
      'push apply ID',
      'set LOBBIE_APPOINTMENT_BODY to self-scheduling, add schedulerConfigId',
      'push retry ID',
      'column answer',
    ]) {
      expect(hint).toContain(part);
    }
  }
  const { hint } = bookingFinding('self-scheduling', undefined);
  expect(hint).toContain('set LOBBIE_APPOINTMENT_BODY to listing, take schedulerConfigId out of');
});

test('a refusal with 400 points to the other form', () => {
  const { ok, detail, hint } = bookingFinding('listing', of(refused(400), untried));
  expect(ok).toBe('warning');
  expect(detail).toContain('the latest, row 17, was refused with 400');
  expect(hint).toMatch(
    /^The other form is meant: set LOBBIE_APPOINTMENT_BODY to self-scheduling, .*`lobbie-sync push retry 17`/,
  );
});

test('a refusal with 400 of both forms points to neither, nor does another refusal', () => {
  const both = bookingFinding('self-scheduling', of(refused(400), refused(400, '18')));
  expect(both).toMatchObject({ ok: 'warning', detail: expect.stringContaining('row 18') });
  expect(both.hint).not.toContain('set LOBBIE_APPOINTMENT_BODY');
  expect(both.hint).toContain('column answer');
  const taken = bookingFinding('listing', of(refused(409), untried));
  expect(taken).toMatchObject({ ok: 'warning', detail: expect.stringContaining('refused with 409') });
  expect(taken.hint).not.toContain('The other form is meant: set');
});

test('a form that succeeded is named where the settings choose the other one', () => {
  for (const trials of [of(untried, worked), of(refused(400), worked)]) {
    expect(bookingFinding('listing', trials)).toMatchObject({
      ok: 'warning',
      hint: 'Set LOBBIE_APPOINTMENT_BODY to self-scheduling.',
    });
  }
});
