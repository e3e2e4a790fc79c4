import { RawJson } from '../wire/json.ts';
import type { Picked } from './pick.ts';
import { perField, perRecord } from './pick.ts';
import type { Odd } from './types.ts';

/** Dates and instants in forms that servers are known to send. */
export const ODD_DATES = {
  empty: '',
  'space-and-midnight': '1990-05-15 00:00:00',
  'midnight-with-offset': '1990-05-15T00:00:00+00:00',
  'dotnet-max': '9999-12-31T23:59:59.9999999Z',
  'dotnet-min': '0001-01-01T00:00:00',
  'year-one-east': '0001-01-01T00:00:00+05:00',
  'year-zero': '0000-00-00',
  'year-ten-thousand': '+010000-01-01T00:00:00Z',
  'no-such-day': '2025-02-30',
  'leap-second': '2016-12-31T23:59:60Z',
  'hour-24': '2025-01-10T24:00:00Z',
  'nine-digits': '2025-01-10T14:30:00.123456789Z',
  'comma-fraction': '2025-01-10T14:30:00,5Z',
  'short-offset': '2025-01-10T14:30:00+00',
  'no-colon-offset': '2025-01-10T14:30:00-0500',
  'lower-case': '2025-01-10t14:30:00z',
  'no-seconds': '2025-01-10T14:30Z',
  'no-offset': '2025-01-10T14:30:00',
  american: '01/10/2025',
  rfc1123: 'Fri, 10 Jan 2025 14:30:00 GMT',
  'epoch-text': '1736519400000',
  blank: '   ',
  words: 'unknown',
} as const;

const ODD_TEXTS = {
  nul: 'a\u0000b',
  'lone-high-surrogate': 'a\ud83d',
  'lone-low-surrogate': '\ude00b',
  controls: 'a\u0001\u001f\u007f\u0085b',
  'right-to-left': 'a\u202eb\u2066',
  'zero-width': '\u200b',
  noncharacter: 'a\ufffeb\uffff',
  replacement: 'a\ufffdb',
  empty: '',
  decomposed: 'e\u0301',
} as const;

const ODD_NUMBERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  text: String,
  'beyond-2^53': () => new RawJson('9007199254740993'),
  'beyond-2^63': () => new RawJson('9223372036854775808'),
  exponent: (value) => new RawJson(`${String(value)}e0`),
  'with-point': (value) => new RawJson(`${String(value)}.0`),
  fraction: (value) => Number(value) + 0.5,
  huge: () => new RawJson('1e400'),
  negative: (value) => -Number(value),
  'minus-zero': () => new RawJson('-0'),
  boolean: () => true,
};

export type OddDate = keyof typeof ODD_DATES;
export type OddText = keyof typeof ODD_TEXTS;
export type OddNumber =
  | 'text'
  | 'beyond-2^53'
  | 'beyond-2^63'
  | 'exponent'
  | 'with-point'
  | 'fraction'
  | 'huge'
  | 'negative'
  | 'minus-zero'
  | 'boolean';

export const valueKinds = {
  /** A date or instant in an odd form. It is set where the record has none too. */
  'odd-date': ({ field, form, ...picked }: Picked & { field: string; form: OddDate }): Odd =>
    perRecord(picked, (record) => ({ ...record, [field]: ODD_DATES[form] })),

  /** A number as text, beyond what is exact, or written unusually. */
  'odd-number': ({ field, form, ...picked }: Picked & { field: string; form: OddNumber }): Odd =>
    perField(picked, field, (value) => ODD_NUMBERS[form]?.(value)),

  /** Signs that a database may not take. */
  'odd-text': ({ field, form, ...picked }: Picked & { field: string; form: OddText }): Odd =>
    perRecord(picked, (record) => ({ ...record, [field]: ODD_TEXTS[form] })),

  /** A field nested so deep that walking it by recursion ends the stack. */
  'deep-record': ({ depth = 5_000, field = 'extra', ...picked }: Picked & { depth?: number; field?: string }): Odd =>
    perRecord(picked, (record) => ({
      ...record,
      [field]: new RawJson(`${'{"d":'.repeat(depth)}1${'}'.repeat(depth)}`),
    })),

  /** A field of many bytes. */
  'huge-record': ({
    bytes = 5_000_000,
    field = 'extra',
    ...picked
  }: Picked & { bytes?: number; field?: string }): Odd =>
    perRecord(picked, (record) => ({ ...record, [field]: 'x'.repeat(bytes) })),

  /** Records that are something else: null, a text, a number. */
  'odd-record': ({ value, ...picked }: Picked & { value: unknown }): Odd => perRecord(picked, () => value),
};
