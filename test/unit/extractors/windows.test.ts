import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tileWindows, type Window, windowLabel, windowQuery } from '../../../src/extractors/windows.ts';

const names = { from: 'startDate', to: 'endDate' };
const FIRST = Date.parse('1900-01-01T00:00:00Z');
const LAST = Date.parse('2200-01-01T00:00:00Z');
const time = (least = '1950-01-01', most = '2150-01-01') =>
  fc.date({ min: new Date(least), max: new Date(most), noInvalidDate: true });

/** Whether an instant lies inside, even if the API leaves out both bounds themselves. */
function inside(window: Window, instant: number): boolean {
  const { startDate, endDate } = windowQuery(window, names);
  return Date.parse(startDate ?? '') < instant && instant < Date.parse(endDate ?? '');
}

describe('tiles', () => {
  test('cover all of time: every instant is strictly inside one of them', () => {
    const instant = fc.integer({ min: FIRST + 1, max: LAST - 1 });
    fc.assert(
      fc.property(time(), time(), fc.integer({ min: 1, max: 12 }), instant, (since, until, count, when) => {
        const windows = tileWindows(since, until, count);
        expect(windows.some((window) => inside(window, when))).toBe(true);
      }),
    );
  });

  test('cover their own bounds and what lies a moment beside them', () => {
    fc.assert(
      fc.property(time(), time(), fc.integer({ min: 1, max: 12 }), (since, until, count) => {
        const windows = tileWindows(since, until, count);
        for (const bound of windows.flatMap(({ from, to }) => [from, to])) {
          if (bound === null) continue;
          for (const step of [-1, 0, 1]) {
            const instant = Date.parse(bound) + step;
            expect(windows.some((window) => inside(window, instant))).toBe(true);
          }
        }
      }),
    );
  });

  test('are as many as requested, open at both ends of time', () => {
    const windows = tileWindows(new Date('2023-01-01'), new Date('2024-01-01'), 4);
    expect(windows).toHaveLength(4);
    expect(windows[0]?.from).toBeNull();
    expect(windows.at(-1)?.to).toBeNull();
    expect(windows.slice(1).every(({ from }) => from !== null)).toBe(true);
    expect(new Set(windows.map(windowLabel)).size).toBe(4);
  });

  test('of a range that is empty or turned are one over all of time', () => {
    const day = new Date('2024-01-01');
    for (const until of [day, new Date('2023-01-01')]) {
      expect(tileWindows(day, until, 5)).toEqual([{ from: null, to: null }]);
    }
    expect(tileWindows(new Date('2023-01-01'), day, 1)).toEqual([{ from: null, to: null }]);
  });
});

test('an open window is sent with bounds, because some APIs put a default where one is missing', () => {
  expect(windowQuery({ from: null, to: null }, names)).toEqual({
    startDate: '1900-01-01T00:00:00Z',
    endDate: '2200-01-01T00:00:00Z',
  });
  expect(
    windowQuery({ from: '2024-01-01T00:00:00Z', to: null }, { from: 'createdAfter', to: 'createdBefore' }),
  ).toEqual({ createdAfter: '2024-01-01T00:00:00Z', createdBefore: '2200-01-01T00:00:00Z' });
});
