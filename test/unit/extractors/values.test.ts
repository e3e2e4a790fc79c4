import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../src/api/json.ts';
import {
  asBoolean,
  asDate,
  asInstant,
  asJson,
  asNumeric,
  asText,
  type Conversion,
  exactNumber,
  integerBetween,
  storableJson,
} from '../../../src/extractors/values.ts';

const asBigint = integerBetween(-(2n ** 63n), 2n ** 63n - 1n);
const asInteger = integerBetween(-(2n ** 31n), 2n ** 31n - 1n);
/** As the client parses it: numbers that a double can't hold keep their digits. */
const sent = (json: string): unknown => (parseJson(`[${json}]`) as unknown[])[0];
const OUT = { problem: 'is outside the years 1 to 9999', empty: true };
const NO = expect.objectContaining({ problem: expect.any(String) });

describe('integers', () => {
  test.each<[unknown, unknown]>([
    [0, '0'],
    [-0, '0'],
    [42, '42'],
    [1.0, '1'],
    ['42', '42'],
    [' 42 ', '42'],
    ['007', '7'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['9223372036854775807', '9223372036854775807'],
    ['9223372036854775808', NO],
    ['99999999999999999999', NO],
    [sent('9223372036854775807'), '9223372036854775807'],
    [sent('9223372036854775808'), NO],
    [sent('9007199254740993'), '9007199254740993'],
    [2 ** 53, NO],
    [1.5, NO],
    [Number.NaN, NO],
    [Number.POSITIVE_INFINITY, NO],
    ['', NO],
    ['1e3', NO],
    ['+1', NO],
    ['0x10', NO],
    ['١', NO],
    [true, NO],
    [[], NO],
    [{}, NO],
  ])('bigint of %j', (value, wanted) => {
    expect(asBigint(value)).toEqual(wanted);
  });

  test.each<[unknown, unknown]>([
    [2147483647, '2147483647'],
    [-2147483648, '-2147483648'],
    [2147483648, NO],
    ['-2147483649', NO],
  ])('integer of %j', (value, wanted) => {
    expect(asInteger(value)).toEqual(wanted);
  });

  test('every 64-bit integer survives, as a number and as text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id) => {
        expect(asBigint(sent(String(id)))).toBe(String(id));
        expect(asBigint(String(id))).toBe(String(id));
      }),
    );
  });
});

describe('decimals', () => {
  test.each<[unknown, unknown]>([
    [0.1, '0.1'],
    [1e21, '1e+21'],
    ['12.50', '12.50'],
    [' 12.50 ', '12.50'],
    ['.5', '.5'],
    ['5.', '5.'],
    [sent('0.1234567890123456789'), '0.1234567890123456789'],
    ['1e5', '1e5'],
    ['1e9999', NO],
    ['NaN', NO],
    ['Infinity', NO],
    [Number.NaN, NO],
    ['1,5', NO],
    ['$1', NO],
    ['.', NO],
    ['', NO],
    ['1'.repeat(1001), NO],
    [true, NO],
    [{}, NO],
  ])('numeric of %j', (value, wanted) => {
    expect(asNumeric(value)).toEqual(wanted);
  });
});

describe('text', () => {
  test.each<[unknown, unknown]>([
    ['', ''],
    ['  as it is  ', '  as it is  '],
    ['😀', '😀'],
    [5, '5'],
    [true, 'true'],
    [sent('12345678901234567890'), '12345678901234567890'],
    ['a\0b', NO],
    ['\ud83d', NO],
    [[], NO],
    [{}, NO],
  ])('text of %j', (value, wanted) => {
    expect(asText(value)).toEqual(wanted);
  });
});

test.each<[unknown, unknown]>([
  [true, 't'],
  ['true', 't'],
  [false, 'f'],
  ['false', 'f'],
  ['yes', NO],
  [1, NO],
  [0, NO],
  ['', NO],
])('boolean of %j', (value, wanted) => {
  expect(asBoolean(value)).toEqual(wanted);
});

describe('dates', () => {
  test.each<[unknown, unknown]>([
    ['2024-02-29', '2024-02-29'],
    [' 2024-02-29 ', '2024-02-29'],
    ['2024-02-29T00:00:00Z', '2024-02-29'],
    ['2024-02-29T00:00:00.000Z', '2024-02-29'],
    ['2024-02-29T00:00', '2024-02-29'],
    ['1990-05-15 00:00:00', '1990-05-15'],
    ['1990-05-15T00:00:00+00:00', '1990-05-15'],
    ['1990-05-15T00:00:00-05:00', '1990-05-15'],
    ['1990-05-15T00:00:00.0000000', '1990-05-15'],
    ['1990-05-15T05:00:00Z', NO],
    ['0000-00-00', OUT],
    ['0001-01-01', '0001-01-01'],
    ['9999-12-31', '9999-12-31'],
    ['1900-02-29', NO],
    ['2000-02-29', '2000-02-29'],
    ['0000-01-01', OUT],
    ['2024-13-01', NO],
    ['2024-00-10', NO],
    ['2024-04-31', NO],
    ['2024-2-9', NO],
    ['02/29/2024', NO],
    ['2024-02-29T10:00:00Z', NO],
    ['', NO],
    [20240229, NO],
    [null, NO],
  ])('date of %j', (value, wanted) => {
    expect(asDate(value)).toEqual(wanted);
  });
});

