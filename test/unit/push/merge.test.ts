import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WRITABLE } from '../../../src/core/writable.ts';
import { bodyOf, mergeUpdate } from '../../../src/push/merge.ts';

const fields = WRITABLE.patients;
type Side = 'ours' | 'theirs' | 'ask';

function verdict(stored: unknown, wanted: unknown, now: unknown, policy: Side = 'ask', resolution = {}): string {
  const [merged] = mergeUpdate({
    fields,
    base: { firstName: stored },
    wanted: { firstName: wanted },
    now: { firstName: now },
    policy: () => policy,
    resolution,
  });
  return merged?.verdict ?? '';
}

test.each([
  ['only this side changed it', 'A', 'B', 'A', 'send'],
  ['Lobbie has it already', 'A', 'B', 'B', 'already'],
  ['only Lobbie changed it', 'A', 'A', 'C', 'theirs'],
  ['both changed it', 'A', 'B', 'C', 'conflict'],
  ['nobody changed it', 'A', 'A', 'A', 'already'],
  ['Lobbie cleared it', 'A', 'B', null, 'conflict'],
  ['it was empty before', null, 'B', null, 'send'],
  ['it is cleared here', 'A', null, 'A', 'send'],
])('%s', (_name, stored, wanted, now, expected) => {
  expect(verdict(stored, wanted, now)).toBe(expected);
});

test('a policy decides only about fields that both sides changed', () => {
  expect(verdict('A', 'B', 'C', 'ours')).toBe('send');
  expect(verdict('A', 'B', 'C', 'theirs')).toBe('theirs');
  expect(verdict('A', 'A', 'C', 'ours')).toBe('theirs');
  expect(verdict('A', 'B', 'A', 'theirs')).toBe('send');
});

test('a decision for theirs always holds; one for ours holds only for the values that the person saw', () => {
  expect(verdict('A', 'B', 'C', 'ours', { firstName: 'theirs' })).toBe('theirs');
  // The base is what was seen then; Lobbie has changed it again.
  expect(verdict('C', 'B', 'D', 'ask', { firstName: 'ours' })).toBe('conflict');
  expect(verdict('C', 'B', 'C', 'ask', { firstName: 'ours' })).toBe('send');
});

test('without a base no field counts as changed by Lobbie', () => {
  const [merged] = mergeUpdate({
    ...{ fields, base: null, wanted: { firstName: 'B' }, now: { firstName: 'C' }, resolution: {} },
    policy: () => 'ask',
  });
  expect(merged?.verdict).toBe('send');
});

test('a value that is neither the base nor the wanted one is never overwritten', () => {
  const value = fc.constantFrom('A', 'B', 'C', null);
  const record = fc.record({ firstName: value, lastName: value, gender: value });
  fc.assert(
    fc.property(record, record, record, (base, wanted, now) => {
      const merged = mergeUpdate({ fields, base, wanted, now, policy: () => 'ask', resolution: {} });
      expect(merged.map(({ field }) => field)).toEqual(Object.keys(wanted));
      for (const [name, sent] of Object.entries(bodyOf(merged))) {
        const field = name as keyof typeof base;
        expect(now[field]).toBe(base[field]);
        expect(sent).toBe(wanted[field]);
        expect(sent).not.toBe(now[field]);
      }
      // Nothing is forgotten: what is wanted and not there is sent, a conflict, or left to Lobbie's own change.
      for (const { field, verdict: said } of merged) {
        const name = field as keyof typeof base;
        if (wanted[name] !== base[name] && wanted[name] !== now[name]) expect(['send', 'conflict']).toContain(said);
      }
    }),
  );
});
