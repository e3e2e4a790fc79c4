import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../../src/api/retry-after.ts';

const now = new Date('2025-01-10T00:00:00Z');

test.each<[string, number | undefined]>([
  ['120', 120_000],
  ['12.25', 12_250],
  ['0.0001', 1],
  // Instants since 1970: seconds and milliseconds; 1736467200 is `now`.
  ['1736467260', 60_000],
  ['1736467260000', 60_000],
  ['1736467140', 0],
  ['1000000000', 0],
  ['999999999', 604_800_000],
  ['1000000000000', 0],
  // ISO 8601 is no form of the RFC; APIs send it all the same.
  ['2025-01-10T00:01:00Z', 60_000],
  ['2025-01-10T00:00:00.250Z', 250],
  ['2025-01-09T00:00:00Z', 0],
  ['Fri, 10 Jan 2025 00:02:00 GMT', 120_000],
  ['Fri Jan 10 00:00:30 2025 GMT', 30_000],
  ['10 Jan 2025 00:10:00 GMT', 600_000],
  // Date.parse takes all of these for instants.
  ['2025-01-11', undefined],
  ['x 2025-01-11T00:00:00Z', undefined],
  ['11 Jan 2025', undefined],
  ['1/11/2025 10:00', undefined],
  ['12.', undefined],
  ['1.5.2025', undefined],
  ['5 s', undefined],
  ['   ', undefined],
])('%j asks to wait %s', (header, wait) => {
  expect(parseRetryAfter(header, now)).toBe(wait);
});
