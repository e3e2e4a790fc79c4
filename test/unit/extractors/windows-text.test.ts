import { expect, test } from 'vitest';
import { tileWindows, windowLabel } from '../../../src/extractors/windows.ts';

test('windows are cut evenly, overlap by a second on each side, and are written without fractions of a second', () => {
  expect(tileWindows(new Date('2024-01-01T00:00:00.500Z'), new Date('2024-01-05T00:00:00.500Z'), 4)).toEqual([
    { from: null, to: '2024-01-02T00:00:01Z' },
    { from: '2024-01-01T23:59:59Z', to: '2024-01-03T00:00:01Z' },
    { from: '2024-01-02T23:59:59Z', to: '2024-01-04T00:00:01Z' },
    { from: '2024-01-03T23:59:59Z', to: null },
  ]);
});

test('a range that is empty or turned round is one window over all of time', () => {
  const [earlier, later] = [new Date('2024-01-01'), new Date('2024-02-01')];
  for (const windows of [tileWindows(later, earlier, 3), tileWindows(earlier, earlier, 3)]) {
    expect(windows).toEqual([{ from: null, to: null }]);
  }
});

test('a label shows both bounds, and an open one as nothing', () => {
  const [from, to] = ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'];
  expect(windowLabel({ from, to })).toBe(`${from}..${to}`);
  expect(windowLabel({ from: null, to })).toBe(`..${to}`);
  expect(windowLabel({ from, to: null })).toBe(`${from}..`);
});
