import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalDecimal, parseJson, rawNumberText, stringifyJson } from '../../../src/api/json.ts';

/** The text of any JSON number. */
const numberText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), fc.bigInt({ min: 1n, max: 10n ** 25n }).map(String)),
    fc.option(fc.stringMatching(/^\d{1,25}$/)),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-'), fc.integer({ min: 0, max: 400 }))),
  )
  .map(([sign, whole, fraction, exponent]) => {
    const decimals = fraction === null ? '' : `.${fraction}`;
    return `${sign}${whole}${decimals}${exponent === null ? '' : exponent.join('')}`;
  });

/** The numbers of a JSON text, in order; strings in these tests hold no digits. */
const numbersOf = (text: string): string[] =>
  [...text.matchAll(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g)].map(([match]) => canonicalDecimal(match));

describe('parseJson', () => {
  it('keeps the value of every number through parse and stringify', () => {
    fc.assert(
      fc.property(fc.array(numberText, { minLength: 1, maxLength: 6 }), (numbers) => {
        const text = `{"list":[${numbers.join(', ')}],"nested":{"value":${numbers[0]}}}`;
        expect(numbersOf(JSON.stringify(parseJson(text)))).toEqual(numbersOf(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives exactly what JSON.parse gives where nothing can be lost', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
    );
    expect(parseJson('{"id":9007199254740991,"cents":12.50,"phone":"14155551234"}')).toEqual({
      id: Number.MAX_SAFE_INTEGER,
      cents: 12.5,
      phone: '14155551234',
    });
  });

  it.each(['9007199254740993', '9007199254740992', '9223372036854775807', '1e400', '0.12345678901234567891'])(
    'keeps %s as text',
    (text) => {
      const { id } = parseJson(`{"id":${text}}`) as { id: unknown };
      expect(rawNumberText(id)).toBe(text);
      expect(stringifyJson({ id })).toBe(`{"id":${text}}`);
    },
  );

  it('refuses what is not JSON', () => {
    expect(() => parseJson('<html>')).toThrow(SyntaxError);
    expect(() => parseJson('{"id":1234567890123456789')).toThrow(SyntaxError);
  });
});

describe('stringifyJson', () => {
  it('writes bigint as a number and dates as ISO 8601', () => {
    expect(stringifyJson({ id: 9223372036854775807n, at: new Date(0) })).toBe(
      '{"id":9223372036854775807,"at":"1970-01-01T00:00:00.000Z"}',
    );
    expect(stringifyJson(undefined)).toBeUndefined();
    expect(rawNumberText(5)).toBeUndefined();
  });
});

describe('a value that is nested very deep', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

  it('does not take its page along, with a long number beside it', () => {
    const text = `{"rows":[{"id":1,"a":${deep(50_000)}},{"id":9007199254740993,"b":"]\\"["}],"nextCursor":null}`;
    expect(() => parseJson(text)).toThrow(RangeError);
    const page = parseJson(text, { cut: true }) as { rows: Record<string, unknown>[]; nextCursor: null };
    expect(page.nextCursor).toBeNull();
    expect(JSON.stringify(page.rows[0])).toContain('nested too deep');
    expect(rawNumberText(page.rows[1]?.['id'])).toBe('9007199254740993');
    expect(page.rows[1]?.['b']).toBe(']"[');
  });

  it('stays no JSON when it was none', () => {
    expect(() => parseJson(`{"id":9007199254740993,"a":${'['.repeat(50_000)}`, { cut: true })).toThrow();
  });
});
