import { describe, expect, it } from 'vitest';
import { ClockSkew, skewOf } from '../../../src/api/skew.ts';

const at = Date.parse('2026-03-01T12:00:00Z');
const header = (ms: number, age: string | null = null) => ({ date: new Date(ms).toUTCString(), age });

describe('skewOf', () => {
  it('is nothing while the date fits between sending and receiving', () => {
    expect(skewOf(header(at), at - 200, at + 200)).toBe(0);
    // The header has whole seconds: the answer may be 999 ms younger than it says.
    expect(skewOf(header(at), at + 900, at + 950)).toBe(0);
    expect(skewOf(header(at), at - 60_000, at)).toBe(0);
  });

  it('is the least difference otherwise, ahead or behind', () => {
    expect(skewOf(header(at + 600_000), at, at + 1000)).toBe(599_000);
    expect(skewOf(header(at - 600_000), at, at + 1000)).toBe(-599_000);
  });

  it('says nothing for a cached answer, a header that is missing, and one that is no date', () => {
    expect(skewOf(header(at, '120'), at + 120_000, at + 120_100)).toBeUndefined();
    expect(skewOf({ date: null, age: null }, at, at)).toBeUndefined();
    for (const date of ['tomorrow', '-5', '2026-03-01T12:00:00Z', '']) {
      expect(skewOf({ date, age: null }, at, at)).toBeUndefined();
    }
  });
});

describe('ClockSkew', () => {
  it('is not moved by one odd answer', () => {
    const skew = new ClockSkew();
    expect(skew.ms).toBeUndefined();
    skew.note(undefined);
    for (const sample of [0, 0, 86_400_000]) skew.note(sample);
    expect(skew.ms).toBe(0);
    for (const sample of [900_000, 900_000, 900_000]) skew.note(sample);
    expect(skew.ms).toBe(900_000);
  });
});