describe('instants', () => {
  test.each<[unknown, unknown]>([
    ['2025-01-10T14:30:00Z', '2025-01-10T14:30:00Z'],
    ['2025-01-10T14:30:00.123456Z', '2025-01-10T14:30:00.123456Z'],
    ['2025-01-10T14:30:00+05:30', '2025-01-10T09:00:00Z'],
    ['2025-01-10T14:30:00', '2025-01-10T14:30:00Z'],
    ['2025-01-10 14:30', '2025-01-10T14:30:00Z'],
    ['2025-01-10T14:30:00z', '2025-01-10T14:30:00Z'],
    ['2025-01-10T14:30:00,5Z', '2025-01-10T14:30:00.5Z'],
    ['2025-01-10T14:30:00-0800', '2025-01-10T22:30:00Z'],
    ['2025-01-10T14:30:00 +05', '2025-01-10T09:30:00Z'],
    ['2025-01-10', '2025-01-10T00:00:00Z'],
    ['2025-01-31T14:30:00Z', '2025-01-31T14:30:00Z'],
    // As Postgres prints one.
    ['2027-03-04 15:07:00+00', '2027-03-04T15:07:00Z'],
    ['2025-01-10T14:30:00.120Z', '2025-01-10T14:30:00.12Z'],
    ['2025-01-10T14:30:00.000Z', '2025-01-10T14:30:00Z'],
    // Cut, not rounded: the year 10000 is no year here.
    ['9999-12-31T23:59:59.9999999Z', '9999-12-31T23:59:59.999999Z'],
    ['0001-01-01T00:00:00', '0001-01-01T00:00:00Z'],
    ['0001-01-01T00:00:00+05:00', OUT],
    ['9999-12-31T23:59:59-01:00', OUT],
    ['0000-00-00 00:00:00', OUT],
    ['0004-02-29T00:00:00Z', '0004-02-29T00:00:00Z'],
    ['1900-02-29T00:00:00Z', NO],
    ['2025-02-29T14:30:00Z', NO],
    ['2025-02-30T14:30:00Z', NO],
    ['2025-01-10T24:00:00Z', NO],
    ['2025-01-10T14:60:00Z', NO],
    ['2025-01-10T14:30:60Z', NO],
    ['2025-01-10T14:30:00+16:00', NO],
    ['2025-01-10T14:30:00+05:60', NO],
    ['infinity', NO],
    ['now', NO],
    ['1736519400', NO],
    ['', NO],
    [1736519400000, NO],
    [true, NO],
  ])('instant of %j', (value, wanted) => {
    expect(asInstant(value)).toEqual(wanted);
  });
});

describe('JSON', () => {
  test('objects and arrays are kept, digits too', () => {
    expect(asJson(sent('{"a":[1,2.50],"id":9223372036854775807}'))).toBe('{"a":[1,2.5],"id":9223372036854775807}');
  });

  test.each<[unknown]>([['text'], [5], [true]])('%j is not one', (value) => {
    expect(asJson(value)).toEqual(NO);
  });

  test('what jsonb cannot hold is found however many backslashes stand before it', () => {
    expect(asJson({ a: '\0' })).toEqual(NO);
    expect(asJson({ '\0': 1 })).toEqual(NO);
    expect(asJson({ a: '\\\0' })).toEqual(NO);
    expect(asJson({ a: '\ud800' })).toEqual(NO);
    expect(asJson({ a: '\udc00x' })).toEqual(NO);
    // The text of an escape is no escape.
    expect(asJson({ a: '\\u0000' })).toBe('{"a":"\\\\u0000"}');
    expect(asJson({ a: '\\\\ud800' })).toBe('{"a":"\\\\\\\\ud800"}');
  });

  test('every string is refused exactly when it has a NUL or half of a pair', () => {
    const unit = fc.constantFrom('\\', 'u0000', 'ud800', '\0', '\ud83d', '\ude00', 'a', '"');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const storable = !text.includes('\0') && text.isWellFormed();
        expect(typeof storableJson(JSON.stringify([text])) === 'string').toBe(storable);
        expect(typeof asText(text) === 'string').toBe(storable);
      }),
    );
  });
});

const conversions: Readonly<Record<string, Conversion>> = {
  bigint: asBigint,
  integer: asInteger,
  text: asText,
  boolean: asBoolean,
  date: asDate,
  instant: asInstant,
  numeric: asNumeric,
  json: asJson,
};

test.each(Object.entries(conversions))('%s refuses without naming the value, and never throws', (_name, convert) => {
  const canary = 'Xq7canary';
  const shapes = fc.constantFrom<(text: string) => unknown>(
    (text) => text,
    (text) => [text],
    (text) => ({ [text]: text }),
    (text) => `2024-01-${text}`,
    (text) => `12${text}`,
    (text) => `${text}\0`,
    (text) => `${text}\ud800`,
  );
  fc.assert(
    fc.property(fc.string(), shapes, (noise, shape) => {
      const result = convert(shape(noise + canary));
      if (typeof result !== 'string') expect(result.problem).not.toContain(canary);
    }),
  );
  fc.assert(fc.property(fc.jsonValue(), (value) => void convert(value)));
});

test('a raw number differs from an object that looks like one', () => {
  expect(exactNumber(sent('12345678901234567890'))).toBe('12345678901234567890');
  expect(exactNumber({ rawJSON: '1' })).toBeUndefined();
  expect(exactNumber(1)).toBeUndefined();
  expect(exactNumber(null)).toBeUndefined();
});
