import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/cli/errors.ts';
import { targetOf } from '../../../src/cli/run-command.ts';
import { fromDate, stretchOf, toDate } from '../../../src/cli/window.ts';

describe('--from and --to', () => {
  test('a day counts whole, in UTC', () => {
    expect([fromDate('2026-01-31'), toDate('2026-01-31')]).toEqual(['2026-01-31T00:00:00Z', '2026-02-01T00:00:00Z']);
    expect(toDate('2024-02-29')).toBe('2024-03-01T00:00:00Z');
  });

  test('an instant keeps its meaning, to whole seconds outwards', () => {
    expect(fromDate('2026-01-31T10:00:00+02:00')).toBe('2026-01-31T08:00:00Z');
    expect(fromDate('2026-01-31T10:00:00.400Z')).toBe('2026-01-31T10:00:00Z');
    expect(toDate('2026-01-31T10:00:00.400Z')).toBe('2026-01-31T10:00:01Z');
    expect(toDate('2026-01-31T10:00:00Z')).toBe('2026-01-31T10:00:00Z');
  });

  test.each(['2026-02-30', '2026-1-1', '31.01.2026', '2026-01-31T10:00:00', '2026-01-31T25:00:00Z', 'yesterday', ''])(
    '%j is refused',
    (value) => {
      expect(() => fromDate(value)).toThrow(InvalidArgumentError);
      expect(() => toDate(value)).toThrow(InvalidArgumentError);
    },
  );

  test('either may be missing; the end lies after the beginning', () => {
    expect(stretchOf(undefined, undefined)).toBeUndefined();
    expect(stretchOf(fromDate('2026-01-01'), undefined)).toEqual({ from: '2026-01-01T00:00:00Z', to: null });
    expect(stretchOf(undefined, toDate('2026-01-01'))).toEqual({ from: null, to: '2026-01-02T00:00:00Z' });
    expect(stretchOf(fromDate('2026-01-01'), toDate('2026-01-01'))).toBeDefined();
    expect(() => stretchOf(fromDate('2026-01-02'), toDate('2026-01-01'))).toThrow(UsageError);
  });
});

describe('what a backfill is narrowed to', () => {
  const catalogue = [
    { name: 'labs', byDate: true },
    { name: 'staff', byDate: false },
  ];
  const selection = (...resources: string[]) => ({ accounts: [], locations: [], resources });
  const target = (options: Parameters<typeof targetOf>[0], ...resources: string[]) =>
    targetOf(options, selection(...resources), catalogue);

  test('nothing, a stretch of time, or patients', () => {
    expect(target({})).toBeUndefined();
    expect(target({ restart: true })).toBeUndefined();
    expect(target({ patient: ['7', '8'] }, 'staff')).toEqual({ patients: ['7', '8'] });
    expect(target({ from: '2026-01-01T00:00:00Z' }, 'labs')).toEqual({
      window: { from: '2026-01-01T00:00:00Z', to: null },
      patients: [],
    });
  });

  test('what does not go together is refused', () => {
    expect(() => target({ from: '2026-01-01T00:00:00Z', patient: ['7'] })).toThrow('not both');
    expect(() => target({ patient: ['7'], restart: true })).toThrow('--restart');
    expect(() => target({ to: '2026-01-01T00:00:00Z' }, 'labs', 'staff')).toThrow("staff can't be read by date");
  });
});
