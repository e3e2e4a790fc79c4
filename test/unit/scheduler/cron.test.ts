import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LobbieSyncError } from '../../../src/core/errors.ts';
import { checkTimes, duesBetween, nextDue, type Times } from '../../../src/scheduler/cron.ts';

const at = (times: Times, from: string, until: string) =>
  duesBetween(times, new Date(from), new Date(until)).map((due) => due.toISOString());

const BERLIN = { cron: '30 2 * * *', timezone: 'Europe/Berlin' };
const NEW_YORK = { cron: '30 2 * * *', timezone: 'America/New_York' };

describe('due times', () => {
  test('on a day without 02:30 the job is due right after the gap (Berlin, 29 March 2026)', () => {
    expect(at(BERLIN, '2026-03-27T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  test('on a day with 02:30 twice the job is due the first time (Berlin, 25 October 2026)', () => {
    expect(at(BERLIN, '2026-10-23T12:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('the second 02:30 is not due, wherever the search starts', () => {
    for (const from of ['00:30:00', '00:45:00', '01:00:00', '01:15:00', '01:29:59', '01:30:00']) {
      expect(nextDue(BERLIN, new Date(`2026-10-25T${from}Z`)).toISOString()).toBe('2026-10-26T01:30:00.000Z');
    }
  });

  test('the due time after a gap is found from within the gap', () => {
    for (const from of ['00:30:00', '00:59:59', '01:00:00', '01:15:00']) {
      expect(nextDue(BERLIN, new Date(`2026-03-29T${from}Z`)).toISOString()).toBe('2026-03-29T01:30:00.000Z');
    }
  });

  test('New York: 8 March and 1 November 2026', () => {
    expect(at(NEW_YORK, '2026-03-07T12:00:00Z', '2026-03-09T12:00:00Z')).toEqual([
      '2026-03-08T07:30:00.000Z',
      '2026-03-09T06:30:00.000Z',
    ]);
    const doubled = { cron: '30 1 * * *', timezone: 'America/New_York' };
    expect(at(doubled, '2026-10-31T12:00:00Z', '2026-11-02T12:00:00Z')).toEqual([
      '2026-11-01T05:30:00.000Z',
      '2026-11-02T06:30:00.000Z',
    ]);
  });

  test('a job of every hour misses none of the 25 hours of a long day', () => {
    const hourly = { cron: '0 * * * *', timezone: 'Europe/Berlin' };
    expect(at(hourly, '2026-10-24T21:30:00Z', '2026-10-25T22:30:00Z')).toHaveLength(25);
  });

  test('29 February', () => {
    const leap = { cron: '0 3 29 2 *', timezone: 'UTC' };
    expect(nextDue(leap, new Date('2026-01-01T00:00:00Z')).toISOString()).toBe('2028-02-29T03:00:00.000Z');
    const daily = { cron: '0 2 * * *', timezone: 'UTC' };
    expect(at(daily, '2028-02-28T12:00:00Z', '2028-03-01T12:00:00Z')).toEqual([
      '2028-02-29T02:00:00.000Z',
      '2028-03-01T02:00:00.000Z',
    ]);
  });

  test('there is none between a due time and itself; of many the latest are returned, of few all', () => {
    expect(at(BERLIN, '2026-06-02T00:30:00Z', '2026-06-02T00:30:00Z')).toEqual([]);
    expect(at(BERLIN, '2026-06-02T00:30:00Z', '2026-06-01T00:00:00Z')).toEqual([]);
    const minutely = { cron: '* * * * *', timezone: 'UTC' };
    const year = duesBetween(minutely, new Date('2025-01-01T00:00:00Z'), new Date('2026-01-01T00:00:00Z'), 10);
    expect(year.map((due) => due.toISOString())).toEqual(
      [51, 52, 53, 54, 55, 56, 57, 58, 59]
        .map((minute) => `2025-12-31T23:${minute}:00.000Z`)
        .concat('2026-01-01T00:00:00.000Z'),
    );
  });

  test('every local day has exactly one due time, in every zone, at every time, and from every starting point', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Africa/Casablanca',
      'America/Sao_Paulo',
      'Asia/Kolkata',
      'UTC',
    ];
    const minute = fc.integer({ min: 0, max: 59 });
    const hour = fc.integer({ min: 0, max: 23 });
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        minute,
        hour,
        fc.integer({ min: 0, max: 364 }),
        hour,
        (timezone, m, h, day, from) => {
          const times = { cron: `${m} ${h} * * *`, timezone };
          const start = new Date(Date.UTC(2026, 0, 1 + day, from));
          const until = new Date(start.getTime() + 10 * 86_400_000);
          const walked: string[] = [];
          for (let due = nextDue(times, start); due <= until; due = nextDue(times, due)) walked.push(due.toISOString());
          const days = walked.map((due) =>
            new Intl.DateTimeFormat('en-CA', { timeZone: timezone }).format(new Date(due)),
          );
          expect(new Set(days).size).toBe(days.length);
          expect(days.length).toBeGreaterThanOrEqual(9);
          // A search from any instant finds the same due times as walking from one to the next.
          for (let look = start.getTime(); look < until.getTime() - 86_400_000 * 2; look += 17 * 60_000 * 13) {
            expect(walked).toContain(nextDue(times, new Date(look)).toISOString());
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('settings', () => {
  test.each([
    ['0 2 * * *', 'UTC'],
    ['*/15 1-5 * * 1,3', 'Europe/Berlin'],
    ['0 2 * * *', 'Asia/Kolkata'],
    ['0 2 * * *', 'America/New_York'],
  ])('%s in %s is taken', (cron, timezone) => {
    expect(() => checkTimes({ cron, timezone })).not.toThrow();
  });

  test.each([
    ['', 'UTC'],
    ['61 2 * * *', 'UTC'],
    ['0 0 2 * * *', 'UTC'],
    ['0 2 30 2 *', 'UTC'],
    ['at night', 'UTC'],
    ['0 2 * * *', 'Europe/Berlln'],
    ['0 2 * * *', ''],
    ['0 2 * * *', 'Australia/Lord_Howe'],
    ['0 2 * * *', 'Antarctica/Troll'],
  ])('%s in %s is refused with exit code 2', (cron, timezone) => {
    expect(() => checkTimes({ cron, timezone })).toThrow(LobbieSyncError);
    expect(() => checkTimes({ cron, timezone })).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
