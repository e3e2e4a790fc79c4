import { once } from 'node:events';
import fc from 'fast-check';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseJson } from '../../src/api/json.ts';
import {
  asBoolean,
  asDate,
  asInstant,
  asJson,
  asNumeric,
  asText,
  type Conversion,
  integerBetween,
} from '../../src/extractors/values.ts';
import { copyValue } from '../../src/loaders/copy-text.ts';
import { useTestDatabase } from '../support/database.ts';

/**
 * Whatever the conversions accept, Postgres accepts, and reads it with the same meaning. Values are made by the thousand
 * and sent in one COPY, as the loader does.
 */
const database = useTestDatabase();
let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({
    connectionString: database.url,
    options: '-c timezone=UTC -c datestyle=ISO,YMD',
    types: { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig,
  });
  await client.connect();
});
afterAll(() => client.end());

/** What Postgres makes of the texts, in order. */
async function roundTrip(type: string, values: readonly (string | null)[]): Promise<(string | null)[]> {
  await client.query(`CREATE TEMPORARY TABLE trip (n integer, v ${type})`);
  try {
    const stream = client.query(copyFrom('COPY trip (n, v) FROM STDIN'));
    stream.end(values.map((value, index) => `${index}\t${copyValue(value)}\n`).join(''));
    await once(stream, 'finish');
    const { rows } = await client.query<{ v: string | null }>('SELECT v FROM trip ORDER BY n');
    return rows.map(({ v }) => v);
  } finally {
    await client.query('DROP TABLE trip');
  }
}

/** Inputs that a conversion accepts, with the text it makes of them. */
function accepted<T>(convert: Conversion, inputs: fc.Arbitrary<T>, count = 2000): { input: T; text: string }[] {
  return fc.sample(inputs, count).flatMap((input) => {
    const text = convert(input);
    return typeof text === 'string' ? [{ input, text }] : [];
  });
}

const sent = (json: string): unknown => (parseJson(`[${json}]`) as unknown[])[0];

test('text: any string without NUL and half pairs comes back as it was', async () => {
  const inputs = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('\\', '\n', '\r', '\t', '\b', '\f', '\v', 'N', '.', '\u0001', '😀', '"', "'") }),
  );
  const cases = accepted(asText, inputs);
  expect(cases.length).toBeGreaterThan(1000);
  expect(
    await roundTrip(
      'text',
      cases.map(({ text }) => text),
    ),
  ).toEqual(cases.map(({ input }) => input));
});

test('null is null, and the text of a null is text', async () => {
  expect(await roundTrip('text', [null, '\\N', '', 'null', '\\.'])).toEqual([null, '\\N', '', 'null', '\\.']);
});

test('bigint and integer: the same number', async () => {
  const big = accepted(
    integerBetween(-(2n ** 63n), 2n ** 63n - 1n),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map((id) => sent(String(id))),
  );
  expect(big.length).toBeGreaterThan(500);
  const found = await roundTrip(
    'bigint',
    big.map(({ text }) => text),
  );
  expect(found).toEqual(big.map(({ text }) => String(BigInt(text))));
  const small = accepted(
    integerBetween(-(2n ** 31n), 2n ** 31n - 1n),
    fc.oneof(fc.integer(), fc.integer().map(String), fc.constantFrom('007', ' 5 ', '-0', -0, 2 ** 31 - 1, -(2 ** 31))),
  );
  expect(
    (
      await roundTrip(
        'integer',
        small.map(({ text }) => text),
      )
    ).map(Number),
  ).toEqual(small.map(({ input }) => Number(input) + 0));
});

test('numeric: the same number, to the last digit', async () => {
  const digits = fc.stringMatching(/^[0-9]{1,30}$/);
  const inputs = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.tuple(fc.constantFrom('', '-'), digits, digits).map(([sign, whole, rest]) => `${sign}${whole}.${rest}`),
    fc.tuple(digits, digits).map(([whole, rest]) => sent(`${BigInt(whole)}.${rest}`)),
    fc.tuple(digits, fc.integer({ min: -200, max: 200 })).map(([whole, power]) => `${whole}e${power}`),
    fc.constantFrom('.5', '5.', '+5', '+.5e-3', ' 7 '),
  );
  const cases = accepted(asNumeric, inputs);
  expect(cases.length).toBeGreaterThan(1500);
  const found = await roundTrip(
    'numeric',
    cases.map(({ text }) => text),
  );
  for (const [index, { input, text }] of cases.entries()) {
    if (typeof input === 'number') expect(Number(found[index])).toBe(input + 0);
    else if (!/e/i.test(text)) expect(plain(found[index] as string)).toBe(plain(text));
    else expect(Number(found[index])).toBe(Number(text));
  }
});

