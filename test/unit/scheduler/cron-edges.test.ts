import { describe, expect, test } from 'vitest';
import { checkTimes, duesBetween, nextDue } from '../../../src/scheduler/cron.ts';

const refusal = (cron: string, timezone = 'UTC'): { message: string; code: string; hint: string } => {
  try {
    checkTimes({ cron, timezone });
  } catch (error) {
    return error as { message: string; code: string; hint: string };
  }
  throw new Error(`${cron} in ${timezone} is taken`);
};

describe('a refusal names what is wrong', () => {
  test.each([
    ['at night', 'UTC', "'at night' is not a cron expression"],
    ['0 2 * * * *', 'UTC', 'is not a cron expression'],
    ['0 0 30 2 *', 'UTC', "'0 0 30 2 *' is never due: none of its months has that day"],
    ['0 2 31 4,6,9,11 *', 'UTC', 'is never due'],
    ['0 2 99 2 *', 'UTC', 'is never due'],
    ['0 2 30 2 9', 'UTC', 'is not a cron expression'],
    ['0 2 * * *', 'Mars/Olympus', "'Mars/Olympus' is not a time zone"],
    ['0 2 * * *', '', "'' is not a time zone"],
    ['0 2 * * *', 'Australia/Lord_Howe', "'Australia/Lord_Howe' moves its clocks"],
  ])('%s in %s', (cron, timezone, message) => {
    const refused = refusal(cron, timezone);
    expect(refused.message).toMatch(/^schedule: /);
    expect(refused.message).toContain(message);
    expect(refused.code).toBe('schedule.invalid');
    expect(refused.hint).toMatch(/five fields.*Europe\/Berlin/i);
  });
});

test('spaces around and between the fields do not matter', () => {
  expect(() => checkTimes({ cron: '  0  2 * * * ', timezone: 'UTC' })).not.toThrow();
});

test.each(['UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Auckland', 'Africa/Casablanca', 'Pacific/Marquesas'])(
  'clocks of %s move by an hour or not at all',
  (timezone) => expect(() => checkTimes({ cron: '0 2 * * *', timezone })).not.toThrow(),
);

describe('many due times', () => {
  const minutely = { cron: '* * * * *', timezone: 'UTC' };
  const until = new Date('2026-01-01T00:00:00Z');
  const since = (minutes: number) => new Date(until.getTime() - minutes * 60_000);

  test.each([999, 1000, 1001, 1002, 5000])('of %i, the latest hundred are given', (minutes) => {
    const dues = duesBetween(minutely, since(minutes), until);
    expect(dues).toHaveLength(100);
    expect(dues[0]).toEqual(since(99));
    expect(dues.at(-1)).toEqual(until);
  });

  test('the limit may be five hundred', () => {
    const dues = duesBetween(minutely, since(20_000), until, 500);
    expect(dues).toHaveLength(500);
    expect(dues[0]).toEqual(since(499));
  });

  test('a due time at the very end counts, and one at the very beginning does not', () => {
    expect(duesBetween(minutely, since(2), until)).toEqual([since(1), until]);
    expect(duesBetween(minutely, since(2), new Date(until.getTime() - 1))).toEqual([since(1)]);
    expect(nextDue(minutely, until)).toEqual(since(-1));
    expect(nextDue(minutely, new Date(until.getTime() - 1))).toEqual(until);
  });
});
