import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStored } from '../../../src/state/rejects.ts';
import { runLockKey } from '../../../src/state/runs.ts';

test('every run has a lock of its own, within 64 bits and with the same upper half', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), (id) => {
      const key = BigInt(runLockKey(String(id)));
      expect(key >> 32n).toBe(0x6c6f6262n);
      expect(key & 0xffffffffn).toBe(BigInt(id));
      expect(key).toBeLessThan(2n ** 63n);
    }),
  );
});

test('a rejected record is read back from both forms it is kept in', () => {
  expect(parseStored({ id: 1 })).toEqual({ id: 1 });
  expect(parseStored('{"note":"a\\u0000"}')).toEqual({ note: 'a\0' });
});