/** A decimal without sign of plus, needless zeros and points. */
function plain(text: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d*)\.?(\d*)$/.exec(text) ?? [];
  const kept = `${whole.replace(/^0+/, '') || '0'}.${fraction.replace(/0+$/, '')}`;
  return kept === '0.' ? '0.' : `${sign === '-' ? '-' : ''}${kept}`;
}

test('boolean', async () => {
  const inputs = [true, false, 'true', 'false'];
  expect(
    await roundTrip(
      'boolean',
      inputs.map((input) => asBoolean(input) as string),
    ),
  ).toEqual(['t', 'f', 't', 'f']);
});

const two = (most: number, least = 0) => fc.integer({ min: least, max: most }).map((n) => String(n).padStart(2, '0'));
const day = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), two(13), two(32))
  .map(([year, month, date]) => `${String(year).padStart(4, '0')}-${month}-${date}`);

test('date: the same day; days that do not exist are refused before they get here', async () => {
  const inputs = fc.oneof(
    day,
    day.map((text) => `${text}T00:00:00Z`),
    day.map((text) => ` ${text} `),
  );
  const cases = accepted(asDate, inputs, 3000);
  expect(cases.length).toBeGreaterThan(1000);
  const found = await roundTrip(
    'date',
    cases.map(({ text }) => text),
  );
  expect(found).toEqual(cases.map(({ input }) => input.trim().slice(0, 10)));
});

test('timestamptz: the same instant, to the microsecond', async () => {
  const clock = fc
    .tuple(two(24), two(60), fc.option(two(60), { nil: undefined }))
    .map(([hour, minute, second]) => `${hour}:${minute}${second === undefined ? '' : `:${second}`}`);
  const fraction = fc.option(fc.stringMatching(/^[0-9]{1,6}$/), { nil: undefined });
  const zone = fc.oneof(
    fc.constantFrom('', 'Z', 'z', ' Z'),
    fc.tuple(fc.constantFrom('+', '-'), two(16), two(60)).map(([sign, hour, minute]) => `${sign}${hour}:${minute}`),
    fc.tuple(fc.constantFrom('+', '-', ' +'), two(16)).map(([sign, hour]) => `${sign}${hour}`),
    fc.tuple(fc.constantFrom('+', '-'), two(16), two(60)).map(([sign, hour, minute]) => `${sign}${hour}${minute}`),
  );
  const inputs = fc
    .tuple(day, fc.constantFrom('T', ' '), clock, fraction, zone)
    .map(([date, between, time, part, offset]) =>
      part !== undefined && /:\d\d:/.test(time)
        ? `${date}${between}${time}.${part}${offset}`
        : `${date}${between}${time}${offset}`,
    );
  const cases = accepted(asInstant, fc.oneof(inputs, inputs, day), 4000);
  expect(cases.length).toBeGreaterThan(1000);
  const micros = await roundTrip(
    'timestamptz',
    cases.map(({ text }) => text),
  );
  const { rows } = await client.query<{ epoch: string }>(
    `SELECT (extract(epoch FROM v::timestamptz) * 1000000)::bigint::text AS epoch
     FROM unnest($1::text[]) WITH ORDINALITY AS x(v, n) ORDER BY n`,
    [micros],
  );
  expect(rows.map(({ epoch }) => epoch)).toEqual(cases.map(({ input }) => String(microseconds(input))));
});

/** Microseconds since 1970 of the forms made above, reckoned without the code under test. */
function microseconds(text: string): bigint {
  const [, year = '', month = '', date = '', hour = '0', minute = '0', second = '0', fraction = '', zone = ''] =
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.(\d+))?\s?(\S*))?$/.exec(text) ?? [];
  const utc = new Date(0);
  utc.setUTCFullYear(Number(year), Number(month) - 1, Number(date));
  utc.setUTCHours(Number(hour), Number(minute), Number(second));
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  return BigInt(utc.getTime() - offset * 60_000) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

describe('jsonb', () => {
  test('the same value, whatever it holds', async () => {
    const inputs = fc
      .oneof(
        fc.object({ withNullPrototype: false }),
        fc.array(fc.jsonValue()),
        fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      )
      .map((value) => JSON.parse(JSON.stringify(value)) as object);
    const cases = accepted(asJson, inputs, 800);
    expect(cases.length).toBeGreaterThan(500);
    const found = await roundTrip(
      'jsonb',
      cases.map(({ text }) => text),
    );
    for (const [index, { input }] of cases.entries()) expect(JSON.parse(found[index] as string)).toEqual(normal(input));
  });

  /** As Postgres keeps it: no minus before zero. */
  const normal = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (_key, each: unknown) => (each === 0 ? 0 : each));

  test('digits beyond a double are kept', async () => {
    const text = asJson(sent('{"id":9223372036854775807,"ratio":0.12345678901234567890}')) as string;
    const [found] = await roundTrip('jsonb', [text]);
    expect(found).toBe('{"id": 9223372036854775807, "ratio": 0.12345678901234567890}');
  });
});
