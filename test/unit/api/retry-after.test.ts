import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../src/api/retry-after.ts';

const now = new Date('2025-01-10T00:00:00Z');
const WEEK_MS = 7 * 24 * 3_600_000;

describe('parseRetryAfter', () => {
  it('reads seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: WEEK_MS / 1000 }), (seconds) => {
        expect(parseRetryAfter(String(seconds), now)).toBe(seconds * 1000);
      }),
    );
    expect(parseRetryAfter(' 1.5 ', now)).toBe(1500);
  });

  it('reads HTTP dates against the clock', () => {
    fc.assert(
      fc.property(fc.integer({ min: -WEEK_MS / 1000, max: WEEK_MS / 1000 }), (seconds) => {
        const header = new Date(now.getTime() + seconds * 1000).toUTCString();
        expect(parseRetryAfter(header, now)).toBe(Math.max(seconds, 0) * 1000);
      }),
    );
  });

  it('gives nothing or a sane number for any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseRetryAfter(text, now);
        expect(ms === undefined || (ms >= 0 && ms <= WEEK_MS)).toBe(true);
      }),
    );
  });

  it.each([null, undefined, '', 'soon', '-5', '3 apples', 'Fri, 99 Foo 2025 00:00:00 GMT'])('ignores %j', (text) => {
    expect(parseRetryAfter(text, now)).toBeUndefined();
  });

  it('cuts absurd waits to a week', () => {
    expect(parseRetryAfter('99999999999', now)).toBe(WEEK_MS);
    expect(parseRetryAfter('Fri, 10 Jan 2125 00:00:00 GMT', now)).toBe(WEEK_MS);
  });
});
