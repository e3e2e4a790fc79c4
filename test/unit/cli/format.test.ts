import { describe, expect, test } from 'vitest';
import { age, count, duration, instant, pairs, plural, table } from '../../../src/cli/format.ts';
import { toJson } from '../../../src/cli/output.ts';

describe('format', () => {
  test.each([
    [0, '0 ms'],
    [850, '850 ms'],
    [12_000, '12 s'],
    [59_600, '1 min'],
    [185_000, '3 min 5 s'],
    [7_440_000, '2 h 4 min'],
    [273_600_000, '3 d 4 h'],
    [Number.POSITIVE_INFINITY, '-'],
  ])('duration of %d ms', (ms, text) => expect(duration(ms)).toBe(text));

  test('counts take what Postgres gives for bigint', () => {
    expect(count('12345678901234567')).toBe('12,345,678,901,234,567');
    expect(count(0)).toBe('0');
    expect(count(null)).toBe('-');
    expect(plural(1, 'list')).toBe('1 list');
    expect(plural(2, 'list was', 'lists were')).toBe('2 lists were');
  });

  test('age is in its largest unit', () => {
    const now = new Date('2026-01-15T12:00:00Z');
    const ago = (minutes: number) => age(new Date(now.getTime() - minutes * 60_000), now);
    expect([ago(0), ago(1), ago(119), ago(120), ago(47 * 60), ago(48 * 60)]).toEqual([
      'less than a minute',
      '1 minute',
      '119 minutes',
      '2 hours',
      '47 hours',
      '2 days',
    ]);
    expect(instant(now)).toBe('2026-01-15 12:00 UTC');
  });

  test('tables have no lines and end without blanks', () => {
    const text = table(
      [
        ['staff', '25'],
        ['patients', '1,500'],
      ],
      { head: ['resource', 'rows'], right: [1] },
    );
    expect(text.split('\n')).toEqual(['  resource   rows', '  staff        25', '  patients  1,500']);
    expect(
      pairs([
        ['id', '1'],
        ['runId', '2'],
      ]),
    ).toBe('  id     1\n  runId  2');
  });

  test('JSON takes bigint and dates', () => {
    expect(JSON.parse(toJson({ id: 9007199254740993n, at: new Date(0), none: undefined }))).toEqual({
      id: '9007199254740993',
      at: '1970-01-01T00:00:00.000Z',
    });
  });
});
