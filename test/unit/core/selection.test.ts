import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { everything, selectionKey } from '../../../src/core/selection.ts';

describe('selectionKey', () => {
  test('everything has one key', () => {
    expect(selectionKey(everything)).toBe(selectionKey({ accounts: [], locations: [], resources: [] }));
  });

  test('does not depend on order or repetition', () => {
    const names = fc.array(fc.string(), { maxLength: 6 });
    fc.assert(
      fc.property(names, names, names, (accounts, locations, resources) => {
        const turned = {
          accounts: [...accounts].reverse().concat(accounts),
          locations: [...locations].reverse(),
          resources: [...resources].reverse().concat(resources),
        };
        expect(selectionKey(turned)).toBe(selectionKey({ accounts, locations, resources }));
      }),
    );
  });

  test('selections that look alike when joined have different keys', () => {
    const keys = [
      { accounts: ['1', '2'], locations: [], resources: [] },
      { accounts: ['1,2'], locations: [], resources: [] },
      { accounts: ['1'], locations: ['2'], resources: [] },
      { accounts: [], locations: ['1', '2'], resources: [] },
    ].map(selectionKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
