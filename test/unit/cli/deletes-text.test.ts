import { describe, expect, test } from 'vitest';
import { choicesOf, deleteCells, deletesSentence } from '../../../src/cli/deletes-text.ts';
import { UsageError } from '../../../src/cli/errors.ts';

describe('deletes', () => {
  test('groups say how many of how many rows, and since when', () => {
    const since = new Date('2026-01-15T02:00:00Z');
    const group = { accountId: '1001', locationId: '11', resource: 'labs', deletes: 3, rows: 1500, since };
    expect(deleteCells([group, { ...group, accountId: null, locationId: null, rows: null }])).toEqual([
      ['1001', '11', 'labs', '3', '1,500 (0.2 %)', '2026-01-15 02:00 UTC'],
      ['(token)', '-', 'labs', '3', '-', '2026-01-15 02:00 UTC'],
    ]);
  });

  test('the sentence above them', () => {
    expect([0, 1, 2].map((total) => deletesSentence('held', total))).toEqual([
      'no deletes wait for a person',
      '1 delete waits for a person',
      '2 deletes wait for a person',
    ]);
    expect(deletesSentence('applied', 0)).toBe('no rows are marked as deleted');
  });

  test('a choice is made in one way', () => {
    expect(choicesOf(['1', '2'], {})).toEqual([{ ids: ['1', '2'] }]);
    expect(choicesOf([], { all: true })).toEqual([{}]);
    expect(choicesOf([], { account: ['1'] })).toEqual([{ accountId: '1' }]);
    expect(choicesOf([], { account: ['1', '2'], resource: ['labs', 'forms'] })).toEqual([
      { accountId: '1', resource: 'labs' },
      { accountId: '1', resource: 'forms' },
      { accountId: '2', resource: 'labs' },
      { accountId: '2', resource: 'forms' },
    ]);
    expect(() => choicesOf([], {})).toThrow(UsageError);
    expect(() => choicesOf(['1'], { all: true })).toThrow(UsageError);
    expect(() => choicesOf([], { resource: ['labs'], all: true })).toThrow(UsageError);
  });
});
